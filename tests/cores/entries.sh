#!/usr/bin/env bash
# "hmapscope entries" from the command line: options, exit status, what must not get out.
set -u
# shellcheck source=tests/cores/cli.sh
. "$HMS_SRCDIR/tests/cores/cli.sh"

# entries STATUS [OPTION...] MAP...: its output is in $tmp/out and $tmp/err.
entries() {
	local status=$1
	shift
	"$tool" entries "$exe" "$cases/${core:-types}.core.zst" "$@" >"$tmp/out" 2>"$tmp/err"
	[ $? -eq "$status" ] || { sed 's/^/# /' "$tmp/err"; return 1; }
}

# lines N: of the output.
lines() { [ "$(wc -l <"$tmp/out")" -eq "$1" ]; }
says() { grep -qF -- "$1" "$tmp/out"; }
complains() { [ ! -s "$tmp/out" ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] && grep -qF -- "$1" "$tmp/err"; }

no_such_map() { entries 65 main.typStrin && complains "there is 'main.typStr"; }
no_map_there() { entries 65 0x10 && complains 'no map was found'; }
one_bad_of_two() { entries 65 main.typString main.nowhere && complains main.nowhere; }
no_map() { entries 64 && complains 'no MAP'; }
no_number() { entries 64 --limit=x main.typString && entries 64 --max-len=-1 main.typString; }
no_html() { entries 64 --format=html main.typString && complains 'text or json'; }

heading() { entries 0 main.typEmpty && lines 1 && says 'main.typEmpty  map[string]int  0x'; }
limit() {
	entries 0 --limit=3 main.typString && lines 5 && says '--limit' &&
		entries 0 --json --limit=3 main.typString && lines 3
}
limit_of_all() { entries 0 --limit=100000 main.typString && ! says '--limit'; }
two_maps() {
	entries 0 main.typOne main.typEight && lines 12 && says '  "only": 1' &&
		says 'main.typEight  map[int]int'
}
cuts() {
	entries 0 --json --max-len=4 main.typString && says '{"key":{"text":"key_","cut":1},'
}
positions() { entries 0 --where main.typOne && says '  bucket 0 slot 0  "only": 1'; }
no_utf8() { LC_ALL=C entries 0 --max-len=1 main.typString && says '"k"\u2026: ' && ! says '…'; }

# A key, and a value that no number of a position has.
redacts() {
	entries 0 --json --redact main.typString main.typInt8 && ! says key_ && ! says '-1' &&
		says '{"key":{"type":"string"},"elem":{"type":"int"},"bucket":0,' &&
		entries 0 --redact --stale main.typString main.typInt8 && ! says key_ && ! says '-1' &&
		says '  bucket 0 slot 0  string: int'
}
# A bucket, a word of the header, and the variable: all are the map's.
leads_back() {
	local address bucket
	read -r address bucket < <("$tool" list --json "$exe" "$cases/types.core.zst" |
		sed -nE '/"owner": "main.typString"/s/^.*"addr": "(0x[0-9a-f]+)".*"buckets_addr": "(0x[0-9a-f]+)".*/\1 \2/p')
	for place in "$(printf '0x%x' $((address + 8)))" "$bucket" "$(printf '0x%x' $((bucket + 100)))"; do
		entries 0 --limit=1 "$place" && says "main.typString  map[string]int  $address" || return
	done
}
redacts_owners() {
	entries 0 --redact 'main.typRecord[…].Attrs' && says 'main.typRecord[…].Attrs' && ! says '"k"'
}

# Maps whose growth stopped in the middle.
stale() {
	local core=growing maps
	maps=$("$tool" list --json "$exe" "$cases/growing.core.zst" | sed -n 's/^{"addr": "\(0x[0-9a-f]*\)".*/\1/p')
	# shellcheck disable=SC2086 # a list
	entries 0 --json --stale $maps && says '"state":"evacuated"' && says '"old":true' &&
		says '"state":"live"'
}
valid() {
	[ -x "$HMS_BUILDDIR/tests/cores/schema-check" ] || return 0
	"$HMS_BUILDDIR/tests/cores/schema-check" -d entry -l "$schema" "$tmp/out" 2>&1 | sed 's/^/# /'
	[ "${PIPESTATUS[0]}" -eq 0 ]
}

# The less of the core there is, the less of the map: first its buckets go, then its header.
cut_short() {
	local file=$cases/types.core.zst size buckets='' header='' all
	entries 0 main.typStrings && all=$(wc -l <"$tmp/out") || return 1
	{ zstd -dqc "$file" || bsdcat "$file"; } >"$tmp/whole" 2>/dev/null
	for size in 1900 1700 1500 1300 1100 900 700 500; do
		head -c ${size}k "$tmp/whole" >"$tmp/short"
		"$tool" entries "$exe" "$tmp/short" main.typStrings >"$tmp/out" 2>"$tmp/err"
		case $? in
		0) lines $((all + 1)) || return 1 ;;
		2) if says 'buckets cannot be read'; then buckets=yes; else header=yes; fi ;;
		*) return 1 ;;
		esac
		says '! the core is cut short' || return 1
	done
	[ -n "$buckets$header" ]
}
full_disk() {
	[ -e /dev/full ] || return 0
	"$tool" entries "$exe" "$cases/types.core.zst" main.typString >/dev/full 2>"$tmp/err"
	[ $? -eq 65 ] && grep -q 'cannot write the entries' "$tmp/err"
}

holds "an address in a map leads back to it" leads_back
holds "a map that nobody owns, with a hint" no_such_map
holds "an address where no map is" no_map_there
holds "nothing is written where one map of two is unknown" one_bad_of_two
holds "without a map it is a usage error" no_map
holds "numbers are numbers" no_number
holds "there is no HTML" no_html
holds "an empty map is its heading" heading
holds "--limit" limit
holds "a limit that all entries fit in is none" limit_of_all
holds "two maps" two_maps
holds "--max-len" cuts
holds "--where" positions
holds "a terminal without UTF-8" no_utf8
holds "--redact lets no key or element out" redacts
holds "--redact takes owners as they are printed then" redacts_owners
holds "--stale" stale
holds "its lines are valid by the schema" valid
holds "a core cut short: what is gone is said to be unknown" cut_short
holds "a full disk is an error" full_disk
echo "1..$n"
