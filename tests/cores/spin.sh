#!/usr/bin/env bash
# Goroutines that go round for ever in a map, with others waiting for the lock that they hold: the
# report names the goroutine, its line, the lock and how many wait for it.  By hand, not part of
# "make check": needs a toolchain with classic maps (to Go 1.23, or GOEXPERIMENT=noswissmap), and a
# kernel that writes cores to files.
#
#	tests/cores/spin.sh BUILDDIR GO     GO is a toolchain's bin/go
set -eu

if [ $# -lt 2 ]; then
	echo "usage: spin.sh BUILDDIR GO" >&2
	exit 64
fi
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=corefiles/core-pattern.sh disable=SC1091
. "$here/../../corefiles/core-pattern.sh"
tool=$(cd "$1" && pwd)/hmapscope
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
ulimit -c unlimited
cp "$here/spin.go" "$tmp/main.go"
cd "$tmp"
printf 'module spin\n\ngo 1.15\n' >go.mod
env GOFLAGS=-mod=mod GOTOOLCHAIN=local CGO_ENABLED=0 "$2" build -trimpath -o spin .
touch -d '1 second ago' started
{ env GOTRACEBACK=crash ./spin >locks 2>traceback || true; } 2>/dev/null
core=$(find_core "$tmp" started)
status=0
# shellcheck disable=SC2094 # another file
"$tool" report ./spin "$core" >report || status=$?
sed -n '/^LOOKUP/,/^MAPS/p' report

failed=0
wanted() {
	grep -Eq "$1" report && return
	echo "not in the report: $1"
	failed=1
}
[ "$status" = 1 ] || failed=1
lock=$(sed -n 1p locks)
wanted '^LOOKUP WITHOUT END  main\.cache\.m  map\[int\]int  0x'
wanted 'spinning for ever  main\.\(\*index\)\.Lookup  .*main\.go:42  '
wanted "^  3 goroutines wait for the lock at $lock that goroutine"
lock=$(sed -n 2p locks)
wanted '^LOOKUP WITHOUT END  main\.table  map\[int\]int  0x'
wanted 'spinning for ever  main\.put  .*main\.go:48  '
wanted "^  2 goroutines wait for the lock at $lock that goroutine"
exit "$failed"
