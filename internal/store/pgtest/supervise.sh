# Keeps one PostgreSQL server for as long as standard input stays open, then
# stops it and removes its folder. Standard input is a pipe from the test
# binary: the kernel closes it however that process ends, kill -9 included.
#
# A server that was itself killed with SIGKILL is started again on its data, as
# a service manager would; one that ends in any other way stays ended.
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

# SIGQUIT is PostgreSQL's immediate shutdown: it asks nobody to finish first.
# Whoever comes second, this mark or a server that starts, meets the other.
{ cat <&3 >/dev/null; : >stopping; kill -QUIT "$(cat pid)"; } 2>/dev/null &

crashed=no tries=0
while :; do
	"$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= "$@" 3<&- &
	server=$!
	echo "$server" >pid
	[ -e stopping ] && kill -QUIT "$server" 2>/dev/null
	exec 3<&-
	wait "$server"
	ended=$?
	[ -e stopping ] && break
	# 137: killed. Its orphans may hold the data for a moment, and a new server
	# refuses to start meanwhile.
	if [ "$ended" -eq 137 ]; then
		crashed=yes tries=0
	elif [ "$crashed" = no ] || [ "$((tries += 1))" -gt 100 ]; then
		break
	else
		sleep 0.1
	fi
done
