#!/usr/bin/env bash
# Racing programs, each aborted at a moment of its own: what their stacks explain must not be called
# damage.  Prints each error and warning, and whether a goroutine is inside a write of that map;
# fails where one is, and where the program held a lock, so that nothing is wrong.  By hand, not part of "make check": needs a toolchain, jq, and a kernel that
# writes cores to files named core.
#
#	tests/cores/racers.sh BUILDDIR GO [RUNS [SEED]]     GO is a toolchain's bin/go
#
# Cores that have errors or warnings are kept in the folder that $KEEP names, with the program.
set -eu

if [ $# -lt 2 ]; then
	echo "usage: racers.sh BUILDDIR GO [RUNS [SEED]]" >&2
	exit 64
fi
source=$(cd "$(dirname "$0")" && pwd)/racer.go
tool=$(cd "$1" && pwd)/hmapscope
go=$2
runs=${3:-200}
seed=${4:-1}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
ulimit -c unlimited
export GOFLAGS=-mod=mod GO111MODULE=on GOTOOLCHAIN=local

cd "$tmp"
cp "$source" .
"$go" build -o racer racer.go
"$go" version
cores=0 locked=0 raced=0 silent=0 explained=0 called=0

# Maps that a goroutine is inside a write of.
busy() {
	jq -r '.goroutines[].map_operation | select(. != null) |
		select(.kind == "write" or .kind == "delete" or .kind == "clear") |
		.map // empty' goroutines.json | sort -u
}

# look SEED: the findings of one core.
look() {
	"$tool" check --json ./racer core >check.json || [ $? -le 2 ]
	"$tool" goroutines --json ./racer core >goroutines.json || [ $? -le 2 ]
	cores=$((cores + 1))
	grep -q '^locked' err && locked=$((locked + 1))
	grep -q '^fatal error: concurrent map' err && raced=$((raced + 1))
	explained=$((explained + $(jq '[.findings[] | select(.severity == "info")] | length' check.json)))
	[ "$(jq '.findings | length' check.json)" = 0 ] && silent=$((silent + 1))
	local row map
	while IFS= read -r row; do
		map=${row%% *}
		if busy | grep -qx "$map"; then
			called=$((called + 1))
			echo "seed $1: CALLED DAMAGE THOUGH EXPLAINED: $row"
		elif grep -q '^locked' err; then
			called=$((called + 1))
			echo "seed $1: CALLED DAMAGE IN A SOUND PROGRAM: $row"
		else
			echo "seed $1: nobody inside the map: $row"
		fi
		[ -z "${KEEP-}" ] || cp core racer err "$(mkdir -p "$KEEP/$1" && echo "$KEEP/$1")"
	done < <(jq -r '.findings[] |
		select(.severity != "info" and .rule != "map.concurrent-write") |
		"\(.map) \(.severity) \(.rule) \(.message)"' check.json)
}

for ((i = seed; i < seed + runs; i++)); do
	rm -f core core.*
	# The shell says "Aborted" of each.
	{ env -i GOTRACEBACK=crash GOMAXPROCS=4 timeout 20 ./racer "$i" 2>err || true; } 2>noise
	[ -f core ] || mv core.* core 2>/dev/null || continue
	look "$i"
done
echo "$cores cores of $runs runs: $locked held a lock, $raced died of the race;" \
	"$silent without a finding, $explained findings explained;" \
	"$called called damage that is none"
[ "$cores" -gt 0 ] && [ "$called" -eq 0 ]
