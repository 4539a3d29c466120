# What the checks in this folder share: the tree they look at, and TAP. Sourced, not run.
# shellcheck shell=bash
set -euo pipefail
export LC_ALL=C

cd "${HMS_SRCDIR:-$(dirname "${BASH_SOURCE[0]}")/..}"
lint_n=0

# The files of the project whose names match one of the patterns, in order. Taken from the file
# system and not from git, so that a release's tarball is checked as well as a clone is; what
# the build leaves behind in the tree is passed over.
lint_files() {
	local name names=()
	for name; do
		names+=(-o -name "$name")
	done
	find . \( -path './build*' -o -path './_*' -o -path './hmapscope-*' -o -name .git -o \
		-name .deps -o -name autom4te.cache \) -prune -o \
		-type f \( "${names[@]:1}" \) ! -name '*.log' ! -name '*.trs' ! -name '*~' \
		! -path ./configure ! -path ./aclocal.m4 ! -path ./libtool ! -path ./Makefile \
		! -path ./Makefile.in ! -path './config.[hls]*' -print | sed 's|^\./||' | sort
}

# The C sources: of the program alone, and all of them.
lint_program() { lint_files '*.[ch]' '*.def' | grep -E '^(src|dwarf)/'; }
lint_sources() { lint_files '*.[ch]' '*.def' | grep -E '^(src|dwarf|tests|bench)/'; }

# Of the files named on standard input, the lines that match: FILE:LINE:TEXT. No match is a
# success; a pattern that grep does not take is not.
lint_grep() {
	# shellcheck disable=SC2016 # the inner shell expands them
	xargs -r -d '\n' sh -c 'grep -nHIE -e "$0" -- "$@"; [ $? -le 1 ]' "$1"
}

# lint_none TITLE COMMAND...: a test point that holds where COMMAND succeeds and prints nothing.
lint_none() {
	local title=$1 findings status=0
	shift
	findings=$("$@" 2>&1) || status=$?
	lint_n=$((lint_n + 1))
	if [ -z "$findings" ] && [ "$status" -eq 0 ]; then
		printf 'ok %d - %s\n' "$lint_n" "$title"
	else
		printf 'not ok %d - %s\n' "$lint_n" "$title"
		[ -z "$findings" ] || printf '%s\n' "$findings" | sed 's/^/# /'
		[ "$status" -eq 0 ] || printf '# the check itself ended with status %d\n' "$status"
	fi
}

lint_skip() {
	lint_n=$((lint_n + 1))
	printf 'ok %d - %s # SKIP %s\n' "$lint_n" "$1" "$2"
}

# Said, but nobody's failure.
lint_note() { [ -z "$1" ] || printf '%s\n' "$1" | sed 's/^/# /'; }

lint_done() { printf '1..%d\n' "$lint_n"; }

# The program that was built, as $program; where there is none the whole check is skipped.
lint_needs_program() {
	program=${HMS_BUILDDIR:-$PWD/build}/hmapscope
	[ -x "$program" ] || {
		printf '1..0 # SKIP hmapscope is not built\n'
		exit 0
	}
}

# Without this tool the whole check is skipped.
lint_needs() {
	command -v "$1" >/dev/null || {
		printf '1..0 # SKIP %s is not installed\n' "$1"
		exit 0
	}
}
