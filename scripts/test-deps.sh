#!/usr/bin/env bash
# Installs the programs that the tests need where they are missing and it may:
# as root on Debian. Elsewhere it prints the command and fails.
set -euo pipefail

# Debian packages. For each, have_PACKAGE tells whether its programs are there.
packages=(postgresql chromium)

have_postgresql() {
	local bin
	for bin in /usr/lib/postgresql/*/bin; do
		[[ -x $bin/initdb && -x $bin/postgres ]] && return
	done
	command -v initdb >/dev/null && command -v postgres >/dev/null
}

have_chromium() {
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}

missing=()
for package in "${packages[@]}"; do
	"have_$package" || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

install="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
if [[ $(id -u) -ne 0 || ! -e /etc/debian_version ]] || ! command -v apt-get >/dev/null; then
	echo "The tests need programs that are not installed: ${missing[*]}" >&2
	echo "On Debian, as root: $install" >&2
	exit 1
fi

echo "installing what the tests need: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# Hundreds of lines that matter only when it fails.
if ! said=$({ apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } 2>&1); then
	echo "$said" >&2
	exit 1
fi
for package in "${missing[@]}"; do
	"have_$package" || { echo "installed $package, and its programs are still not found" >&2; exit 1; }
done
