#!/usr/bin/env bash
# What the callers of mapassign have stored of an element, at each instruction from its return on: gdb
# takes the bundled programs through them, and what hmapscope says of each pc is compared with the
# process's memory.
set -u

# shellcheck source=tests/cores/stepping.sh disable=SC1091
. "${HMS_SRCDIR:-.}/tests/cores/stepping.sh"
# Classic maps with arguments on the stack and in registers; Swiss maps.
set -- 1.15 1.21 1.27
echo "1..$(($# + 1))"
number=0

# trace ARGUMENT...: gdb takes $exe through its calls; false where that takes too long.
trace() {
	# A thread that is sent away while gdb steps it waits for threads that do not run.
	GODEBUG=asyncpreemptoff=1 GOGC=off GOMAXPROCS=1 timeout 300 gdb -nx -batch -x "$tmp/script" \
		--args "$exe" "$@" </dev/null >"$tmp/output" 2>"$tmp/errors"
	[ $? -ne 124 ] && grep -E '^[ST] ' "$tmp/output" >"$tmp/trace"
}

# compare NAME ARGUMENT...
compare() {
	local name=$1
	shift
	number=$((number + 1))
	"$builddir/tests/cores/element" script "$exe" "$core" >"$tmp/script"
	if ! trace "$@"; then
		echo "ok $number - $name # SKIP gdb needs too long on this machine"
	elif "$builddir/tests/cores/element" check "$exe" "$core" <"$tmp/trace"; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		tail -n 3 "$tmp/errors" | sed 's/^/# /'
	fi
}

for release; do
	exe=$builddir/corefiles/$release/exe
	core=$srcdir/corefiles/$release/race.core.zst
	if [ -x "$exe" ] && [ -e "$core" ]; then
		compare "$release" types "$tmp/truth"
	else
		number=$((number + 1))
		echo "ok $number - $release # SKIP it is not bundled"
	fi
done

# Statements of more kinds than the bundled programs have: calls between, copies, two at once.
exe=$tmp/element core=$tmp/core
if ! command -v go >/dev/null; then
	echo "ok $((number + 1)) - other statements # SKIP there is no Go toolchain to build a program with"
elif ! env HOME="$tmp" GOCACHE="$tmp/cache" GO111MODULE=off GOTOOLCHAIN=local \
	go build -o "$exe" "$srcdir/tests/cores/element.go" >"$tmp/errors" 2>&1; then
	echo "not ok $((number + 1)) - other statements"
	sed 's/^/# /' "$tmp/errors"
else
	gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'break main.main' -ex run \
		-ex "generate-core-file $core" "$exe" </dev/null >"$tmp/output" 2>&1
	compare "other statements"
fi
