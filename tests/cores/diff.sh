#!/usr/bin/env bash
# "hmapscope diff" from the command line: what it takes, exit status, what is refused by name.
set -u
# shellcheck source=tests/cores/cli.sh
. "$HMS_SRCDIR/tests/cores/cli.sh"
old=$cases/snapshot-old.core.zst
new=$cases/snapshot-new.core.zst

# compare STATUS ARGUMENT...: its output is in $tmp/out and $tmp/err.
compare() {
	local status=$1
	shift
	"$tool" diff "$@" >"$tmp/out" 2>"$tmp/err"
	[ $? -eq "$status" ] || { sed 's/^/# /' "$tmp/err"; return 1; }
}

says() { grep -qF -- "$1" "$tmp/out"; }
complains() { [ ! -s "$tmp/out" ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] && grep -qF -- "$1" "$tmp/err"; }

# Reports of the two, as a user would save them.
reports=
if "$tool" list --json "$exe" "$old" >"$tmp/old.json" 2>/dev/null &&
	"$tool" list --json "$exe" "$new" >"$tmp/new.json" 2>/dev/null &&
	"$tool" diff "$tmp/old.json" "$tmp/old.json" 2>&1 | grep -qv 'without jansson'; then
	reports=yes
fi

# The member "changes" of the JSON in $tmp/out.
changes() { sed -n '/^"changes"/,/^"owner_totals"/p' "$tmp/out" | sed '$d'; }

two_cores() {
	compare 1 "$exe" "$old" "$new" && says 'two snapshots, ' && says '4 added, 2 removed, 11 changed' &&
		says 'moved in both' && says main.snapStalls && ! says main.snapSame
}
same() {
	compare 0 "$exe" "$new" "$new" && says '56 same' && says STALLED && ! says DELTA
}
all_rows() { compare 1 --all "$exe" "$old" "$new" && says main.snapSame; }
few_arguments() { compare 64 "$new" && complains 'OLD and NEW' && compare 64 && complains 'OLD and NEW'; }
three_cores() { compare 64 "$old" "$new" "$new" && complains '--series'; }
orders() {
	compare 64 --sort=size "$exe" "$old" "$new" && grep -q "does not know 'size'" "$tmp/err" &&
		compare 1 --sort=owner "$exe" "$old" "$new" &&
		[ "$(grep -om1 'main.snap[A-Za-z]*' "$tmp/out")" = main.snapChain ]
}
filters() {
	compare 1 --owner=snapDoubles "$exe" "$old" "$new" && says '1 changed' &&
		compare 0 --owner=snapSame "$exe" "$old" "$new" &&
		compare 1 --type='map[int64]' "$exe" "$old" "$new" && says main.snapChain && ! says snapDoubles &&
		compare 1 --min-delta=10K "$exe" "$old" "$new" && says '2 changed' &&
		compare 0 --min-delta=1G "$exe" "$old" "$new" &&
		compare 64 --min-delta=x "$exe" "$old" "$new"
}
another_process() {
	compare 65 "$exe" "$new" "$cases/types.core.zst" && complains 'not snapshots of one process' &&
		compare 1 --force "$exe" "$new" "$cases/types.core.zst" && says '! these are not snapshots of one process'
}
another_order() { compare 1 "$exe" "$new" "$old" && says '! by the runtime' && says 'wrong order'; }
no_such_file() { compare 65 "$exe" "$old" "$tmp/none" && complains "$tmp/none"; }
incomplete() {
	{ zstd -dqc "$new" || bsdcat "$new"; } 2>/dev/null | head -c 1500k >"$tmp/short"
	compare 2 "$exe" "$old" "$tmp/short" && says '! new: the core is cut short'
}

series() {
	compare 1 --series "$exe" "$old" "$new" "$new" && says '3 snapshots over' && says '▁██' && says COURSE &&
		LC_ALL=C compare 1 --series "$exe" "$old" "$new" "$new" && says ' 188 ' &&
		compare 0 --series "$exe" "$new" "$new" "$new"
}
valid() {
	compare 1 "$1" --json "$exe" "$old" "$new" || return 1
	[ -x "$HMS_BUILDDIR/tests/cores/schema-check" ] || return 0
	"$HMS_BUILDDIR/tests/cores/schema-check" "$schema" "$tmp/out" 2>&1 | sed 's/^/# /'
	[ "${PIPESTATUS[0]}" -eq 0 ]
}
html() {
	compare 1 --format=html "$exe" "$old" "$new" && says '<h2>Changes</h2>' &&
		says '<td class=code>main.snapNested[&quot;c&quot;]</td>' && says 'Growth that stands still'
}

saved_as_cores() {
	compare 1 --json "$exe" "$old" "$new" && changes >"$tmp/cores" && [ -s "$tmp/cores" ] &&
		compare 1 --json "$tmp/old.json" "$tmp/new.json" && changes | cmp - "$tmp/cores" &&
		compare 1 --json "$exe" "$tmp/old.json" "$new" && changes | cmp - "$tmp/cores"
}
saved_same() { compare 0 "$tmp/old.json" "$tmp/old.json" && says '54 same'; }
saved_some() {
	"$tool" list --json --type='map[int]' "$exe" "$old" >"$tmp/some.json" &&
		compare 2 "$tmp/some.json" "$tmp/new.json" && says 'of 54 maps'
}
saved_redacted() {
	"$tool" list --json --redact "$exe" "$old" >"$tmp/redacted.json" &&
		compare 0 "$tmp/redacted.json" "$tmp/redacted.json" && says 'lacks the digest'
}
unknown_schema() {
	sed 's|hmapscope/1|hmapscope/2|' "$tmp/old.json" >"$tmp/later.json"
	compare 65 "$tmp/later.json" "$tmp/new.json" && complains "its schema is 'hmapscope/2'"
}
no_snapshot() {
	compare 1 --json "$tmp/old.json" "$tmp/new.json" && cp "$tmp/out" "$tmp/diff.json" &&
		compare 65 "$tmp/diff.json" "$tmp/new.json" && complains "written by 'diff'"
}
# Names that would like to be a terminal's command, or markup.
hostile() {
	local escape='\\u001b]0;x\\u0007'
	sed "s|\"main.snapDropped\"|\"$escape<script>\"|" "$tmp/old.json" >"$tmp/hostile.json"
	compare 1 "$tmp/hostile.json" "$tmp/new.json" && says '\x1b]0;x\a<script>' &&
		! grep -q "$(printf '\033')" "$tmp/out" &&
		compare 1 --format=html "$tmp/hostile.json" "$tmp/new.json" && says '&lt;script&gt;' && ! says '<script>'
}

# Maps that nothing but the sweep of the heap found are told as a sum.
strays() {
	sed '/"main.snapDropped"/{s/"main.snapDropped"/null/;s/"global"/"scan"/;}' "$tmp/old.json" >"$tmp/stray.json"
	compare 1 "$tmp/stray.json" "$tmp/new.json" && says '0 came, 1 went, -4.1K in all' &&
		compare 1 --all "$tmp/stray.json" "$tmp/new.json" && ! says ' in all'
}

holds "two cores" two_cores
holds "a core and itself" same
holds "--all" all_rows
holds "too few arguments" few_arguments
holds "more than two are --series" three_cores
holds "--sort" orders
holds "--type, --owner, --min-delta" filters
holds "another process is refused, unless forced" another_process
holds "snapshots in the wrong order are told" another_order
holds "a file that is not there" no_such_file
holds "a core cut short" incomplete
holds "--series" series
holds "JSON is valid by the schema" valid --all
holds "JSON of a series, too" valid --series
holds "HTML" html
if [ -n "$reports" ]; then
	holds "saved reports tell what the cores tell" saved_as_cores
	holds "a saved report and itself" saved_same
	holds "a saved report with some of the maps" saved_some
	holds "a redacted report" saved_redacted
	holds "maps without an owner are told as a sum" strays
	holds "an unknown schema is refused by its name" unknown_schema
	holds "a report that is no snapshot" no_snapshot
	holds "names in a hostile report" hostile
fi
echo "1..$n"
