#!/usr/bin/env bash
# Includes go only downwards, and each foreign library has one home.
# shellcheck source=tools/lint.sh
. "$(dirname "$0")/lint.sh"

# From top to bottom. A folder may include itself and what stands after it.
layers="main cmd session report diff check ops bare disas find map goro heap rt dwarf core util"
# Besides: dwarf/ fills the type graph that rt owns, through this header alone.
allowed="dwarf:rt/graph.h"

# FILE LINE LAYER-INCLUDED HEADER for each #include "..." that names a folder.
includes() {
	# shellcheck disable=SC2016 # awk's own
	lint_program | xargs -d '\n' awk '
		match($0, /^[ \t]*#[ \t]*include[ \t]*"[^"]+"/) {
			header = $0
			sub(/^[^"]*"/, "", header)
			sub(/".*/, "", header)
			sub(/^(\.\.\/)+/, "", header)
			sub(/^src\//, "", header)
			if (header ~ /\//)
				print FILENAME, FNR, header
		}'
}

upwards() {
	includes | awk -v layers="$layers" -v allowed="$allowed" '
		BEGIN {
			n = split(layers, layer, " ")
			for (i = 1; i <= n; i++) rank[layer[i]] = i
			n = split(allowed, list, " ")
			for (i = 1; i <= n; i++) exempt[list[i]] = 1
		}
		{
			from = $1
			sub(/^src\//, "", from)
			if (from !~ /\//) from = "main/" from
			sub(/\/.*/, "", from)
			to = $3
			sub(/\/.*/, "", to)
			if (!(from in rank)) print $1 ": folder " from " has no layer (tools/check-layers.sh)"
			else if (!(to in rank)) print $1 ":" $2 ": " $3 ": folder " to " has no layer"
			else if (rank[to] < rank[from] && !((from ":" $3) in exempt))
				print $1 ":" $2 ": " from " must not include " $3
		}'
}

# library_outside PATTERN HOME: where a library is included from elsewhere.
library_outside() {
	lint_program | grep -Ev "$2" | lint_grep "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]$1"
}

lint_none "includes go downwards" upwards
lint_none "libdwarf is included in dwarf/ only" \
	library_outside '(libdwarf/)?(libdwarf|dwarf)\.h' '^dwarf/'
lint_none "capstone is included in src/disas only" library_outside capstone '^src/disas/'
lint_none "jansson and libsmartcols stay in renderers and readers" \
	library_outside '(jansson|libsmartcols)' '^src/(report|diff|cmd)/'
lint_done
