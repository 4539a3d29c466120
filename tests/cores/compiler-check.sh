#!/usr/bin/env bash
# Maps of a large program that is busy and healthy: the Go compiler, built from a toolchain's own
# sources, aborted while it compiles.  No rule may find an error or a warning in it.  Prints what
# was found and checked, a line a core.  By hand, not part of "make check": needs toolchains, and a
# kernel that writes cores to files named core.
#
#	tests/cores/compiler-check.sh BUILDDIR GO [RUNS]     GO is a toolchain's bin/go
#
# RSS is the peak of "check"; the core's own pages, mapped, are part of it.
set -eu

if [ $# -lt 2 ]; then
	echo "usage: compiler-check.sh BUILDDIR GO [RUNS]" >&2
	exit 64
fi
# shellcheck source=tests/cores/compiler-lib.sh
. "$(dirname "$0")/compiler-lib.sh"
tool=$(cd "$1" && pwd)/hmapscope
go=$2
runs=${3:-5}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
ulimit -c unlimited
done_runs=0 failed=0

# number FILE KEY: of the summary.
number() { sed -n "/^\"summary\"/s/.*\"$2\": \\([0-9]*\\).*/\\1/p" "$1"; }
# maps TEXT: maps of the list that say so.
maps() { grep -c "^{\"addr\".*$1" list.json || true; }

# run TIMEFILE COMMAND...: status 0 to 2 is an answer.
run() {
	local out=$1 status=0
	shift
	command time -o "$out" -f '%e %M' "$@" || status=$?
	[ "$status" -le 2 ]
}

cd "$tmp"
compiler_build "$go"
"$go" version
echo "core MB | maps global stack word scan untyped | entries hashed | errors warnings infos | s MB"
for ((i = 1; i <= runs; i++)); do
	compiler_abort "0.$((10 + i * 80 / runs))" || continue
	run time.list "$tool" list --json ./compile core >list.json
	run time.check "$tool" check --json ./compile core >check.json
	done_runs=$((done_runs + 1))
	read -r seconds rss < <(tail -n 1 time.check)
	printf '%s | %s %s %s %s %s %s | %s %s | %s %s %s | %s %s\n' \
		$(($(stat -c %s core) >> 20)) "$(number list.json maps)" \
		"$(maps '"found_by": "global"')" "$(maps '"found_by": "stack"')" \
		"$(maps '"found_by": "word"')" "$(maps '"found_by": "scan"')" \
		"$(maps '"type": null')" "$(number check.json entries)" \
		"$(number check.json keys_hashed)" "$(number check.json errors)" \
		"$(number check.json warnings)" "$(number check.json infos)" \
		"$seconds" $((rss >> 10))
	[ "$(number check.json errors)" = 0 ] && [ "$(number check.json warnings)" = 0 ] && continue
	failed=$((failed + 1))
	"$tool" check ./compile core | sed 's/^/# /' || true
done
echo "$failed of $done_runs cores have errors or warnings"
[ "$done_runs" -gt 0 ] && [ "$failed" -eq 0 ]
