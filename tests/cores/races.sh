#!/usr/bin/env bash
# Races made afresh: the racing cases of corefiles/prog, run again and again.  Where the runtime
# prints that it found a race, the goroutine that died, its map and the line that called are those of
# its traceback, and nothing is said against another map.  Runs that end otherwise (a fault, a
# program that spins and is aborted after a while) are counted, with what is found in them.  By hand,
# not part of "make check": needs toolchains, and a kernel that writes cores to files.
#
#	tests/cores/races.sh BUILDDIR GO [RUNS]     GO is a toolchain's bin/go
set -eu

if [ $# -lt 2 ]; then
	echo "usage: races.sh BUILDDIR GO [RUNS]" >&2
	exit 64
fi
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=corefiles/core-pattern.sh
. "$here/../../corefiles/core-pattern.sh"
tool=$(cd "$1" && pwd)/hmapscope
compare=$(cd "$1" && pwd)/tests/cores/t_operations
go=$2
runs=${3:-200}
cases=(race race-read race-iterate race-delete race-grow)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
ulimit -c unlimited

build() {
	mkdir src
	cp "$here"/../../corefiles/prog/*.go src
	printf 'module app\n\ngo %s\n' "$("$go" version | sed 's/.*go\([0-9]*\.[0-9]*\).*/\1/')" \
		>src/go.mod
	(cd src && env GOFLAGS=-mod=mod GOTOOLCHAIN=local CGO_ENABLED=0 \
		"$go" build -trimpath -o ../app .)
}

# race CASE PROCESSORS: leaves traceback.txt, truth.json, and core where it dumped one.
race() {
	rm -f core traceback.txt truth.json
	touch -d '1 second ago' started
	{
		env -i GOTRACEBACK=crash GODEBUG=gcshrinkstackoff=1 GOMAXPROCS="$2" \
			timeout --foreground --signal=ABRT --kill-after=20 6 \
			./app "$1" truth.json >/dev/null 2>traceback.txt || true
	} 2>/dev/null
	local found
	found=$(find_core "$tmp" started 2>/dev/null) || return 0
	[ "$found" = "$tmp/core" ] || mv "$found" core
}

map_of() { sed -n '/"count":null/s/.*"addr":"\([^"]*\)".*/\1/p' truth.json; }
# against MAP: findings of other maps.
against() { grep '^{"rule"' report.json | grep -v '"severity": "info"' | grep -v "\"map\": \"$1\"" || true; }

fatal=0 other=0 quiet=0 bad=0 alone=0
complain() {
	bad=$((bad + 1))
	echo "run $i, $what: $1"
}

cd "$tmp"
build
"$go" version
for ((i = 1; i <= runs; i++)); do
	what=${cases[i % 5]}
	race "$what" $((2 + i % 3))
	if [ ! -f core ]; then
		quiet=$((quiet + 1))
		continue
	fi
	map=$(map_of)
	status=0
	"$tool" check --json app core >report.json 2>errors || status=$?
	[ "$status" -le 2 ] || complain "exit status $status: $(cat errors)"
	[ -z "$(against "$map")" ] || complain "another map is accused: $(against "$map")"
	if grep -q '^fatal error: .*concurrent map' traceback.txt; then
		fatal=$((fatal + 1))
		"$compare" app core traceback.txt truth.json >compared || complain "$(cat compared)"
		[ "$status" = 1 ] || complain "exit status $status"
		grep -q '"rule": "map.concurrent-write".*"seen": "1 ' report.json && alone=$((alone + 1))
	else
		other=$((other + 1))
		echo "run $i, $what: $(grep -m 1 . traceback.txt): exit status $status"
		grep '^{"rule"' report.json | sed 's/.*"message": "\([^"]*\)".*/    \1/' || true
	fi
done
echo "$runs runs: $fatal died of a race that the runtime found, of these $alone with the other" \
	"goroutine out of sight; $other ended otherwise; $quiet did not die"
echo "$bad complaints"
[ "$bad" -eq 0 ] && [ "$fatal" -gt 0 ]
