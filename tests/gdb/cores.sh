#!/usr/bin/env bash
# hmapscope.gdb on bundled cores: each command, expressions, errors.
# shellcheck disable=SC2016 # what is gdb's to expand

# shellcheck source=tests/gdb/lib.sh
. "$HMS_SRCDIR/tests/gdb/lib.sh" || exit

any_map_of() {
	"$tool" list --json "$exe" "$core" | sed -nE 's/^\{"addr": "(0x[0-9a-f]+)".*/\1/p' | head -n 30 |
		tr '\n' ' '
}

# ---- each release -------------------------------------------------------------------------------

ask_release() {
	begin "$exe" "$core"
	ask list 'hmapscope list'
	ask report 'hmapscope report'
	ask check 'hmapscope check'
	ask goroutines 'hmapscope goroutines 1'
	ask show 'hmapscope show main.growStrHalf'
	ask entries 'hmapscope entries --limit 5 --where main.growStrHalf'
	ask options "hmapscope list --type 'map[string]' --sort=entries --min-bytes 1K"
	ask json 'hmapscope list --json'
	ask several 'hmapscope show main.growStrHalf main.growString'
	ask register 'with language c -- set $far = (long)&'"'main.growStrHalf'"' - (long)$sp' \
		'hmapscope show *(long*)($sp+$far)'
	ask blanks 'hmapscope show *(long *) ( $sp + $far )'
	ask value "set \$m = $map" 'hmapscope entries --limit=3 $m'
	ask bucket 'hmapscope show *(long*)($m+16)'
	ask variable "hmapscope show &'main.growStrHalf'"
	ask lookup 'hmapscope lookup main.growStrHalf "key_90"'
	ask lookup-value 'set $key = 7' 'hmapscope lookup main.growInt $key'
	ask find 'hmapscope find $m+8 $m'
	ask writers 'hmapscope writers main.growStrHalf'
	ask status 'print $hmapscope_status' 'hmapscope show 16' 'print $hmapscope_status'
	play
}
noted() { same json list --json "$exe" "$core" && says "{\"addr\": \"$map\""; }
finds() { same find find "$exe" "$core" "$(printf '0x%x' $((map + 8)))" "$map" && says main.growStrHalf; }
status() { answer status && says ' = 0' && says ' = 65' && says 'cannot show 0x10' && failed; }

# A variable of the frame that wrote to a nil map; its program noted the map in it.
frame() {
	local accounts
	accounts=$(truth "$HMS_SRCDIR/corefiles/$release/nilmap.truth.json" \
		goroutine:1:main.runNilMap.accounts)
	open_core "$release" nilmap && begin "$exe" "$core"
	ask up 'frame function main.runNilMap' 'down'
	ask show 'hmapscope show accounts'
	play
	same show show "$exe" "$core" "$accounts" && says 'map[string]*main.account'
}
# What entries hold: blanks, backslashes, quotes, bytes that are not UTF-8.
text() {
	local maps
	open_core "$release" types && begin "$exe" "$core"
	maps=$(any_map_of)
	ask entries "hmapscope entries --json $maps"
	play
	# shellcheck disable=SC2086 # a list
	same entries entries --json "$exe" "$core" $maps
}

release() {
	map=$(truth "$HMS_SRCDIR/corefiles/$release/growing.truth.json" main.growStrHalf)
	ask_release
	holds "$release: list" same list list "$exe" "$core"
	holds "$release: report" same report report "$exe" "$core"
	holds "$release: check" same check check "$exe" "$core"
	holds "$release: goroutines" same goroutines goroutines "$exe" "$core" 1
	holds "$release: show" same show show "$exe" "$core" "$map"
	holds "$release: entries" same entries entries --limit 5 --where "$exe" "$core" "$map"
	holds "$release: options are passed on" \
		same options list --type 'map[string]' --sort=entries --min-bytes 1K "$exe" "$core"
	holds "$release: json, with the address that the program noted" noted
	holds "$release: several maps" \
		same several show "$exe" "$core" main.growStrHalf main.growString
	holds "$release: a register in an expression" same register show "$exe" "$core" "$map"
	holds "$release: an expression with blanks" same blanks show "$exe" "$core" "$map"
	holds "$release: a convenience variable" same value entries --limit=3 "$exe" "$core" "$map"
	holds "$release: a bucket or directory leads back to its map" same bucket show "$exe" "$core" "$map"
	holds "$release: so does a variable that holds it" same variable show "$exe" "$core" "$map"
	holds "$release: lookup" same lookup lookup "$exe" "$core" "$map" '"key_90"'
	holds "$release: lookup of gdb's value" same lookup-value lookup "$exe" "$core" main.growInt 7
	holds "$release: find" finds
	holds "$release: writers" same writers writers "$exe" "$core" "$map"
	holds "$release: the exit status" status
	holds "$release: any text arrives" text
	if [ -f "$HMS_SRCDIR/corefiles/$release/nilmap.core.zst" ]; then
		holds "$release: a variable of a frame" frame
	else
		skip "$release: a variable of a frame" "that core is not bundled"
	fi
}

# ---- whatever the release -----------------------------------------------------------------------

helps() {
	local command
	answer help || return
	for command in report list show entries check goroutines writers find lookup rules diff snapshot; do
		says "hmapscope $command -- " || return
		answer "help-$command" && says "Usage: hmapscope $command" || return
		answer help
	done
}
own_help() { answer own-help && says '--min-bytes=' && says 'Usage: hmapscope list'; }
rules() { same rules rules && same rule rules map.count; }
nil() { complains nil "cannot look at '\$zero': it is nil"; }
no_option() { answer no-option && failed && says "unrecognized option '--nonsense'"; }
no_command() { answer no-command && says 'Undefined hmapscope command: "nonsense"'; }
stops() { answer script && failed && silent 'went on'; }
# As an expression, "--$x" counts down.
no_side_effect() { answer counter && says ' = 5'; }
# Echo would expand it, a nested command too; the shell would do worse.
harmless() {
	complains hostile "no map has that owner" && says 'main.nested["$(touch oops)`touch oops`;|$arg0%d\x"]' &&
		[ ! -e oops ]
}
keeps_frame() { answer frame && says '#1 '; }
piped() { "$tool" list "$exe" "$core" | grep -c 0x >want && answer piped && diff want out; }
pages() { same pages list --width=100 --min-bytes 10K "$exe" "$core" && [ "$(wc -L <out)" -le 100 ]; }
differ() { complains differ 'cannot compare: name an older core'; }
differ_file() { same differ-file diff "$exe" "$core" "$core"; }
live_only() { complains snapshot 'gdb has no live process'; }
logs() { grep -q main.growStrHalf log; }

ask_rest() {
	local command
	begin "$exe" "$core"
	ask help 'help hmapscope'
	for command in report list show entries check goroutines writers find lookup rules diff snapshot; do
		ask "help-$command" "help hmapscope $command"
	done
	ask own-help 'hmapscope list --help'
	ask rules 'hmapscope rules'
	ask rule 'hmapscope rules map.count'
	ask nil 'set $zero = 0' 'hmapscope show $zero'
	ask no-map 'hmapscope show 16'
	ask no-owner 'hmapscope show main.growStrHal'
	ask no-option 'hmapscope list --nonsense'
	ask no-command 'hmapscope nonsense'
	printf 'hmapscope show 16\necho went on\\n\n' >script
	ask script 'source script'
	ask counter 'set $x = 5' 'hmapscope list --$x' 'print $x'
	ask hostile 'hmapscope show main.nested["$(touch oops)`touch oops`;|$arg0%d\x"]'
	ask frame 'frame 1' 'hmapscope show $sp+1' 'frame'
	ask piped 'pipe hmapscope list | grep -c 0x'
	ask pages 'set width 100' 'hmapscope list --min-bytes 10K' 'set width 0'
	ask differ 'hmapscope diff'
	ask differ-file "hmapscope diff $core"
	ask snapshot 'hmapscope snapshot'
	ask log 'set logging file log' 'set logging enabled on' 'hmapscope list'
	play
}

rest() {
	open_core 1.21 growing || return
	ask_rest
	holds "help of every command" helps
	holds "the tool's own help" own_help
	holds "rules" rules
	holds "nil" nil
	holds "an address where no map is" complains no-map 'cannot show 0x10'
	holds "an owner that no map has, with a hint" complains no-owner "there is 'main.growStrHal"
	holds "an option that there is not" no_option
	holds "a command that there is not" no_command
	holds "an error stops a script" stops
	holds "options are no expressions" no_side_effect
	holds "words are not run by a shell" harmless
	holds "the selected frame stays" keeps_frame
	holds "output can be piped" piped
	holds "output is as wide as gdb's pages" pages
	holds "diff without snapshots" differ
	holds "diff with an older core" differ_file
	holds "snapshot of a core" live_only
	holds "output is logged" logs
}

# ---- what is open, and which program ------------------------------------------------------------

nothing_open() {
	begin
	ask list 'hmapscope list'
	ask show 'hmapscope show 1 + 1'
	ask rules 'hmapscope rules'
	play
	complains list 'gdb has no core open' && complains show 'gdb has no core open' &&
		same rules rules
}
no_executable() {
	begin -ex "core-file $core"
	ask list 'hmapscope list'
	play
	complains list 'gdb has no executable open (file FILE opens one)'
}
no_program() {
	begin "$exe" "$core"
	program="/nowhere/\$(touch oops)/it's"
	ask list 'hmapscope list'
	ask status 'print $hmapscope_status'
	play
	complains list "there is no program '/nowhere/\$(touch oops)/it's'" &&
		says 'set $hmapscope = "' && answer status && says ' = 127' && [ ! -e oops ]
}
in_path() {
	begin -ex 'set $hmapscope = "hmapscope"' "$exe" "$core"
	ask list 'hmapscope list'
	mkdir -p bin && ln -sf "$tool" bin/hmapscope
	PATH=$PWD/bin:$PATH play
	same list list "$exe" "$core"
}
# Everything has a name that a shell would make something of.
hostile_names() {
	local dir="a  b'c\"d;touch oops;\$(touch oops)\`touch oops\`|&>x" was=$core
	mkdir -p "$dir"
	ln -f "$core" "$dir/$dir.core" && cp "$exe" "$dir/app's \$HOME" && ln -sf "$tool" "$dir/hmap \\ scope"
	begin "$PWD/$dir/app's \$HOME" "$PWD/$dir/$dir.core"
	program="$PWD/$dir/hmap \\ scope"
	ask list 'hmapscope list'
	ask show "hmapscope show $map"
	play
	same list list "$dir/app's \$HOME" "$dir/$dir.core" &&
		same show show "$dir/app's \$HOME" "$dir/$dir.core" "$map" && [ ! -e oops ] &&
		[ "$core" = "$was" ]
}
by_relative_name() {
	ln -f "$core" here.core
	begin -ex "file $exe" -ex 'core-file here.core'
	ask list 'hmapscope list'
	play
	same list list "$exe" here.core
}
# gdb asks for a key in the middle of what is too long for a page.
pager() {
	printf 'set height 12\nset width 80\nhmapscope list\nq\necho and-on\\n\nquit\n' >typed
	script -qefc "stty rows 24 cols 80; gdb -nx -q -iex 'set auto-load no' -iex 'set \$hmapscope = \"$tool\"' \
		-iex 'source $commands' $exe $core" typescript <typed >out 2>&1
	says '--Type <RET> for more' && says 'and-on' && silent 'NO FINDINGS'
}
# The session in README.md is what gdb prints.
readme() {
	local command commands_shown=()
	mapfile -t commands_shown < <(sed -nE 's/^    \(gdb\) ((frame|hmapscope) .*)/\1/p' "$HMS_SRCDIR/README.md")
	[ ${#commands_shown[@]} -ge 3 ] && open_core 1.21 nilmap || return
	ln -f "$core" nilmap.core
	begin "$exe" nilmap.core
	for command in "${commands_shown[@]}"; do
		ask "$command" "$command"
	done
	play
	for command in "${commands_shown[@]}"; do
		[[ $command == hmapscope* ]] || continue
		awk -v from="    (gdb) $command" 'on && /^(    \(gdb\)|$)/ { exit } on { print substr($0, 5) }
			$0 == from { on = 1 }' "$HMS_SRCDIR/README.md" >want
		answer "$command" && [ -s want ] && diff want out >err || return
	done
}
plain() { ! grep -niE 'python|guile' "$commands" >out; }
nothing_left() {
	local tries=0
	while ls -d /tmp/hmapscope-gdb-"$pid"-* >out 2>/dev/null && [ $((tries += 1)) -lt 100 ]; do
		sleep 0.1
	done
	[ ! -s out ]
}
# The directory is there while gdb is, for nobody else.
directory() {
	begin "$exe" "$core"
	ask rules 'hmapscope rules'
	ask mode "eval \"shell stat -c %%a /tmp/hmapscope-gdb-%d-%d\", \$_hmapscope_pid, \$_hmapscope_dir"
	ask pid 'print/d $_hmapscope_pid'
	play
	answer pid && pid=$(sed -nE 's/.* = ([0-9]+)$/\1/p' out) && answer mode && says 700 && nothing_left
}

for release in 1.15 1.21 1.24 1.27; do
	if open_core "$release" growing; then
		release
	else
		skip "$release: every command" "its cores are not bundled"
	fi
done
if open_core 1.21 growing; then
	map=$(truth "$HMS_SRCDIR/corefiles/1.21/growing.truth.json" main.growStrHalf)
	rest
	holds "no core" nothing_open
	holds "no executable" no_executable
	holds "no such program" no_program
	holds "the program in PATH" in_path
	holds "hostile names of program, executable and core" hostile_names
	holds "a core opened by a relative name" by_relative_name
	if script -qefc true typescript </dev/null >/dev/null 2>&1; then
		holds "gdb's pager" pager
	else
		skip "gdb's pager" "script is not installed, or there are no terminals"
	fi
	holds "what it leaves in /tmp" directory
fi
if open_core 1.21 nilmap; then
	holds "README.md's session is real" readme
fi
holds "plain gdb commands" plain
echo "1..$n"
