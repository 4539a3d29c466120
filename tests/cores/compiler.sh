#!/usr/bin/env bash
# Stacks of a large program that is busy: the Go compiler, built from a toolchain's own sources,
# aborted while it compiles, its goroutines compared with what it printed.  By hand, not part of
# "make check": needs toolchains, and a kernel that writes cores to files named core.
#
#	tests/cores/compiler.sh BUILDDIR GO [RUNS]     GO is a toolchain's bin/go
set -eu

if [ $# -lt 2 ]; then
	echo "usage: compiler.sh BUILDDIR GO [RUNS]" >&2
	exit 64
fi
# shellcheck source=tests/cores/compiler-lib.sh
. "$(dirname "$0")/compiler-lib.sh"
build=$(cd "$1" && pwd)
go=$2
runs=${3:-5}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
ulimit -c unlimited
failed=0

cd "$tmp"
compiler_build "$go"
for ((i = 1; i <= runs; i++)); do
	compiler_abort "0.$((10 + i * 70 / runs))" || {
		echo "run $i: it was done before it could be aborted"
		continue
	}
	"$build/tests/cores/t_goroutines" ./compile core traceback.txt || failed=$((failed + 1))
done
"$go" version
echo "$failed of $runs runs differ"
[ "$failed" -eq 0 ]
