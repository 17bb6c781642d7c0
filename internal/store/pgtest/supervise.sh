# Keeps one PostgreSQL server for as long as standard input stays open, then
# stops it and removes its folder. Standard input is a pipe from the test
# binary: the kernel closes it however that process ends, kill -9 included.
#
# usage: sh -c "$(cat supervise.sh)" sh BIN DIR [postgres options...]
set -u
bin=$1 dir=$2
shift 2
cd "$dir" || exit 1
trap 'cd /; rm -rf "$dir"' EXIT
exec 3<&0 </dev/null

# No --no-instructions: it came with PostgreSQL 15, and 13 still does the job.
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync || exit 1

"$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= "$@" 3<&- &
server=$!

# SIGQUIT is PostgreSQL's immediate shutdown: it asks nobody to finish first.
{ cat <&3 >/dev/null; kill -QUIT "$server"; } 2>/dev/null &
exec 3<&-
wait "$server"
