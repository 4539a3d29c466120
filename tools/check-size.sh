#!/usr/bin/env bash
# Files and functions that have grown. The numbers are notes, not limits: the two limits below
# are where splitting is no longer a matter of taste.
# shellcheck source=tools/lint.sh
. "$(dirname "$0")/lint.sh"

# LINES FILE
files() { lint_program | xargs -d '\n' wc -l | awk '$2 != "total"'; }

# LINES FILE:LINE FUNCTION, of the bodies between braces in the first column.
functions() {
	# shellcheck disable=SC2016 # awk's own
	lint_program | grep '\.c$' | xargs -d '\n' awk '
		/^[A-Za-z_].*\(/ && !/;[ \t]*$/ {
			name = $0
			sub(/\(.*/, "", name)
			sub(/.*[ *]/, "", name)
		}
		/^\{/ { start = FNR }
		/^\}/ && start { print FNR - start - 1, FILENAME ":" start, name; start = 0 }'
}

summary() {
	functions | sort -n | awk '
		{ n[NR] = $1 }
		END {
			printf "%d functions: median %d lines, nine in ten to %d, longest %d\n",
				NR, n[int((NR + 1) / 2)], n[int((NR * 9 + 9) / 10)], n[NR]
		}'
}

# longer FILES-OR-FUNCTIONS LIMIT
longer() { "$1" | sort -rn | awk -v limit="$2" '$1 > limit { print $2 ":", $3, $1, "lines" }'; }

lint_note "$(summary)"
lint_note "$(longer files 500)"
lint_note "$(longer functions 60)"
lint_none "no file is longer than 700 lines" longer files 700
lint_none "no function is longer than 120 lines" longer functions 120
lint_done
