#!/usr/bin/env bash
# Lengths of a core's maps as Delve reads them, against hmapscope's: every map that a path of plain
# fields from a package variable or from a goroutine's variable leads to.  By hand, not part of
# "make check": needs dlv, jq, and a Go release that dlv knows.
#
#	tests/cores/delve.sh BUILDDIR EXE CORE
set -eu

if [ $# -ne 3 ]; then
	echo "usage: delve.sh BUILDDIR EXE CORE" >&2
	exit 64
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# OWNER, COUNT, and what Delve calls it: "path/of/package".name.field, without what needs a key, an
# assertion or a method's frame.
"$1/hmapscope" list --json "$2" "$3" >"$tmp/list.json" || [ $? -eq 2 ]
jq -r '.maps[] | select(.found_by == "global" and .owner != null) | [.owner, .count] | @tsv' \
	"$tmp/list.json" | grep -E '^[A-Za-z0-9_./-]+	' | sort >"$tmp/ours"
sed -E 's|^(.*/)?([^./]+)\.([^	]*)	.*|len("\1\2".\3)|' "$tmp/ours" >"$tmp/expressions"

{
	sed 's/^/print /' "$tmp/expressions"
	echo exit
} >"$tmp/commands"
dlv core --check-go-version=false "$2" "$3" --allow-non-terminal-interactive --init "$tmp/commands" </dev/null \
	>"$tmp/answers" 2>&1 || true
grep -E '^([0-9]+$|Command failed)' "$tmp/answers" >"$tmp/theirs" || true
if [ "$(wc -l <"$tmp/theirs")" -ne "$(wc -l <"$tmp/ours")" ]; then
	tail -n 5 "$tmp/answers" >&2
	echo "delve.sh: $(wc -l <"$tmp/ours") questions, $(wc -l <"$tmp/theirs") answers" >&2
	exit 1
fi
paste "$tmp/ours" "$tmp/theirs" | awk -F '\t' '
	$3 ~ /failed/ { unknown++; print "not known to Delve: " $1 ": " $3; next }
	$2 == $3 { same++; next }
	{ differ++; print "differs: " $1 ": hmapscope " $2 ", Delve " $3 }
	END { printf "%d the same, %d differ, %d that Delve could not read\n", same, differ, unknown
	      exit differ > 0 || same == 0 }'
