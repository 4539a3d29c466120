# shellcheck shell=bash
# To be sourced by tests that take the bundled programs through their code in gdb, instruction by
# instruction: they are skipped where that cannot be.  $tmp is removed at the end.
# shellcheck disable=SC2034 # for those that source this
{
	srcdir=${HMS_SRCDIR:-.}
	builddir=${HMS_BUILDDIR:-.}
}

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
