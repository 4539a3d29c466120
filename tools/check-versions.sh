#!/usr/bin/env bash
# What differs between Go releases is known in one place: src/rt, and its neighbours heap and
# goro. Everything else asks whether a fact is there, and never for a version number.
# shellcheck source=tools/lint.sh
. "$(dirname "$0")/lint.sh"

elsewhere() { lint_program | grep -Ev '^src/(rt|heap|goro)/'; }

compares() {
	elsewhere |
		lint_grep '(->|\.)(minor|patch)\b|version[a-z_]*(->|\.)major\b|\bhms_go_(at_least|before)\b'
}

# A version in a string that is compared is the same thing in disguise.
compares_text() {
	elsewhere | lint_grep '(strn?cmp|strstr|starts_with|memcmp)[^;]*"go1\.'
}

# Which compiler made the debug information is asked once, in dwarf/producer.c.
producers() {
	lint_program | grep '\.c$' | grep -vx dwarf/producer.c | lint_grep '"Go cmd/compile'
}

lint_none "no version number is compared outside src/rt, src/heap, src/goro" compares
lint_none "no version text is compared there either" compares_text
lint_none "DW_AT_producer is told apart in dwarf/producer.c only" producers
lint_done
