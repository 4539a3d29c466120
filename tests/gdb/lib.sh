# A real gdb with gdb/hmapscope.gdb and nothing else loaded. Sourced by the tests in this folder.
# shellcheck shell=bash
set -u
export LC_ALL=C.UTF-8

tool=${HMAPSCOPE:-$HMS_BUILDDIR/hmapscope}
commands=$HMS_SRCDIR/gdb/hmapscope.gdb
n=0

for needed in gdb zstd; do
	if ! command -v "$needed" >/dev/null; then
		echo "1..0 # SKIP $needed is not installed"
		exit 0
	fi
done
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit
export HOME=$tmp TMPDIR=$tmp
unset DEBUGINFOD_URLS

# holds TITLE COMMAND...
holds() {
	local title=$1 ok=ok
	shift
	: >out
	: >err
	"$@" || {
		ok='not ok'
		cat out err | cut -c 1-200 | tail -n 40 | sed 's/^/# /'
	}
	n=$((n + 1))
	echo "$ok $n - $title"
}
skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# ---- a session: begin, ask..., play; then what was answered -------------------------------------

# begin [GDB-ARGUMENT...]
begin() { session=("$@") questions=() program=$tool; }

# ask NAME COMMAND...: COMMANDs, and a name for what they print.
ask() {
	questions+=(-ex "echo \\n@@$1\\n")
	shift
	local command
	for command; do
		questions+=(-ex "$command")
	done
}

# Run it. A command that fails does not stop the next.
play() {
	local quoted=${program//\\/\\\\}
	quoted=${quoted//\"/\\\"}
	gdb -nx -q -batch -iex 'set auto-load no' -iex "set \$hmapscope = \"$quoted\"" \
		-iex "source $commands" "${session[@]}" "${questions[@]}" -ex 'echo \n@@end\n' \
		>all 2>&1 </dev/null
}

# answer NAME: what was printed under it is in out. A line that "echo" began is not part of it.
answer() {
	awk -v from="@@$1" '/^@@/ { on = $0 == from; seen += on; next } on
		END { exit seen != 1 }' all >section || return
	sed '$d' section >out
}
says() { grep -qF -- "$1" out; }
silent() { ! grep -qF -- "$1" out; }
# The error that ends a command, once.
failed() { [ "$(grep -c 'Undefined command: "hmapscope-failed"' out)" -eq 1 ]; }
# complains NAME TEXT: a sentence of the tool, and the error.
complains() { answer "$1" && failed && grep -F 'hmapscope: ' out | grep -qF -- "$2"; }
# same NAME ARGUMENT...: it is what the tool prints with these.
same() {
	local name=$1
	shift
	"$tool" "$@" >want 2>&1 </dev/null
	answer "$name" && [ -s want ] && diff want out >err
}

# ---- bundled cores ------------------------------------------------------------------------------

# open_core RELEASE CASE: sets exe and core; gdb cannot read them compressed.
# shellcheck disable=SC2034 # for those who source this
open_core() {
	exe=$HMS_BUILDDIR/corefiles/$1/exe core=$tmp/$1-$2.core
	[ -f "$HMS_SRCDIR/corefiles/$1/$2.core.zst" ] || return
	[ -f "$core" ] || zstd -dqf "$HMS_SRCDIR/corefiles/$1/$2.core.zst" -o "$core"
}

# truth FILE OWNER: the map's address, as its program noted it.
truth() {
	tr -d '\n' <"$1" | awk -v RS='{"owner":' -v owner="\"$2\"," 'index($0, owner) == 1' |
		grep -oE '"addr":"0x[0-9a-f]+"' | head -n 1 | grep -oE '0x[0-9a-f]+'
}
