#!/usr/bin/env bash
# The other checks can fail: each is run on a small tree that holds what it is there to find,
# and on the same tree without it.
# shellcheck source=tools/lint.sh
. "$(dirname "$0")/lint.sh"

tools=$PWD/tools
format=$PWD/.clang-format
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# fresh: a tree in which no check finds anything.
fresh() {
	rm -rf "$tree"
	mkdir -p "$tree"/{src/util,src/map,src/rt,src/cmd,dwarf,man,tools,completions}
	cp "$format" "$tree"
	cp "$tools/lint.sh" "$tree/tools/"
	printf 'int one(void);\n' >"$tree/src/util/one.h"
	printf '#include "util/one.h"\n\nint one(void)\n{\n\treturn 1;\n}\n' >"$tree/src/util/one.c"
	printf '#include "util/one.h"\n#include "map/map.h"\n' >"$tree/src/map/map.c"
	printf 'int map_kind(void);\n' >"$tree/src/map/map.h"
	printf 'int graph(void);\n' >"$tree/src/rt/graph.h"
	printf '#include "rt/graph.h"\n' >"$tree/dwarf/dwarf.c"
	printf '.Dd May 1, 2026\n.Dt ONE 1\n.Os\n.Sh NAME\n.Nm one\n.Nd one\n' >"$tree/man/one.1"
	printf 'dist_man_MANS += man/one.1\n' >"$tree/man/module.am"
}

# Does the check CHECK find something in the tree?
finds() { [[ $'\n'$(HMS_SRCDIR=$tree HMS_BUILDDIR=$tree "$tools/$1" 2>&1) == *$'\nnot ok'* ]]; }

# bites CHECK FILE LINE: with LINE appended to FILE the check finds something, without it nothing.
bites() {
	fresh
	if finds "$1"; then
		echo "$1 finds something in a clean tree:"
		HMS_SRCDIR=$tree HMS_BUILDDIR=$tree "$tools/$1" || true
	fi
	printf '%b\n' "$3" >>"$tree/$2"
	finds "$1" || echo "$1 does not find this in $2: ${3:0:60}"
}

# tool_bites TITLE TOOL CHECK FILE LINE: a test point, where TOOL is there, which CHECK needs.
tool_bites() {
	if command -v "$2" >/dev/null; then
		lint_none "$1" bites "$3" "$4" "$5"
	else
		lint_skip "$1" "$2 is not installed"
	fi
}

# The texts are put together from pieces so that no check finds them in this file.
slash=/
lint_none "an upward include" bites check-layers.sh src/util/one.c '#include "map/map.h"'
lint_none "an upward include by a relative path" \
	bites check-layers.sh src/util/one.c '#include "../map/map.h"'
lint_none "an include of dwarf/ beyond rt/graph.h" \
	bites check-layers.sh dwarf/dwarf.c '#include "rt/rt.h"'
lint_none "a folder without a layer" bites check-layers.sh src/util/one.c '#include "new/new.h"'
lint_none "libdwarf outside dwarf/" bites check-layers.sh src/map/map.c '#include <libdwarf.h>'
lint_none "capstone outside src/disas" \
	bites check-layers.sh src/map/map.c '#include <capstone/capstone.h>'
lint_none "a version number compared" \
	bites check-versions.sh src/map/map.c 'int f(void) { return rt->version.minor >= 24; }'
lint_none "a version text compared" \
	bites check-versions.sh src/map/map.c 'int f(void) { return !strncmp(v, "go1.24", 6); }'
lint_none "a producer asked in the wrong place" \
	bites check-versions.sh src/map/map.c 'const char *p = "Go cmd/compile";'
lint_none "an unbounded copy" bites check-strings.sh src/map/map.c 'int f(void) { str''cpy(a, b); }'
lint_none "atoi" bites check-strings.sh src/map/map.c 'int f(void) { return ato''i(a); }'
lint_none "work left open" bites check-strings.sh src/map/map.c "/* TO""DO: more */"
lint_none "a machine's path" bites check-strings.sh src/map/map.c "/* see ${slash}home/me/x */"
lint_none "a registry's host" bites check-strings.sh src/map/map.c "/* http:$slash/deb.a.org */"
lint_none "a space at the end" bites check-strings.sh src/map/map.c 'int x; '
lint_none "a long file" bites check-size.sh src/map/map.c "$(printf '\\n%.0s' {1..701})"
lint_none "a long function" \
	bites check-size.sh src/map/map.c "int f(void)\n{$(printf '\\n%.0s' {1..123})}"
tool_bites "another layout" clang-format-14 check-format.sh src/map/map.c '    int  x;'
tool_bites "an index beyond an array" cppcheck check-cppcheck.sh src/map/map.c \
	'int f(void)\n{\n\tint a[2];\n\treturn a[5];\n}'
# shellcheck disable=SC2016 # it is the finding
tool_bites "an unquoted expansion" shellcheck check-shell.sh tools/lint.sh 'rm $tree'
lint_none "a manual page that is not installed" bites check-man.sh man/two.1 '.Dd May 1, 2026'
tool_bites "a malformed manual page" mandoc check-man.sh man/one.1 '.Nosuch macro'
lint_done
