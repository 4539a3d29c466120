#!/usr/bin/env bash
# The sessions shown in README.md are what the program prints: each indented block that begins
# with "$ build/hmapscope" is run on the bundled cores. UPDATE_EXPECTED=1 rewrites them.
# shellcheck source=tools/lint.sh
. "$(dirname "$0")/lint.sh"

lint_needs_program
exe=${program%/*}/corefiles/1.21/exe
[ -x "$exe" ] || exe=${program%/*}/demo/app
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
ln -s "$exe" "$tmp/app"

# session COMMAND-LINE: what it prints, as the block shows it.
session() {
	local words status=0
	read -ra words <<<"$1"
	words=("${words[@]//build\/demo/$tmp}")
	LC_ALL=C.UTF-8 "$program" "${words[@]:1}" </dev/null || status=$?
	# Findings and incomplete answers are worth showing too.
	[ "$status" -le 2 ]
}

# README.md with all sessions run anew.
rendered() {
	local line in_session=
	while IFS= read -r line; do
		if [ -n "$in_session" ] && [[ $line == '    '[!$]* || -z $line ]]; then
			continue
		fi
		[ -z "$in_session" ] || printf '\n'
		in_session=
		printf '%s\n' "$line"
		if [[ $line == '    $ build/hmapscope'* ]]; then
			in_session=1
			session "${line#*\$ }" | sed 's/^./    &/'
		fi
	done <README.md
}

if [ ! -x "$exe" ]; then
	lint_skip "README.md's sessions are real" "the bundled executable is not unpacked"
elif [ -n "${UPDATE_EXPECTED:-}" ]; then
	new=$(rendered)
	printf '%s\n' "$new" >README.md
	lint_skip "README.md's sessions are real" "they were rewritten"
else
	differences() { rendered | diff README.md - || true; }
	lint_none "README.md's sessions are real" differences
	lint_note "UPDATE_EXPECTED=1 tools/check-readme.sh rewrites them (HMS_BUILDDIR: where the build is)"
fi
lint_done
