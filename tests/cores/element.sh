#!/usr/bin/env bash
# What the callers of mapassign have stored of an element, at each instruction from its return on: gdb
# takes the bundled programs through them, and what hmapscope says of each pc is compared with the
# process's memory.
set -u

srcdir=${HMS_SRCDIR:-.}
builddir=${HMS_BUILDDIR:-.}

skip() {
	echo "1..0 # SKIP $1"
	exit 0
}

[ "$(uname -m)" = x86_64 ] || skip "the bundled programs are for linux/amd64"
command -v gdb >/dev/null || skip "gdb is not installed"
gdb -nx -batch -ex starti -ex nexti --args "$(command -v true)" >/dev/null 2>&1 ||
	skip "gdb cannot run a process here"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# Classic maps with arguments on the stack and in registers; Swiss maps.
set -- 1.15 1.21 1.27
echo "1..$#"
number=0
for release; do
	number=$((number + 1))
	exe=$builddir/corefiles/$release/exe
	core=$srcdir/corefiles/$release/race.core.zst
	if [ ! -x "$exe" ] || [ ! -e "$core" ]; then
		echo "ok $number - $release # SKIP it is not bundled"
		continue
	fi
	"$builddir/tests/cores/element" script "$exe" "$core" >"$tmp/script"
	# A thread that is sent away while gdb steps it waits for threads that do not run.
	GODEBUG=asyncpreemptoff=1 GOGC=off GOMAXPROCS=1 timeout 300 gdb -nx -batch -x "$tmp/script" \
		--args "$exe" types "$tmp/truth" </dev/null >"$tmp/output" 2>"$tmp/errors"
	if [ $? -eq 124 ]; then
		echo "ok $number - $release # SKIP gdb needs too long on this machine"
		continue
	fi
	grep -E '^[ST] ' "$tmp/output" >"$tmp/trace"
	if "$builddir/tests/cores/element" check "$exe" "$core" <"$tmp/trace"; then
		echo "ok $number - $release"
	else
		echo "not ok $number - $release"
		tail -n 3 "$tmp/errors" | sed 's/^/# /'
	fi
done
