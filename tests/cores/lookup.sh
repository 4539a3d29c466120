#!/usr/bin/env bash
# "hmapscope lookup" from the command line: keys as a user writes them, exit status, JSON.
set -u
# shellcheck source=tests/cores/cli.sh
. "$HMS_SRCDIR/tests/cores/cli.sh"

# lookup STATUS [OPTION...] MAP KEY: its output is in $tmp/out and $tmp/err.
lookup() {
	local status=$1
	shift
	"$tool" lookup "$exe" "$cases/types.core.zst" "$@" >"$tmp/out" 2>"$tmp/err"
	[ $? -eq "$status" ] || { sed 's/^/# /' "$tmp/out" "$tmp/err"; return 1; }
}

says() { grep -qF -- "$1" "$tmp/out" || { echo "# no '$1'"; return 1; }; }
complains() { [ ! -s "$tmp/out" ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] && grep -qF -- "$1" "$tmp/err"; }

found() {
	lookup 0 main.typString key_35 && says '  found in bucket' && says ' slot ' && says ': 35' &&
		says 'runtime.mapaccess1_faststr' && lookup 0 main.typString '"key_35"' && says ': 35'
}
absent() { lookup 0 main.typString nowhere && says 'not in the map'; }
negative() { lookup 0 main.typInt8 -- -96 && says 'found in'; }
composite() {
	lookup 0 main.typMixed '{Name: "host-4", Port: 8004, Zone: {4, 1}}' && says ': 4' &&
		lookup 0 main.typMixed 'main.mixedKey{host-4, 8004, [2]uint8{4, 1}}' && says ': 4' &&
		lookup 0 main.typMixed '{Name: "host-4"}' && says 'not in the map' &&
		lookup 64 main.typMixed '{"host-4", 8004}' && complains 'has 3 fields'
}
interface() {
	lookup 0 main.typIface 1 && says ': "int"' && lookup 0 main.typIface '"one"' && says ': 1' &&
		lookup 0 main.typIface true && lookup 0 main.typIface 'uint8(1)' &&
		lookup 0 main.typIface 'main.mixedKey{Name: "k"}' && says 'found in'
}
nan() { lookup 0 main.typFloat64 NaN && says 'no lookup finds it'; }
panics() { lookup 0 main.typIface '[]int{1}' && says 'hash of unhashable type []int'; }
large() { lookup 0 main.typBigKey '{Words: [20]uint64{6: 7}}' && says ': 6'; }

no_literal() {
	lookup 64 main.typInt8 300 && complains "cannot read '300' as int8" &&
		lookup 64 main.typMixed '{Name: "a", Port: x}' &&
		complains "as main.mixedKey: at character 19, 'x}'" &&
		lookup 64 main.typIface 'main.unknown{1}' && complains 'a known type'
}
arguments() { lookup 64 main.typString && complains 'one MAP and one KEY' && lookup 64; }
no_such_map() { lookup 65 main.typStrin x && complains "there is 'main.typStr"; }
redacts() {
	lookup 0 --redact main.typString key_35 && ! says key_35 >"$tmp/no" && says 'found in' &&
		lookup 0 --json --redact main.typString key_35 && ! says key_35 >"$tmp/no" &&
		says '"key": null' && says '"elem": null'
}
html() { lookup 0 --format=html main.typString key_35 && says 'found in bucket'; }

# What JSON says is valid, whatever the verdict.
valid() {
	local key
	[ -x "$HMS_BUILDDIR/tests/cores/schema-check" ] || return 0
	for key in 1 nil '"one"' '[]int{1}' NaN 'float64(2.5)' '"nowhere"'; do
		lookup 0 --json main.typIface "$key" || return 1
		"$HMS_BUILDDIR/tests/cores/schema-check" "$schema" "$tmp/out" 2>&1 | sed 's/^/# /'
		[ "${PIPESTATUS[0]}" -eq 0 ] || return 1
	done
}
words() {
	lookup 0 --json main.typString key_35 && says '"verdict": "found", "elem": 35' &&
		says '"function": "runtime.mapaccess1_faststr", "end": "found"' &&
		lookup 0 --json main.typString nowhere && says '"verdict": "absent", "elem": null' &&
		lookup 0 --json main.typFloat64 NaN && says '"verdict": "never"' &&
		lookup 0 --json main.typIface '[]int{}' && says '"verdict": "panics"'
}

# The less of the core there is, the less is known: never that a key is absent, or missed.
cut_short() {
	local file=$cases/types.core.zst size unknown=''
	{ zstd -dqc "$file" || bsdcat "$file"; } >"$tmp/whole" 2>/dev/null
	for size in 1900 1700 1500 1300 1100 900 700 500; do
		head -c ${size}k "$tmp/whole" >"$tmp/short"
		"$tool" lookup --json "$exe" "$tmp/short" main.typLarge 5 >"$tmp/out" 2>"$tmp/err"
		case $? in
		0) says '"verdict": "found"' || return 1 ;;
		2) unknown=yes ;;
		65) ;;
		*) return 1 ;;
		esac
	done
	[ -n "$unknown" ]
}

# patch ADDR BYTE: the core with one byte changed, in $tmp/patched.
patch() {
	local type offset start size addr=$(($1))
	{ zstd -dqc "$cases/types.core.zst" || bsdcat "$cases/types.core.zst"; } >"$tmp/patched" 2>/dev/null
	while read -r type offset start _ size _; do
		if [ "$type" != LOAD ] || ((addr < start || addr >= start + size)); then continue; fi
		printf '%b' "\\x$2" |
			dd of="$tmp/patched" bs=1 seek=$((offset + addr - start)) conv=notrunc 2>"$tmp/err"
		return
	done < <(readelf -lW "$tmp/patched")
	return 1
}

# Another tophash: the lookup misses the key, and says where it is; show has the bytes.
damaged() {
	local bucket
	command -v readelf >/dev/null || return 0
	lookup 0 --json main.typString key_35 || return 1
	bucket=$(sed -n 's/.*"steps": \[{"bucket": [0-9]*, "overflow": 0, "old": false, "addr": "\(0x[0-9a-f]*\)".*/\1/p' "$tmp/out")
	patch "$bucket" 77 || return 1
	"$tool" lookup "$exe" "$tmp/patched" main.typString key_35 >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 1 ] || return 1
	says 'the key is there, but a lookup misses it' && says 'its tophash is not that' &&
		says '77 00 00 00 00 00 00 00  no slot to compare' || return
	"$tool" show --hex "$exe" "$tmp/patched" main.typString >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 1 ] || return 1
	says "bytes of the bucket at $bucket" && says "! $bucket  77 00 00 00 00 00 00 00" || return
	"$tool" show --hex --redact "$exe" "$tmp/patched" main.typString >"$tmp/out" 2>"$tmp/err"
	! says "! $bucket" >"$tmp/no"
}
# The header's first word is the count: 60.
header_bytes() {
	"$tool" show --hex "$exe" "$cases/types.core.zst" main.typString >"$tmp/out" 2>"$tmp/err" &&
		says 'bytes of the header' && grep -qE '^  0x[0-9a-f]+0  3c 00 00 00 00 00 00 00 ' "$tmp/out"
}

holds "a string, bare and in quotes" found
holds "a key that is not there" absent
holds "a key with a minus" negative
holds "a struct" composite
holds "what an interface holds" interface
holds "a NaN" nan
holds "a slice in an interface" panics
holds "a key that slots only point to" large
holds "a key that is no literal of the type" no_literal
holds "one map and one key" arguments
holds "a map that nobody owns, with a hint" no_such_map
holds "--redact lets no key or element out" redacts
holds "HTML" html
holds "JSON is valid by the schema" valid
holds "JSON has its words" words
holds "a core cut short: what is gone is said to be unknown" cut_short
holds "a damaged bucket" damaged
holds "show --hex: the header" header_bytes
echo "1..$n"
