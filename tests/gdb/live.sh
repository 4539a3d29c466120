#!/usr/bin/env bash
# hmapscope.gdb on live processes: the programs of the bundled cores, run once more under gdb. Where
# there is a Go toolchain, a program that it builds as well.
# shellcheck disable=SC2016 # what is gdb's to expand

# shellcheck source=tests/gdb/lib.sh
. "$HMS_SRCDIR/tests/gdb/lib.sh" || exit

# Is debugging allowed here? Containers may forbid it.
traceable() {
	gdb -nx -q -batch -ex 'starti' -ex 'info proc' /bin/true >all 2>&1 </dev/null &&
		grep -q '^process ' all
}

# ---- a process whose maps stand still -----------------------------------------------------------

# The program is about to abort: it has written its truth, and no map changes any more.
play_growing() {
	local odd="it\\'s \\\"a core\\\";touch oops"

	begin "$exe"
	ask run 'break main.abort' 'run growing truth.json'
	ask early 'hmapscope list'
	ask early-diff 'hmapscope diff'
	ask snapshot 'hmapscope snapshot'
	ask where "eval \"shell readlink /tmp/hmapscope-gdb-%d-%d/snapshot.1\", \$_hmapscope_pid, \$_hmapscope_dir"
	ask mode 'shell stat -Lc "%a" "$TMPDIR"/hmapscope-snapshot-*'
	ask list 'hmapscope list --json'
	ask global 'up' 'hmapscope show main.growStrHalf'
	ask register 'hmapscope show *(long*)($sp + ((long)&'"'main.growStrHalf'"' - (long)$sp))'
	ask named "hmapscope snapshot $odd"
	ask again "hmapscope snapshot $odd"
	ask same 'hmapscope diff' 'print $hmapscope_status'
	ask kill 'kill' 'hmapscope list'
	play
}
lists() {
	local address
	address=$(truth truth.json main.growStrHalf)
	answer list && grep -F "\"owner\": \"main.growStrHalf\"" out | grep -qF "{\"addr\": \"$address\"" &&
		says '"go_version": "go'"$release"
}
shows() {
	answer "$1" && says "main.growStrHalf  map[string]string  $(truth truth.json main.growStrHalf)" &&
		says 'entries, as len() gives them'
}
takes() { answer snapshot && says 'snapshot 1: ' && says "$tmp/hmapscope-snapshot-" && says '(removed when gdb ends)'; }
private() { answer mode && [ "$(cat out)" = 600 ]; }
# Quotes and backslashes mean what they mean to a shell; all the rest is a name.
names() { answer named && says "snapshot 2: " && says "$tmp/it's \"a core\";touch oops" && [ ! -e oops ]; }
keeps() { [ -s "it's \"a core\";touch oops" ] && complains again 'File exists'; }
removes() {
	local path tries=0
	answer where && path=$(cat out) && [ -n "$path" ] || return
	while [ -e "$path" ] && [ $((tries += 1)) -lt 150 ]; do
		sleep 0.1
	done
	[ ! -e "$path" ]
}
no_change() { answer same && says ' = 0' && silent 'changed'; }
afterwards() { answer kill && says 'main.growStrHalf'; }

growing() {
	play_growing
	holds "$release: a live process needs a snapshot first" complains early 'take a snapshot first'
	holds "$release: and two to compare" complains early-diff 'take two snapshots'
	holds "$release: snapshot" takes
	holds "$release: nobody else may read it" private
	holds "$release: the maps where the program says they are" lists
	holds "$release: a variable of the package" shows global
	holds "$release: a register in an expression" shows register
	holds "$release: snapshot with a file" names
	holds "$release: which is kept, and not written over" keeps
	holds "$release: nothing changed" no_change
	holds "$release: when the process is gone" afterwards
	holds "$release: a temporary snapshot goes with gdb" removes
}

# ---- a process that changes ---------------------------------------------------------------------

play_snapshots() {
	rm -f old.core new.core
	echo second.json >typed
	begin "$exe"
	# Not one breakpoint twice: a function that finds its stack too small begins anew.
	ask run 'tbreak main.snapAct' 'run snapshots first.json <typed'
	ask old 'hmapscope snapshot old.core'
	ask new 'tbreak main.noteChanges' 'continue' 'hmapscope snapshot new.core'
	ask diff 'hmapscope diff'
	ask status 'print $hmapscope_status'
	ask older 'hmapscope diff old.core'
	play
}
changes() {
	same diff diff "$exe" old.core new.core && says 'main.snapDoubles' && says '60 → 10,000' &&
		says 'main.snapCreated' && silent main.snapSame && silent main.snapRead
}
changed() { answer status && says ' = 1'; }

snapshots() {
	play_snapshots
	holds "$release: two snapshots compared" changes
	holds "$release: differences are exit status 1" changed
	holds "$release: an older snapshot by name" same older diff "$exe" old.core new.core
	rm -f old.core new.core
}

# ---- a write whose element is due ---------------------------------------------------------------

# Where gdb's own "finish" stops, behind the call; then where the statement is over.
play_due() {
	begin "$exe"
	ask run 'set environment GOMAXPROCS=1' 'set environment GODEBUG=asyncpreemptoff=1' \
		'break main.(*Cache).Update' 'run race truth.json'
	ask call 'delete' 'set language c' "tbreak *(long)&'runtime.mapassign_faststr'" 'continue' \
		'printf "map 0x%lx\n", $rbx'
	ask due 'finish' 'printf "element 0x%lx\n", $rax' 'hmapscope snapshot due.core'
	ask over 'finish' 'hmapscope snapshot over.core'
	play
}
# in_map CORE [OPTION...]
in_map() { "$tool" goroutines --in-map "${@:2}" "$exe" "$1" >out 2>err; }
due_text() {
	in_map due.core && says 'inside a map write: map[string]int at' &&
		says '; writing "key_' && says ', element not stored yet' &&
		says 'main.(*Cache).Update' && says 'race.go:23'
}
# The map that it was called with, and the element that it returned, as gdb saw them.
due_json() {
	local map elem
	answer call && map=$(sed -n 's/^map //p' out) && answer due && elem=$(sed -n 's/^element //p' out) &&
		[ -n "$map" ] && [ -n "$elem" ] && in_map due.core --json &&
		says '"function": "runtime.mapassign_faststr", "returned": true, "map": "'"$map"'"' &&
		says '"elem_addr": "'"$elem"'"'
}
due_code() {
	local map
	answer call && map=$(sed -n 's/^map //p' out) &&
		"$tool" show --disassemble "$exe" due.core "$map" >out 2>err
	says 'returns where the element is to be' && says '<- here' && says 'stores the element'
}
due_done() { in_map over.core && silent 'element not stored'; }

due() {
	play_due
	holds "$release: behind mapassign, before the store" due_text
	holds "$release: map and element as gdb saw them" due_json
	holds "$release: the store in the code" due_code
	holds "$release: nothing is due behind it" due_done
	rm -f due.core over.core
}

# ---- a program made here ------------------------------------------------------------------------

program_text='package main

type cache struct{ items map[string]int }

var shared = &cache{map[string]int{"a": 1, "b": 2}}

//go:noinline
func (c *cache) update(key string, value int) { c.items[key] = value }

func main() { shared.update("k", 1) }
'
frame_of_go() {
	printf '%s' "$program_text" >main.go
	env GOCACHE="$tmp/cache" GOFLAGS=-mod=mod GOTOOLCHAIN=local GO111MODULE=off \
		go build -gcflags='-N -l' -o made main.go >out 2>&1 || return
	begin ./made
	ask run "break 'main.(*cache).update'" run 'hmapscope snapshot'
	ask field 'hmapscope entries c.items'
	ask pointer 'hmapscope entries &c.items'
	play
	answer field && says 'main.shared.items  map[string]int' && says '"a": 1' && says '"b": 2'
}

# gdb 13 writes what the runtime has reserved too: 1.2 GB a snapshot, two at a time.
roomy() { [ "$(df -Pk "$tmp" | awk 'NR == 2 { print $4 }')" -gt 4000000 ]; }

if ! roomy; then
	echo "1..0 # SKIP there is less than 4 GB free for snapshots"
	exit 0
fi
if ! traceable; then
	echo "1..0 # SKIP gdb may not trace a process here"
	exit 0
fi
for release in 1.21 1.27; do
	if open_core "$release" growing; then
		growing
		[ "$release" = 1.21 ] || snapshots
		rm -f ./*core*
		due
	else
		skip "$release: live" "that program is not bundled"
	fi
done
if command -v go >/dev/null; then
	holds "a field of a variable of a frame" frame_of_go
else
	skip "a field of a variable of a frame" "there is no Go toolchain to build a program with"
fi
echo "1..$n"
