#!/usr/bin/env bash
# How far a write is, at each instruction of the runtime's map functions: gdb takes the bundled
# programs through them, and what hmapscope says of each pc is compared with the process's memory.
set -u

# shellcheck source=tests/cores/stepping.sh disable=SC1091
. "${HMS_SRCDIR:-.}/tests/cores/stepping.sh"
# The program under gdb.
native() {
	GOGC=off GOMAXPROCS=1 timeout 300 gdb -nx -batch -x "$tmp/script" --args "$exe" types "$tmp/truth"
}
# Another machine's: an emulator that waits for gdb.
emulated() {
	local socket=$tmp/socket
	GOGC=off GOMAXPROCS=1 timeout 300 qemu-aarch64 -g "$socket" "$exe" types "$tmp/truth" &
	for _ in {1..100}; do
		[ -S "$socket" ] && break
		sleep 0.1
	done
	timeout 300 gdb-multiarch -nx -batch -ex "target remote $socket" -x "$tmp/script" "$exe"
	local status=$?
	kill $! 2>/dev/null
	wait $! 2>/dev/null
	rm -f "$socket"
	return "$status"
}
# core_of RELEASE: any will do.
core_of() { printf '%s\n' "$srcdir/corefiles/$1"/*.core.zst | head -n 1; }

# Classic maps with arguments on the stack and in registers; Swiss maps.
set -- 1.15 1.21 1.27 1.21-arm64 1.27-arm64
echo "1..$#"
number=0
for release; do
	number=$((number + 1))
	exe=$builddir/corefiles/$release/exe
	core=$(core_of "$release")
	run=native
	if [ ! -x "$exe" ] || [ ! -e "$core" ]; then
		echo "ok $number - $release # SKIP it is not bundled"
		continue
	fi
	if [ "$release" != "${release%-arm64}" ]; then
		run=emulated
		if ! command -v gdb-multiarch >/dev/null || ! command -v qemu-aarch64 >/dev/null; then
			echo "ok $number - $release # SKIP gdb-multiarch or qemu-aarch64 is not installed"
			continue
		fi
	fi
	# Not the first calls, which the runtime makes as it starts: maps with something in them.
	"$builddir/tests/cores/steps" script "$exe" "$core" 40 >"$tmp/script"
	"$run" </dev/null >"$tmp/output" 2>"$tmp/errors"
	if [ $? -eq 124 ]; then
		echo "ok $number - $release # SKIP gdb needs too long on this machine"
		continue
	fi
	grep -E "^([STRE] |0x)" "$tmp/output" >"$tmp/trace"
	if "$builddir/tests/cores/steps" check "$exe" "$core" <"$tmp/trace"; then
		echo "ok $number - $release"
	else
		echo "not ok $number - $release"
		tail -n 3 "$tmp/errors" | sed 's/^/# /'
	fi
done
