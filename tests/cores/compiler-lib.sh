# shellcheck shell=bash
# To be sourced: the Go compiler, built from a toolchain's own sources, aborted at work.  Works in the
# current directory; needs a kernel that writes cores to files named core.

# compiler_build GO: ./compile, and what it is given: package go/types, with the export data of all
# that it needs.  GO is a toolchain's bin/go.
compiler_build() {
	export GOFLAGS=-mod=mod GO111MODULE=on GOTOOLCHAIN=local
	"$1" build -o ./compile cmd/compile
	goroot=$("$1" env GOROOT)
	mkdir probe
	printf 'module probe\n\ngo 1.15\n' >probe/go.mod
	printf 'package probe\n\nimport _ "go/types"\n' >probe/probe.go
	(cd probe && "$1" list -export -deps \
		-f '{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}' .) \
		>importcfg 2>list-errors
	mapfile -t sources < <("$1" list -f '{{range .GoFiles}}{{$.Dir}}/{{.}}
{{end}}' go/types | sed '/^$/d')
}

# compiler_abort SECONDS: ./core and ./traceback.txt of the compiler after so much time; false: it
# was done before.
compiler_abort() {
	local pid
	rm -f core core.*
	env -i GOTRACEBACK=crash GOROOT="$goroot" GOMAXPROCS=4 ./compile -p go/types -c 4 \
		-importcfg importcfg -o out.a "${sources[@]}" 2>traceback.txt &
	pid=$!
	sleep "$1"
	kill -ABRT "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	[ -f core ] || mv core.* core 2>/dev/null
}
