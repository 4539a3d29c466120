#!/usr/bin/env bash
# Snapshots of real programs, taken by gdb's gcore while they work: the Go compiler, and pprof's web
# server, built from a toolchain's own sources.  By hand, not part of "make check": needs a
# toolchain, gdb, and some gigabytes in TMPDIR.
#
#	tests/cores/live-diff.sh BUILDDIR GO     GO is a toolchain's bin/go
set -eu

if [ $# -ne 2 ]; then
	echo "usage: live-diff.sh BUILDDIR GO" >&2
	exit 64
fi
build=$(cd "$1" && pwd)
go=$2
tmp=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$tmp"' EXIT
cd "$tmp"
export GOFLAGS=-mod=mod GO111MODULE=on GOTOOLCHAIN=local
goroot=$("$go" env GOROOT)
"$go" version

# snapshot NAME: a core of $pid, which goes on.
snapshot() {
	gcore -o "$1" "$pid" >gcore.log 2>&1 || { cat gcore.log; exit 1; }
	mv "$1.$pid" "$1.core"
}

# measured STATUS ARGUMENT...: the tool's time and memory, and the first lines of what it says.  What
# a checker does not understand of a program at work may make the answer incomplete (2).
measured() {
	local wanted=$1 seconds status rss own
	shift
	read -r seconds status rss own < <("$build/bench/measure" "$build/hmapscope" "$@" 2>/dev/null)
	echo "== hmapscope $*: $seconds s, peak RSS $((rss / 1024)) MB, its own $((own / 1024)) MB"
	[ "$status" = "$wanted" ] || [ "$status" = 2 ] || { echo "status is $status, not $wanted"; exit 1; }
	"$build/hmapscope" "$@" 2>&1 | head -n 24 | cut -c 1-160 || true
}

# all_of PROGRAM CORE...: two of them, all of them, saved ones, and one beside itself.
all_of() {
	local program=$1 name
	shift
	ls -l "$@"
	measured 1 diff "$program" "$1" "$2"
	measured 0 diff "$program" "$2" "$2"
	[ $# -eq 2 ] || measured 1 diff --series "$program" "$@"
	for name in "$1" "$2"; do
		"$build/hmapscope" list --json "$program" "$name" >"$name.json"
	done
	ls -l "$1.json"
	measured 1 diff "$1.json" "$2.json"
	rm -f "$@"
}

# ---- the compiler, while it compiles its own largest package ----

"$go" build -o compile cmd/compile
"$go" build -o pprof cmd/pprof
package=cmd/compile/internal/ssa
"$go" list -export -deps -f '{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}' "$package" \
	>importcfg 2>list-errors
mapfile -t sources < <("$go" list -f '{{range .GoFiles}}{{$.Dir}}/{{.}}
{{end}}' "$package" | sed '/^$/d')
env -i GOROOT="$goroot" GOMAXPROCS=2 ./compile -p "$package" -c 2 -importcfg importcfg -o out.a \
	-cpuprofile profile "${sources[@]}" &
pid=$!
sleep 3
for i in 1 2 3; do
	sleep 3
	snapshot "compile$i"
done
wait "$pid" || true
pid=
all_of compile compile1.core compile2.core compile3.core

# ---- a server ----

port=$((20000 + RANDOM % 10000))
env -i HOME="$tmp" PATH=/usr/bin:/bin ./pprof -no_browser -http="127.0.0.1:$port" compile profile >pprof.log 2>&1 &
pid=$!

# requests N: pages of the server.
requests() {
	local i page
	for ((i = 0; i < $1; i++)); do
		for page in / /top /flamegraph "/source?f=gc" "/peek?f=runtime"; do
			exec 3<>"/dev/tcp/127.0.0.1/$port" || { sleep 0.2; continue; }
			printf 'GET /ui%s HTTP/1.0\r\n\r\n' "$page" >&3
			cat <&3 >/dev/null
			exec 3>&-
		done
	done
}
for i in 1 2 3; do
	requests 4 2>/dev/null
	snapshot "pprof$i"
done
all_of pprof pprof1.core pprof2.core pprof3.core
