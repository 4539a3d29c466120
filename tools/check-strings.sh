#!/usr/bin/env bash
# What must not be in the tree: calls that cannot be bounded, work left open, and the names of
# machines and places that mean nothing to who reads it elsewhere.
# shellcheck source=tools/lint.sh
. "$(dirname "$0")/lint.sh"

in_sources() { lint_sources | lint_grep "$1"; }
in_files() { lint_files '*' | lint_grep "$1"; }
in_text() {
	lint_files '*.[ch]' '*.def' '*.sh' '*.am' '*.ac' '*.m4' '*.md' '*.go' '*.[157]' |
		grep -v '^build-aux/' | lint_grep "$1"
}

# Put together here so that this file does not hold what it looks for.
slash=/
open_work="TO""DO|FIX""ME|XX""X"

lint_none "no unbounded string function, no alloca" \
	in_sources '\b(strcpy|strcat|stpcpy|sprintf|vsprintf|gets|alloca|strdupa|strndupa)[[:space:]]*\('
lint_none "no atoi and its like: they cannot fail" \
	in_sources '\b(atoi|atol|atoll|atof)[[:space:]]*\('
lint_none "nothing is left open" in_files "\\b($open_work)\\b"
lint_none "no path of somebody's machine" \
	in_files "(^|[^A-Za-z0-9_.])$slash(work|farm|home${slash}[a-z]+|root|tmp${slash}(wt|build|trees))$slash"
lint_none "no package registry's host" \
	in_files "https?:$slash$slash(deb|ftp|security|registry|proxy)[.]"
lint_none "no space at the end of a line" in_text '[[:space:]]+$'
lint_done
