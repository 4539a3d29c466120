#!/bin/bash
# What is bundled in corefiles/ must tell nothing of the machine that made it, must stay small, and
# must be complete: each core with its program and with what that said of itself.  Prints TAP.
set -uo pipefail

src=${HMS_SRCDIR:-$(dirname "$0")/..}
cores=$src/corefiles
max_kb=40960

# Only these variables may have been set when a core was made.
allowed='^(GOTRACEBACK|GODEBUG|GOMAXPROCS)='
variables='^(HOME|USER|PATH|PWD|LANG|TERM|MAIL|TZ|SHELL|[A-Z][A-Z_]{5,})=[[:graph:]]'
# Where people keep things.  A path alone may be a string of the Go library's own.
places='/(home|nix|root|tmp|var/tmp|Users|opt|usr/local|work|build|mnt)/[A-Za-z0-9._-]+'
# What the kernel tells of mounts and control groups.
mounts=' (ext4|xfs|btrfs|overlay|cgroup2?|tmpfs) [^ ]+ (rw|ro)[, ]|^0::/'
names=()
for name in "$(uname -n)" "$(id -un)" "${SUDO_USER:-}"; do
	# A short one would be found by chance.
	if [ ${#name} -ge 5 ] && [ "$name" != localhost ]; then
		names+=("$name")
	fi
done

count=0
failed=0
result() {
	count=$((count + 1))
	if [ -z "$2" ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		head -n 5 <<<"$2" | cut -c 1-200 | sed 's/^/# /'
		failed=1
	fi
}

for tool in zstd xz; do
	if ! command -v "$tool" >/dev/null; then
		echo "1..0 # SKIP $tool is missing"
		exit 0
	fi
done

# text FILE: its C strings, a line each.
text() {
	case $1 in
	*.zst) zstd -dqc "$1" ;;
	*.xz) xz -dc "$1" ;;
	*) cat "$1" ;;
	esac | tr -s '\000' '\n'
}

leaks() {
	local out
	out=$(text "$1" | LC_ALL=C grep -aE "$variables|$places|$mounts" | LC_ALL=C grep -avE "$allowed")
	if [ ${#names[@]} -gt 0 ]; then
		out+=$(text "$1" | LC_ALL=C grep -aF "${names[@]/#/-e}")
	fi
	tr -cd '[:print:]\n' <<<"$out"
}

incomplete() {
	local base=${1%.core.zst}
	[ -e "${1%/*}/exe.xz" ] || echo "no exe.xz beside it"
	[ -e "$base.truth.json" ] || [ -e "$base.traceback.txt" ] ||
		echo "neither truth nor traceback"
}

for file in "$cores"/*/*; do
	case $file in
	"$cores"/prog/* | "$cores"/prog-*) continue ;;
	esac
	result "nothing of the machine in ${file#"$cores"/}" "$(leaks "$file")"
	case $file in
	*.core.zst) result "complete: ${file#"$cores"/}" "$(incomplete "$file")" ;;
	esac
done

# As git stores it: texts compressed.
kb=$({
	cat "$cores"/*/*.zst "$cores"/*/*.xz
	cat "$cores"/*/*.json "$cores"/*/*.txt | zstd -qc
} | wc -c)
kb=$((kb / 1024))
too_large=
[ "$kb" -le "$max_kb" ] || too_large="$kb KB, at most $max_kb are allowed"
result "the corpus is small: $kb KB" "$too_large"
echo "1..$count"
exit "$failed"
