# shellcheck shell=bash
# To be sourced by tests of a command line: what they share.  $exe and $cases are the program and the
# cores of Go 1.21; $tmp is removed at the end; $n counts the points.
export LC_ALL=C.UTF-8

# shellcheck disable=SC2034 # for those that source this
{
	tool=${HMAPSCOPE:-$HMS_BUILDDIR/hmapscope}
	exe=$HMS_BUILDDIR/corefiles/1.21/exe
	cases=$HMS_SRCDIR/corefiles/1.21
	schema=$HMS_SRCDIR/man/hmapscope-report.schema.json
}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

# holds TITLE COMMAND...
holds() {
	local title=$1 ok=ok
	shift
	"$@" || ok='not ok'
	n=$((n + 1))
	echo "$ok $n - $title"
}
