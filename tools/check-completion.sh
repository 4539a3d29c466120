#!/usr/bin/env bash
# What the shell completion offers, asked as bash would ask it.
# shellcheck source=tools/lint.sh
. "$(dirname "$0")/lint.sh"

lint_needs_program
PATH=${program%/*}:$PATH
# shellcheck source=completions/hmapscope.bash
. completions/hmapscope.bash

# offers WORDS WANTED: with WORDS on the command line, the last of them unfinished ("" for none
# begun), each of WANTED is offered; a WANTED that begins with "!" is not.
offers() {
	local words wanted
	read -ra words <<<"$1"
	[ "${1% }" = "$1" ] || words+=("")
	COMP_WORDS=("${words[@]}")
	COMP_CWORD=$((${#words[@]} - 1))
	_hmapscope hmapscope "${words[-1]}" "${words[-2]}" 2>&1
	for wanted in $2; do
		case "$wanted: ${COMPREPLY[*]} " in
		!*:*" ${wanted#!} "*) echo "offered: $wanted" ;;
		!*) ;;
		"$wanted":*" $wanted "*) ;;
		*) echo "not offered: $wanted; but: ${COMPREPLY[*]}" ;;
		esac
	done
}

lint_none "commands" offers "hmapscope " "report list show"
lint_none "commands that begin so" offers "hmapscope re" "report !list"
lint_none "files, not commands, behind a command" offers "hmapscope list re" "!report"
lint_none "common options" offers "hmapscope --" "--json --format= --help --version"
lint_none "a command's own options" offers "hmapscope list --" "--columns= --sort= --json"
lint_none "not another's" offers "hmapscope show --" "!--columns= --json"
lint_none "values" offers "hmapscope --format = te" "text !json"
lint_none "values, none begun" offers "hmapscope --color =" "auto always never"
lint_none "columns" offers "hmapscope list --columns = own" "owner owners !addr"
lint_none "a second column" offers "hmapscope list --columns = addr,own" "addr,owner"
lint_none "a column to sort by" offers "hmapscope list --sort = -by" "-bytes"
lint_none "an order of changes" offers "hmapscope diff --sort = -en" "-entries"
lint_done
