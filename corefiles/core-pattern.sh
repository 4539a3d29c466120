# shellcheck shell=bash
# To be sourced: where the kernel puts core files.

# core_glob DIR: a pattern for the core of a process whose working directory is DIR, made from the
# kernel's core_pattern.  Fails, and says why, where cores are piped to a program.
core_glob() {
	local pattern
	pattern=$(cat /proc/sys/kernel/core_pattern)
	case $pattern in
	'|'*)
		echo "the kernel pipes cores to '${pattern#|}';" \
			"let it write files: sysctl kernel.core_pattern=core" >&2
		return 1
		;;
	'') pattern=core ;;
	esac
	# Each %x becomes a wildcard; %% a percent sign.
	pattern=$(sed 's/%%/\a/g; s/%./*/g; s/\a/%/g' <<<"$pattern")
	case $pattern in
	/*) echo "$pattern*" ;;
	*) echo "$1/$pattern*" ;;
	esac
}

# find_core DIR SINCE: the one core file that is newer than the file SINCE.
find_core() {
	local glob found
	glob=$(core_glob "$1") || return 1
	# shellcheck disable=SC2086 # a pattern
	found=$(find $glob -maxdepth 0 -type f -newer "$2" ! -name '*.core' 2>/dev/null)
	if [ -z "$found" ]; then
		echo "no core at '$glob' (ulimit -c: $(ulimit -c))" >&2
		return 1
	fi
	if [ "$(wc -l <<<"$found")" != 1 ]; then
		echo "several cores match '$glob':" "$found" >&2
		return 1
	fi
	echo "$found"
}
