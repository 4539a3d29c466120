#!/usr/bin/env bash
# show --disassemble: the instruction that it marks is the call that Go's traceback says the goroutine
# returns to, and the stores around it are named.
set -u

srcdir=${HMS_SRCDIR:-.}
builddir=${HMS_BUILDDIR:-.}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# RELEASE WHAT-SETS: the goroutine that died stands in the first map function of the traceback.
compare() {
	local traceback=$srcdir/corefiles/$1/race.traceback.txt pc

	pc=$(awk '/^runtime\.mapassign_faststr\(/ { getline
		for (i = 1; i <= NF; i++) if (sub(/^pc=/, "", $i)) { print $i; exit } }' "$traceback")
	"$builddir/hmapscope" show --disassemble "$builddir/corefiles/$1/exe" \
		"$srcdir/corefiles/$1/race.core.zst" main.shared.items >"$tmp/out"
	# What stands behind the mark is where the call returns to.
	[ -n "$pc" ] && [ "$(awk 'marked { print $1; exit } /<- here/ { marked = 1 }' "$tmp/out")" = "$pc" ] &&
		grep -q '<- here' "$tmp/out" && grep -q 'call .*\.\(fatal\|throw\) .*<- here' "$tmp/out" &&
		grep -q 'sets the writing flag$' "$tmp/out" && grep -q "$2" "$tmp/out" &&
		grep -q 'clears the writing flag$' "$tmp/out"
}

set -- 1.15 1.19 1.21 1.22 1.23 1.24 1.25 1.26 1.27
echo "1..$#"
number=0
for release; do
	number=$((number + 1))
	what='sets the tophash'
	[ "${release#1.}" -lt 24 ] || what='sets the control byte'
	if [ ! -e "$builddir/corefiles/$release/exe" ]; then
		echo "ok $number - $release # SKIP it is not bundled"
	elif compare "$release" "$what"; then
		echo "ok $number - $release"
	else
		sed 's/^/# /' "$tmp/out" | head -n 60
		echo "not ok $number - $release"
	fi
done
