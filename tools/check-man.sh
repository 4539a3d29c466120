#!/usr/bin/env bash
# The manual pages: well-formed, and in step with what the program says of itself.
# shellcheck source=tools/lint.sh
. "$(dirname "$0")/lint.sh"

unset ARGP_HELP_FMT

pages() { lint_files '*.[1-8]' | grep '^man/'; }
mandoc_findings() { pages | xargs -d '\n' mandoc -T lint -W warning; }

unlisted() {
	local page
	pages | while read -r page; do
		grep -qE "(^|[[:space:]])$page([[:space:]]|\$)" man/module.am || echo "$page"
	done
}

if command -v mandoc >/dev/null; then
	lint_none "mandoc finds nothing" mandoc_findings
else
	lint_skip "mandoc finds nothing" "mandoc is not installed"
fi
lint_none "every page is installed" unlisted

# ---- against --help --------------------------------------------------------------------------

commands() { "$program" --help | sed -nE '/^Commands/,/^$/s/^ {1,4}([a-z]+) +.*/\1/p'; }

# Long options of "hmapscope [COMMAND] --help", without their dashes.
help_options() { "$program" "$@" --help | sed -nE 's/^ +(-., +)?--([a-z-]+).*/\2/p' | sort -u; }

# Long options that have an entry in a manual page.
man_options() { sed -nE '/^\.It .*Fl Fl /s/.*Fl Fl ([a-z-]+).*/\1/p' "$1" | sort -u; }

# differ PAGE FILE-OF-HELP-OPTIONS
differ() {
	man_options "$1" | comm -3 - "$2" |
		sed -E "s|^\t(.*)|$1: no entry for --\1|; t; s|^(.*)|$1: --\1 is not in --help|"
}

common_options() {
	help_options >"$tmp/common"
	differ man/hmapscope.1 "$tmp/common"
}

own_options() {
	help_options "$1" | comm -13 "$tmp/common" - >"$tmp/own"
	differ "man/hmapscope-$1.1" "$tmp/own"
}

named() {
	[ -f "man/hmapscope-$1.1" ] || echo "man/hmapscope-$1.1 is missing"
	grep -qx "\.It Cm $1" man/hmapscope.1 || echo "man/hmapscope.1 does not list it"
	grep -q "^\.Xr hmapscope-$1 1" man/hmapscope.1 || echo "man/hmapscope.1 does not refer to it"
}

program=${HMS_BUILDDIR:-$PWD/build}/hmapscope
if [ -x "$program" ]; then
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	lint_none "hmapscope.1 has all common options, and no others" common_options
	for command in $(commands); do
		lint_none "$command has a page, which hmapscope.1 names" named "$command"
		lint_none "hmapscope-$command.1 has all of its options, and no others" own_options "$command"
	done
else
	lint_skip "the pages agree with --help" "hmapscope is not built"
fi
lint_done
