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
build=$(cd "$1" && pwd)
go=$2
runs=${3:-5}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
ulimit -c unlimited

export GOFLAGS=-mod=mod GO111MODULE=on
"$go" build -o "$tmp/compile" cmd/compile
root=$("$go" env GOROOT)
failed=0

# What the compiler is given: package go/types, and an importcfg or package files of what it needs.
cd "$tmp"
mkdir probe && cd probe
printf 'module probe\n\ngo 1.15\n' >go.mod
printf 'package probe\n\nimport _ "go/types"\n' >probe.go
"$go" list -export -deps -f '{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}' . \
	>"$tmp/importcfg" 2>/dev/null
cd "$tmp"
mapfile -t files < <("$go" list -f '{{range .GoFiles}}{{$.Dir}}/{{.}}
{{end}}' go/types | sed '/^$/d')

for ((i = 1; i <= runs; i++)); do
	rm -f core core.*
	env -i GOTRACEBACK=crash GOROOT="$root" GOMAXPROCS=4 ./compile -p go/types -c 4 \
		-importcfg importcfg -o out.a "${files[@]}" 2>traceback.txt &
	pid=$!
	sleep "0.$((10 + i * 70 / runs))"
	kill -ABRT "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	[ -f core ] || mv core.* core 2>/dev/null || {
		echo "run $i: it was done before it could be aborted"
		continue
	}
	"$build/tests/cores/t_goroutines" ./compile core traceback.txt || failed=$((failed + 1))
done
"$go" version
echo "$failed of $runs runs differ"
[ "$failed" -eq 0 ]
