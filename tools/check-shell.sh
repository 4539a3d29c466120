#!/usr/bin/env bash
# Every shell script, as shellcheck sees it.
# shellcheck source=tools/lint.sh
. "$(dirname "$0")/lint.sh"

lint_needs shellcheck

scripts() {
	lint_files '*.sh' '*.bash'
	lint_files '*' | grep -vE '\.[a-z0-9]+$' | grep -v '^build-aux/' |
		while read -r file; do
			! head -n 1 "$file" | grep -aqE '^#!.*\b(bash|sh)\b' || printf '%s\n' "$file"
		done
}

findings() { scripts | grep -v '^build-aux/' | sort -u | xargs -d '\n' shellcheck -x -f gcc; }

lint_none "shellcheck finds nothing" findings
lint_done
