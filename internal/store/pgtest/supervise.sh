# Keeps one PostgreSQL server for as long as standard input stays open, then
# stops it and removes its folder. Standard input is a pipe from the test
# binary: the kernel closes it however that process ends, kill -9 included.
#
# A server that was itself killed with SIGKILL is started again on its data, as
# a service manager would; one that ends in any other way stays ended.
#
# A standby begins as a copy of the server in PRIMARY, and follows it; otherwise
# PRIMARY is empty.
#
# usage: sh -c "$(cat supervise.sh)" sh BIN DIR PRIMARY [postgres options...]
set -u
bin=$1 dir=$2 primary=$3
shift 3
cd "$dir" || exit 1
trap 'cd /; rm -rf "$dir"' EXIT
exec 3<&0 </dev/null

if [ -n "$primary" ]; then
	"$bin/pg_basebackup" -D "$dir/data" -d "host=$primary user=postgres application_name=standby" -R -X stream -c fast --no-sync || exit 1
else
	# No --no-instructions: it came with PostgreSQL 15, and 13 still does the job.
	"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync || exit 1
fi

# SIGQUIT is PostgreSQL's immediate shutdown: it asks nobody to finish first. It
# is repeated, as a server that has only just started does not hear it yet.
{
	cat <&3
	: >stopping
	while kill -QUIT "$(cat pid)"; do sleep 0.05; done
} >/dev/null 2>&1 &
exec 3<&-

crashed=no tries=0
while :; do
	"$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= "$@" &
	server=$!
	echo "$server" >pid
	# Either the mark is seen here, or the pid by whoever made the mark.
	if [ -e stopping ]; then kill -KILL "$server"; fi
	wait "$server"
	ended=$?
	if [ -e stopping ]; then break; fi
	# 137: killed. Its orphans may hold the data for a moment, in which a new
	# server refuses to start.
	if [ "$ended" -eq 137 ]; then
		crashed=yes tries=0
	elif [ "$crashed" = no ] || [ "$((tries += 1))" -gt 100 ]; then
		break
	else
		sleep 0.1
	fi
done
