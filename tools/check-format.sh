#!/usr/bin/env bash
# The layout of the C sources is what clang-format 14 makes of .clang-format.
# shellcheck source=tools/lint.sh
. "$(dirname "$0")/lint.sh"

lint_needs clang-format-14
changes() { lint_sources | grep '\.[ch]$' | xargs -d '\n' clang-format-14 --dry-run -Werror; }

lint_none "clang-format has nothing to change" changes
lint_done
