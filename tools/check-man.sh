#!/usr/bin/env bash
# The manual pages: well-formed, and in step with what the program says of itself.
# shellcheck source=tools/lint.sh
. "$(dirname "$0")/lint.sh"

lint_needs mandoc

mandoc_findings() { lint_files '*.[1-8]' | grep '^man/' | xargs -r -d '\n' mandoc -T lint -W warning; }

lint_none "mandoc finds nothing" mandoc_findings
lint_done
