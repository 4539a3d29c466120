# bash completion for hmapscope(1). Commands, options and columns are what the program itself says
# they are, so that this file does not have to follow them.
# shellcheck shell=bash

_hmapscope_commands() {
	"$1" --help 2>/dev/null | sed -nE '/^Commands/,/^$/s/^ {1,4}([a-z]+) +.*/\1/p'
}

# Long options; with "=" behind those that take a value.
_hmapscope_options() {
	"$@" --help 2>/dev/null | sed -nE 's/^ +(-., +)?(--[a-z-]+)(\[?=)?.*/\2\3/p' | sed 's/\[=/=/'
}

_hmapscope_columns() {
	"$1" list --columns=help 2>/dev/null | sed -nE 's/^([A-Za-z_]+) .*/\1/p'
}

# _hmapscope_reply COMPGEN-ARGUMENT...: what compgen makes of them.
_hmapscope_reply() {
	local words

	COMPREPLY=()
	words=$(compgen "$@") && mapfile -t COMPREPLY <<<"$words"
}

# _hmapscope_value PROGRAM OPTION CUR: values of an option; fails where it is none with a choice.
_hmapscope_value() {
	local last=${3##*[,+-]}

	case $2 in
	--format) _hmapscope_reply -W 'text json html' -- "$3" ;;
	--color) _hmapscope_reply -W 'auto always never' -- "$3" ;;
	--columns | --sort)
		case " ${COMP_WORDS[*]} " in
		*' diff '*) _hmapscope_reply -W 'delta entries overflow bytes owner type addr' -- "$last" ;;
		*) _hmapscope_reply -W "$(_hmapscope_columns "$1")" -- "$last" ;;
		esac
		COMPREPLY=("${COMPREPLY[@]/#/${3%"$last"}}")
		compopt -o nospace 2>/dev/null
		;;
	--sysroot) _hmapscope_reply -d -- "$3" ;;
	--debug-file) _hmapscope_reply -f -- "$3" ;;
	--status) _hmapscope_reply -W 'running runnable waiting syscall preempted' -- "$3" ;;
	-j | --jobs | --type | --owner | --min-bytes | --min-delta | --function | --wait-reason | --min-age | --limit | --max-len) COMPREPLY=() ;;
	*) return 1 ;;
	esac
	return 0
}

_hmapscope() {
	local program=$1 cur=$2 option=$3 command='' commands word

	COMPREPLY=()
	# bash takes "--format=te" apart: "--format", "=", "te".
	if [ "$cur" = = ]; then
		cur=
	elif [ "$option" = = ]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	! _hmapscope_value "$program" "$option" "$cur" || return 0

	commands=$(_hmapscope_commands "$program")
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [[ $'\n'$commands$'\n' == *$'\n'$word$'\n'* ]]; then
			command=$word
			break
		fi
	done
	if [[ $cur == -* ]]; then
		_hmapscope_reply -W "$(_hmapscope_options "$program" ${command:+"$command"})" -- "$cur"
		[[ ${COMPREPLY[0]:-} != *= ]] || compopt -o nospace 2>/dev/null
	elif [ -z "$command" ]; then
		_hmapscope_reply -W "$commands" -- "$cur"
	fi
	# Nothing so far: files, which "complete -o default" brings.
}

complete -o default -F _hmapscope hmapscope
