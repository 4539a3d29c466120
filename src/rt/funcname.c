/* Names of functions: what they say of a function's part in a stack walk, how they are printed. */
#include <stdlib.h>
#include <string.h>

#include "rt/pclntab.h"

/* Sorted by name, without "runtime.". */
static const struct named_kind {
	const char *name;
	enum hms_func_kind kind;
} kinds[] = {
	{"asmcgocall", HMS_FUNC_ASMCGOCALL},
	{"asyncPreempt", HMS_FUNC_ASYNC_PREEMPT},
	{"cgoSigtramp", HMS_FUNC_SIGTRAMP},
	{"cgocallback", HMS_FUNC_CGOCALLBACK},
	{"cgocallback_gofunc", HMS_FUNC_CGOCALLBACK}, /* to 1.15 */
	{"corostart", HMS_FUNC_COROSTART},
	{"debugCallV1", HMS_FUNC_DEBUG_CALL},
	{"debugCallV2", HMS_FUNC_DEBUG_CALL},
	{"goexit", HMS_FUNC_GOEXIT},
	{"handleAsyncEvent", HMS_FUNC_EVENT_HANDLER},
	{"main", HMS_FUNC_RUNTIME_MAIN},
	{"mcall", HMS_FUNC_MCALL},
	{"morestack", HMS_FUNC_MORESTACK},
	{"mstart", HMS_FUNC_MSTART},
	{"nanotime1", HMS_FUNC_VDSO},
	{"rt0_go", HMS_FUNC_RT0_GO},
	{"runCleanups", HMS_FUNC_CLEANUPS},     /* 1.25+ */
	{"runFinalizers", HMS_FUNC_FINALIZERS}, /* 1.25+ */
	{"runfinq", HMS_FUNC_FINALIZERS},
	{"sigpanic", HMS_FUNC_SIGPANIC},
	{"sigreturn", HMS_FUNC_SIGRETURN},
	{"sigreturn__sigaction", HMS_FUNC_SIGRETURN}, /* 1.23+ */
	{"sigtramp", HMS_FUNC_SIGTRAMP},
	{"systemstack", HMS_FUNC_SYSTEMSTACK},
	{"systemstack_switch", HMS_FUNC_SYSTEMSTACK_SWITCH},
	{"vgetrandom1", HMS_FUNC_VDSO}, /* 1.24+ */
	{"walltime", HMS_FUNC_VDSO},
	{"walltime1", HMS_FUNC_VDSO}, /* to 1.16 */
};

static int compare_kind(const void *key, const void *row)
{
	return strcmp(key, ((const struct named_kind *)row)->name);
}

enum hms_func_kind hms_func_kind(const struct hms_func *func)
{
	static const char prefix[] = "runtime.";
	const struct named_kind *row;

	if (!func->name)
		return HMS_FUNC_ORDINARY;
	/* Assembly of package runtime, 1.16+ */
	if (!strcmp(func->name, "time.now"))
		return HMS_FUNC_VDSO;
	if (strncmp(func->name, prefix, sizeof(prefix) - 1) != 0)
		return HMS_FUNC_ORDINARY;
	row = bsearch(func->name + sizeof(prefix) - 1, kinds, HMS_ARRAY_LEN(kinds),
		      sizeof(kinds[0]), compare_kind);
	return row ? row->kind : HMS_FUNC_ORDINARY;
}

/* Go 1.17 marks such functions ("runtime,cmd/...: mark functions in asm as TOPFRAME"); before
 * that, the runtime compared function IDs (topofstack). */
bool hms_func_is_top(const struct hms_func *func, enum hms_func_kind kind)
{
	switch (kind) {
	case HMS_FUNC_GOEXIT:
	case HMS_FUNC_MSTART:
	case HMS_FUNC_RT0_GO: return true;
	default: return func->flags & HMS_FUNC_TOP_FRAME;
	}
}

/* Where the brackets of a generic method of a generic type part: "[A]).M[B]" (Go 1.27; the
 * runtime's funcNamePiecesForPrint).  1: they part at [*close_ret, *open_ret]; 0: one pair; -1:
 * not balanced. */
static int bracket_parts(const char *s, size_t len, size_t *close_ret, size_t *open_ret)
{
	bool closed = false;
	int depth = 1;

	if (!memchr(s, '[', len))
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '[') {
			depth++;
			if (depth != 1)
				continue;
			*open_ret = i;
			return 1;
		}
		if (s[i] == ']') {
			depth--;
			if (depth < 0)
				return -1;
			if (depth != 0)
				continue;
			*close_ret = i;
			closed = true;
		}
	}
	return depth == 1 && !closed ? 0 : -1;
}

void hms_func_print_name(const char *name, struct hms_str *ret)
{
	const char *open = strchr(name, '[');
	const char *close = strrchr(name, ']');
	size_t mid_from = 0, mid_to = 0;
	int parts;

	if (!strcmp(name, "runtime.gopanic")) {
		hms_str_add(ret, "panic");
		return;
	}
	if (!open || !close || close <= open) {
		hms_str_add(ret, name);
		return;
	}
	parts = bracket_parts(open + 1, (size_t)(close - open - 1), &mid_from, &mid_to);
	if (parts < 0) {
		hms_str_add(ret, name);
		return;
	}
	hms_str_addn(ret, name, (size_t)(open - name));
	hms_str_add(ret, "[...]");
	if (parts) {
		hms_str_addn(ret, open + 1 + mid_from + 1, mid_to - mid_from - 1);
		hms_str_add(ret, "[...]");
	}
	hms_str_add(ret, close + 1);
}
