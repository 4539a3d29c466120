#!/usr/bin/env bash
# A stripped executable: the race is told as Go's traceback has it, entries are decoded, owners name
# their maps, and what is missing is said first.
set -u
# shellcheck source=tests/cores/cli.sh
. "$HMS_SRCDIR/tests/cores/cli.sh"

exe=$HMS_BUILDDIR/corefiles/1.23-stripped/exe
cases=$HMS_SRCDIR/corefiles/1.23-stripped

# The goroutine that died in the runtime's map function: its number, the map, the caller's line.
from_traceback() {
	awk '/^goroutine [0-9]+ / { g = $2 }
		/^runtime\.mapassign_faststr\(/ { split($0, a, /[(,] ?/); map = a[3]; getline
			getline; caller = $0; sub(/\(0x.*|\({.*/, "", caller)
			getline; print g, map, caller, $1; exit }' "$cases/race.traceback.txt"
}

read -r goroutine map caller line < <(from_traceback)
"$tool" report "$exe" "$cases/race.core.zst" >"$tmp/race"
status=$?

first_line() { sed -n 1,2p "$tmp/race" | grep -q '^! stripped executable: '; }
verdict() { grep -q "^CONCURRENT MAP WRITES  map\[string\]int  $map" "$tmp/race"; }
died() { grep -qF "goroutine $goroutine  running" "$tmp/race" && grep -F "died here" "$tmp/race" |
	grep -F "$caller" | grep -qF "$line"; }
entries() {
	local place
	place=$("$tool" list --json "$exe" "$cases/growing.core.zst" |
		grep -o '"addr": *"'"$1"'".*' | grep -o '"owner": *"[^"]*"' | head -n 1)
	place=${place#*\"owner\"}
	place=${place#*\"}
	place=${place%\"}
	[ -n "$place" ] && "$tool" entries "$exe" "$cases/growing.core.zst" "$place" >"$tmp/entries" &&
		grep -q "$2" "$tmp/entries"
}

echo 1..6
holds 'the traceback names a goroutine, a map and a line' [ -n "${line:-}" ]
# There are findings; and maps of unknown type, so that this may not be all.
holds 'the answer is incomplete' [ "$status" -eq 2 ]
holds 'what is missing is said first' first_line
holds 'the map and its type' verdict
holds 'the goroutine that died, and where' died
holds 'an owner leads to its map, whose entries are decoded' \
	entries "$(grep -o '"owner": *"main.growStrHalf".*' "$cases/growing.truth.json" |
		grep -o '"addr": *"0x[0-9a-f]*"' | head -n 1 | grep -o '0x[0-9a-f]*')" '105 entries'
