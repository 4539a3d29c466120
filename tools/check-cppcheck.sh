#!/usr/bin/env bash
# cppcheck's errors, warnings and portability notes.
# shellcheck source=tools/lint.sh
. "$(dirname "$0")/lint.sh"

lint_needs cppcheck

# returnDanglingLifetime: what a callback returns is an error object, not the pointer it was given.
# identicalInnerCondition: "if (p) return p;" is how a cached pointer is returned.
findings() {
	lint_program | grep '\.c$' | xargs -d '\n' cppcheck \
		-j "$(nproc)" --quiet --std=c11 --language=c --inline-suppr \
		--enable=warning,portability --suppress=missingInclude \
		--suppress=returnDanglingLifetime --suppress=identicalInnerCondition \
		-I src -I . -D_GNU_SOURCE -DHAVE_LIBARCHIVE -DHAVE_JANSSON \
		--template='{file}:{line}: {id}: {message}'
}

lint_none "cppcheck finds nothing" findings
lint_done
