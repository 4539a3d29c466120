# hmapscope in gdb: the state of a Go program's maps, without leaving the session.
#
#	(gdb) source hmapscope.gdb
#	(gdb) hmapscope list
#	(gdb) hmapscope show $rax
#
# Plain commands of gdb 10 and later, built with an extension language or without. The manual is
# hmapscope-gdb(7); "help hmapscope" is the short form.
#
# How it works: gdb hands the program a request through a pipe. It says what the session has open,
# the words of the command, and what gdb makes of those that are expressions. No text of the user,
# no file name and nothing that was read from the core is ever part of a command for the shell:
# words travel as macros, which "macro list" prints as they are. The answer comes back as a file of
# echo commands, so that it passes through gdb's pager and logging.

# The program, where it is not in PATH: set $hmapscope = "/opt/hmapscope/bin/hmapscope"
init-if-undefined $hmapscope = "hmapscope"

# The program's exit status for the last command: 0 clean, 1 findings or differences, 2 incomplete,
# from 64 on an error; 127 where there is no such program.
init-if-undefined $hmapscope_status = 0

init-if-undefined $_hmapscope_pid = 0
init-if-undefined $_hmapscope_dir = 0
init-if-undefined $_hmapscope_answer = 0
init-if-undefined $_hmapscope_snapshots = 0

define-prefix hmapscope

# ---- the parts that all commands share ----------------------------------------------------------

# gdb has no command that fails with words of one's choice. The sentence stands before this.
define _hmapscope_fail
	hmapscope-failed
end
document _hmapscope_fail
Part of hmapscope: ends a command that failed.
end

# /tmp/hmapscope-gdb-PID-N: made anew and for this user alone, so that what gdb reads there is what
# was written there. Exit codes carry the numbers to gdb. When gdb is gone, whatever way, it goes too,
# and with it the snapshots that no file was named for.
define _hmapscope_directory
	if $_hmapscope_pid == 0
		pipe echo | umask 077; n=0; while [ $n -lt 100 ]; do mkdir "/tmp/hmapscope-gdb-$PPID-$n" 2>/dev/null && break; n=$((n + 1)); done; [ $n -eq 100 ] || (trap '' HUP INT QUIT TERM; while kill -0 $PPID; do sleep 1; done; for f in "/tmp/hmapscope-gdb-$PPID-$n"/temporary.*; do rm -f "$(readlink "$f")"; done; rm -rf "/tmp/hmapscope-gdb-$PPID-$n") </dev/null >/dev/null 2>&1 & exit $n
		set $_hmapscope_dir = $_shell_exitcode
		if $_hmapscope_dir == 100
			echo hmapscope: cannot make a directory in /tmp for what passes between gdb and the program\n
			_hmapscope_fail
		end
		pipe echo | exit $((PPID >> 16 & 255))
		set $_hmapscope_high = $_shell_exitcode
		pipe echo | exit $((PPID >> 8 & 255))
		set $_hmapscope_high = $_hmapscope_high * 256 + $_shell_exitcode
		pipe echo | exit $((PPID & 255))
		set $_hmapscope_pid = $_hmapscope_high * 256 + $_shell_exitcode
	end
end
document _hmapscope_directory
Part of hmapscope: makes the directory for answers and snapshots.
end

define _hmapscope_begin
	_hmapscope_directory
	set $_hmapscope_n = 0
	set $_hmapscope_all = 0
	set $_hmapscope_thread = $_thread
	set $_hmapscope_level = -1
	# Within a pipe gdb has no width.
	set $_hmapscope_columns = $_gdb_setting("width")
end
document _hmapscope_begin
Part of hmapscope: begins a command.
end

# _hmapscope_word NUMBER WORD: a word that means nothing to gdb.
define _hmapscope_word
	eval "macro define _hmapscope_word_%d $arg%d", $arg0, 1
	set $_hmapscope_kind_$arg0 = 0
	set $_hmapscope_n = $arg0 + 1
end
document _hmapscope_word
Part of hmapscope: takes a word as it is.
end

# _hmapscope_map NUMBER WORD: a word that may be an expression. What begins like an option is none:
# "--count" would count a variable of that name down. Nor is what has a string in it: gdb would put
# the string into the process.
define _hmapscope_map
	_hmapscope_word $arg0 $arg1
	eval "macro define _hmapscope_word $arg%d", 1
	if $arg0 == 0
		macro define _hmapscope_upto_0 _hmapscope_word_0
		set $_hmapscope_all = 1
	else
		eval "macro define _hmapscope_upto_%d _hmapscope_upto_%d _hmapscope_word_%d", $arg0, $arg0 - 1, $arg0
	end
	pipe macro list | [ "$(grep -Ec '^macro define _hmapscope_word ([^-"]|-([^-A-Za-z"]|$))[^"]*$')" -gt 0 ]
	if $_shell_exitcode == 0 && $_hmapscope_thread != 0
		_hmapscope_evaluate $arg0 $arg1
	else
		set $_hmapscope_all = 0
	end
end
document _hmapscope_map
Part of hmapscope: takes a word that may be an expression.
end

# In the language of the selected frame; the request tries C for what fails here. Of what is neither
# a number nor a pointer the address is taken.
define _hmapscope_evaluate
	_hmapscope_frame
	set $_hmapscope_value_$arg0 = $_hmapscope_void
	eval "frame apply level %d -s -q -- set $_hmapscope_value_%d = $arg%d", $_hmapscope_level, $arg0, 1
	set $_hmapscope_kind_$arg0 = 1
	if $_isvoid($_hmapscope_value_$arg0)
		set $_hmapscope_kind_$arg0 = 2
	else
		set $_hmapscope_number = $_hmapscope_void
		eval "frame apply level %d -s -q -- set $_hmapscope_number = $_hmapscope_value_%d + 0", $_hmapscope_level, $arg0
		if $_isvoid($_hmapscope_number)
			eval "frame apply level %d -s -q -- set $_hmapscope_value_%d = &($arg%d)", $_hmapscope_level, $arg0, 1
		end
	end
end
document _hmapscope_evaluate
Part of hmapscope: what gdb makes of a word.
end

# Only "frame apply" and its like forgive a command that fails, and the level is nowhere but in what
# "info frame" prints.
define _hmapscope_frame
	if $_hmapscope_level < 0
		pipe info frame | exit $(($(sed -n 's/^Stack level \([0-9]*\),.*/\1/p') / 256))
		set $_hmapscope_level = $_shell_exitcode * 256
		pipe info frame | exit $(($(sed -n 's/^Stack level \([0-9]*\),.*/\1/p') % 256))
		set $_hmapscope_level = $_hmapscope_level + $_shell_exitcode
	end
end
document _hmapscope_frame
Part of hmapscope: finds the level of the selected frame.
end

# _hmapscope_key NUMBER WORD: a key; gdb is asked where that is plainly meant.
define _hmapscope_key
	_hmapscope_word $arg0 $arg1
	set $_hmapscope_all = 0
	eval "macro define _hmapscope_word $arg%d", 1
	pipe macro list | [ "$(grep -Ec '^macro define _hmapscope_word [$(*&][^"]*$')" -gt 0 ]
	if $_shell_exitcode == 0 && $_hmapscope_thread != 0
		_hmapscope_evaluate $arg0 $arg1
		set $_hmapscope_kind_$arg0 = 3
	end
end
document _hmapscope_key
Part of hmapscope: takes the key for a lookup.
end

# What the program reads; its first line is for the shell.
define _hmapscope_request
	printf "%s\n", $hmapscope
	printf "hmapscope-command %s\n", $_hmapscope_command
	printf "hmapscope-directory %d %d\n", $_hmapscope_pid, $_hmapscope_dir
	printf "hmapscope-answer %d\n", $_hmapscope_answer
	printf "hmapscope-snapshots %d\n", $_hmapscope_snapshots
	printf "hmapscope-words %d\n", $_hmapscope_n
	printf "hmapscope-thread %d\n", $_hmapscope_thread
	set $_hmapscope_i = 0
	while $_hmapscope_i < $_hmapscope_n
		eval "_hmapscope_value %d", $_hmapscope_i
		set $_hmapscope_i = $_hmapscope_i + 1
	end
	if $_hmapscope_all && $_hmapscope_n > 1
		eval "frame apply level %d -s -q -- with language c -- printf \"hmapscope-value all 0x%%lx\\n\", (unsigned long)(_hmapscope_upto_%d)", $_hmapscope_level, $_hmapscope_n - 1
	end
	printf "hmapscope-columns %d\n", $_hmapscope_columns
	macro list
	info files
end
document _hmapscope_request
Part of hmapscope: prints what the program is asked.
end

define _hmapscope_value
	if $_hmapscope_kind_$arg0 == 1
		frame apply level $_hmapscope_level -s -q -- with language c -- printf "hmapscope-value $arg0 0x%lx\n", (unsigned long)$_hmapscope_value_$arg0
	end
	if $_hmapscope_kind_$arg0 == 2
		frame apply level $_hmapscope_level -s -q -- with language c -- printf "hmapscope-value $arg0 0x%lx\n", (unsigned long)(_hmapscope_word_$arg0)
	end
	if $_hmapscope_kind_$arg0 == 3
		printf "hmapscope-key $arg0 "
		output $_hmapscope_value_$arg0
		echo \n
	end
end
document _hmapscope_value
Part of hmapscope: prints the value of a word.
end

# Ask, and leave the exit status in $_hmapscope_status.
define _hmapscope_ask
	set $_hmapscope_answer = $_hmapscope_answer + 1
	pipe _hmapscope_request | IFS= read -r tool; case $tool in '~'/*) tool=$HOME/${tool#??} ;; esac; if command -v "$tool" >/dev/null 2>&1; then exec "$tool" gdb; fi; cat >/dev/null; exit 127
	set $_hmapscope_status = 127
	if $_isvoid($_shell_exitcode)
		echo hmapscope: interrupted\n
		_hmapscope_fail
	end
	set $_hmapscope_status = $_shell_exitcode
end
document _hmapscope_ask
Part of hmapscope: hands a request to the program.
end

define _hmapscope_run
	_hmapscope_ask
	set $hmapscope_status = $_hmapscope_status
	if $hmapscope_status == 127
		printf "hmapscope: there is no program '%s'; name it with: set $hmapscope = \"/path/to/hmapscope\"\n", $hmapscope
		_hmapscope_fail
	end
	eval "source /tmp/hmapscope-gdb-%d-%d/answer.%d", $_hmapscope_pid, $_hmapscope_dir, $_hmapscope_answer
	if $hmapscope_status >= 64
		_hmapscope_fail
	end
end
document _hmapscope_run
Part of hmapscope: asks the program and prints the answer.
end

# ---- the commands -------------------------------------------------------------------------------

define hmapscope report
	_hmapscope_begin
	set $_hmapscope_command = "report"
	while $_hmapscope_n < $argc
		eval "_hmapscope_map %d $arg%d", $_hmapscope_n, $_hmapscope_n
	end
	_hmapscope_run
end
document hmapscope report
The maps that matter, what is wrong with them, and what they were doing.
Usage: hmapscope report [OPTION]... [MAP]...
"hmapscope report --help" lists the options. A MAP is an expression or an
owner, see "help hmapscope show".
end

define hmapscope list
	_hmapscope_begin
	set $_hmapscope_command = "list"
	while $_hmapscope_n < $argc
		eval "_hmapscope_map %d $arg%d", $_hmapscope_n, $_hmapscope_n
	end
	_hmapscope_run
end
document hmapscope list
One line a map: address, bytes, entries, load, growth, type, owner.
Usage: hmapscope list [OPTION]... [MAP]...

  hmapscope list --type map[string] --min-bytes 1M --sort entries

"hmapscope list --help" lists the options.
end

define hmapscope show
	_hmapscope_begin
	set $_hmapscope_command = "show"
	while $_hmapscope_n < $argc
		eval "_hmapscope_map %d $arg%d", $_hmapscope_n, $_hmapscope_n
	end
	_hmapscope_run
end
document hmapscope show
All about a map: header, growth, a picture of its buckets, findings.
Usage: hmapscope show [OPTION]... MAP...

A MAP is an expression that gdb evaluates in the selected frame to a map or
an address, or an owner as "hmapscope list" prints it. An address inside of a
map (a bucket, a group, a slot, a variable that holds the map) does as well.

  hmapscope show $rax
  hmapscope show c.items
  hmapscope show *(long*)($sp + 8)
  hmapscope show main.nested["k3"]

An expression with blanks in it stands alone, without options.
end

define hmapscope entries
	_hmapscope_begin
	set $_hmapscope_command = "entries"
	while $_hmapscope_n < $argc
		eval "_hmapscope_map %d $arg%d", $_hmapscope_n, $_hmapscope_n
	end
	_hmapscope_run
end
document hmapscope entries
Keys and elements of a map, decoded by their types.
Usage: hmapscope entries [OPTION]... MAP...

  hmapscope entries --limit=20 --stale c.items

MAP is an expression or an owner, see "help hmapscope show".
"hmapscope entries --help" lists the options.
end

define hmapscope check
	_hmapscope_begin
	set $_hmapscope_command = "check"
	while $_hmapscope_n < $argc
		eval "_hmapscope_map %d $arg%d", $_hmapscope_n, $_hmapscope_n
	end
	_hmapscope_run
end
document hmapscope check
The rules that a sound map keeps, down to the hash of each key.
Usage: hmapscope check [OPTION]... [MAP]...
"hmapscope check --help" lists the options, "hmapscope rules" the rules.
end

define hmapscope goroutines
	_hmapscope_begin
	set $_hmapscope_command = "goroutines"
	while $_hmapscope_n < $argc
		eval "_hmapscope_word %d $arg%d", $_hmapscope_n, $_hmapscope_n
	end
	_hmapscope_run
end
document hmapscope goroutines
Goroutines, equal stacks once, with what they wait for or do to maps.
Usage: hmapscope goroutines [OPTION]... [GOID]...
"hmapscope goroutines --help" lists the options.
end

define hmapscope writers
	_hmapscope_begin
	set $_hmapscope_command = "writers"
	while $_hmapscope_n < $argc
		eval "_hmapscope_map %d $arg%d", $_hmapscope_n, $_hmapscope_n
	end
	_hmapscope_run
end
document hmapscope writers
Every place in the program's code that writes a map.
Usage: hmapscope writers [OPTION]... [MAP]...
With MAPs: only those that write maps of such types.
"hmapscope writers --help" lists the options.
end

define hmapscope find
	_hmapscope_begin
	set $_hmapscope_command = "find"
	while $_hmapscope_n < $argc
		eval "_hmapscope_map %d $arg%d", $_hmapscope_n, $_hmapscope_n
	end
	_hmapscope_run
end
document hmapscope find
What an address is: map, bucket, slot, heap object, stack, variable, function.
Usage: hmapscope find [OPTION]... ADDRESS...

  hmapscope find $rdi $rsi
  hmapscope find *(long*)($sp + 8)

ADDRESS is an expression. One with blanks in it stands alone, without options.
end

define hmapscope lookup
	_hmapscope_begin
	set $_hmapscope_command = "lookup"
	while $_hmapscope_n < $argc
		# The key is the last word, whatever options stand before it.
		if $_hmapscope_n == $argc - 1
			eval "_hmapscope_key %d $arg%d", $_hmapscope_n, $_hmapscope_n
		else
			eval "_hmapscope_map %d $arg%d", $_hmapscope_n, $_hmapscope_n
		end
	end
	_hmapscope_run
end
document hmapscope lookup
What a lookup of a key does: its hash, where it looks, where it stops.
Usage: hmapscope lookup [OPTION]... MAP KEY

MAP is an expression or an owner, see "help hmapscope show". KEY is written as
for the program; it is gdb's where it begins with $, (, * or &.

  hmapscope lookup c.items "key_90"
  hmapscope lookup c.byID $rcx
  hmapscope lookup c.byID (user.id)
end

define hmapscope rules
	_hmapscope_begin
	set $_hmapscope_command = "rules"
	while $_hmapscope_n < $argc
		eval "_hmapscope_word %d $arg%d", $_hmapscope_n, $_hmapscope_n
	end
	_hmapscope_run
end
document hmapscope rules
The rules that check, report and show go by.
Usage: hmapscope rules [RULE]...
With a RULE: what it checks, what a breach means, what may excuse one.
end

define hmapscope diff
	_hmapscope_begin
	set $_hmapscope_command = "diff"
	while $_hmapscope_n < $argc
		eval "_hmapscope_word %d $arg%d", $_hmapscope_n, $_hmapscope_n
	end
	_hmapscope_run
end
document hmapscope diff
What changed in the maps between two snapshots of a process.
Usage: hmapscope diff [OPTION]... [OLD [NEW]]

Without file names: the last two that "hmapscope snapshot" took. With OLD, a
core: from there to the core that is open, or to the last snapshot.
"hmapscope diff --help" lists the options.
end

define _hmapscope_generate
	eval "generate-core-file /tmp/hmapscope-gdb-%d-%d/snapshot.%d", $_hmapscope_pid, $_hmapscope_dir, $_hmapscope_snapshots + 1
end
document _hmapscope_generate
Part of hmapscope: has gdb write a core.
end

define hmapscope snapshot
	dont-repeat
	_hmapscope_begin
	set $_hmapscope_command = "snapshot"
	while $_hmapscope_n < $argc
		eval "_hmapscope_word %d $arg%d", $_hmapscope_n, $_hmapscope_n
	end
	_hmapscope_run
	# gdb calls the file by a name that is for the program only.
	pipe _hmapscope_generate | cat >/dev/null
	set $_hmapscope_snapshots = $_hmapscope_snapshots + 1
	set $_hmapscope_command = "snapshot-taken"
	_hmapscope_run
end
document hmapscope snapshot
Take a core of the live process; the other commands then work on that.
Usage: hmapscope snapshot [FILE]

Without FILE it is a temporary file, which is removed when gdb ends. The
process goes on where it was. After a second one, "hmapscope diff" says what
changed in between.
end

document hmapscope
What state the maps of a Go program are in.

The commands work on the core that is open, or on the last snapshot that
"hmapscope snapshot" took of a live process. They take the options of the
program hmapscope(1), and leave its exit status in $hmapscope_status.

Set $hmapscope = "/path/to/hmapscope" where the program is not in PATH.
The manual is hmapscope-gdb(7).
end
