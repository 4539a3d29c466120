/*
 * Machine code that is anything: a function's bytes, of which the first says for which machine and
 * how arguments are passed.  Around it are the functions that matter: locks and map functions.
 */
#include "disas/ahead.h"
#include "disas/element.h"
#include "disas/locks.h"
#include "fuzz/fuzz.h"
#include "lib/mkpcln.h"
#include "rt/pclntab.h"

#define CODE  0x400 /* of the function */
#define LIMIT 4096

static const char *const names[] = {
	"sync.(*Mutex).Lock",      "sync.(*Mutex).Unlock", "sync.(*Mutex).lockSlow",
	"runtime.gcWriteBarrier1", "runtime.growWork",     "runtime.typedmemmove",
	"runtime.throw",           "runtime.mapassign",
};

static void ask(struct hms_flow *flow, struct hms_locks *locks)
{
	const struct hms_code *code = hms_flow_code(flow);
	struct hms_flow_state state;

	for (uint32_t i = 0; i < code->ninsns; i++) {
		HMS_AUTO_STR struct hms_str evidence = HMS_STR_INIT;

		hms_flow_at(flow, i, &state);
		FUZZ_CHECK(state.nslots <= HMS_FLOW_SLOTS);
		hms_locks_at(locks, i, &evidence);
		hms_code_reaches(code, 0, hms_code_block_of(code, i));
		if (i > 64)
			break;
	}
}

static enum hms_ahead_verdict note(void *arg, const struct hms_ahead_event *event)
{
	size_t *told = arg;

	FUZZ_CHECK(event->what != HMS_AHEAD_STORE || event->addr.kind != HMS_AHEAD_LOADED);
	hms_ahead_reg(event->state, (uint8_t)*told);
	hms_ahead_stack(event->state, event->addr.value);
	return ++*told % 7 ? HMS_AHEAD_GO_ON : HMS_AHEAD_NEXT_PATH;
}

/* From some of the first instructions, with numbers in all registers and half of a frame. */
static void look_ahead(const struct hms_code *code, const struct hms_pclntab *tab,
		       const struct hms_mem *mem, enum hms_arch arch)
{
	const struct hms_ahead_code ahead = {code, tab, mem, arch, MKPCLN_TEXT, MKPCLN_TEXT + CODE};
	struct hms_ahead_start start = {.known = UINT32_MAX, .frame_len = HMS_AHEAD_FRAME / 2};

	for (uint8_t i = 0; i < HMS_AHEAD_REGS; i++)
		start.regs[i] = MKPCLN_TEXT + CODE + 8 * (uint64_t)i;
	for (uint32_t i = 0; i < code->ninsns && i < 64; i += 13) {
		size_t told = 0;

		start.insn = i;
		start.in_call = code->insns[i].flow == HMS_FLOW_CALL;
		start.returns = i & 1;
		hms_ahead(&ahead, &start, note, &told);
	}
}

static void ask_map(struct hms_mapcode *mc)
{
	const struct hms_code *code = hms_mapcode_code(mc);
	struct hms_mapcode_point point;
	struct hms_holder holder;

	for (uint32_t i = 0; i < code->ninsns; i++) {
		uint64_t pc = code->insns[i].addr;

		hms_mapcode_at(mc, pc, true, &point);
		if (!hms_mapcode_at(mc, pc, false, &point))
			continue;
		FUZZ_CHECK(!(point.always & ~point.ever));
		hms_mapcode_argument(mc, &point, 2, &holder);
	}
}

static void ask_element(struct hms_element *e)
{
	struct hms_element_point points[HMS_ELEMENTS_DUE];
	const struct hms_code *code;

	if (!e)
		return;
	code = hms_element_code(e);
	for (uint32_t i = 0; i < code->ninsns && i < 256; i++) {
		size_t n = hms_element_at(e, code->insns[i].addr, i & 1, points);

		FUZZ_CHECK(n <= HMS_ELEMENTS_DUE);
		for (size_t k = 0; k < n; k++) {
			FUZZ_CHECK(!(points[k].always & ~points[k].ever));
			FUZZ_CHECK(!(points[k].due & points[k].ever));
			FUZZ_CHECK(points[k].call < code->ninsns);
		}
	}
}

static struct mkpcln *world(const uint8_t *data, size_t len)
{
	struct mkpcln *m = mkpcln_create(MKPCLN_1_21);

	mkcore_map(m->core, MKPCLN_TEXT, 0x3000);
	mkcore_put(m->core, MKPCLN_TEXT + CODE, data, len);
	for (uint32_t i = 0; i < HMS_ARRAY_LEN(names); i++)
		mkpcln_func(m, &(struct mkpcln_func){
				       .name = names[i], .start = 0x80 * i, .end = 0x80 * (i + 1)});
	mkpcln_func(m, &(struct mkpcln_func){.name = "runtime.mapassign_faststr",
					     .start = CODE,
					     .end = CODE + (uint32_t)len});
	mkpcln_write(m);
	mkpcln_open(m);
	return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	HMS_AUTO(mkpcln) struct mkpcln *m = NULL;
	HMS_AUTO(hms_pclntab) struct hms_pclntab *tab = NULL;
	HMS_AUTO(hms_disas) struct hms_disas *disas = NULL;
	HMS_AUTO(hms_code) struct hms_code *code = NULL;
	HMS_AUTO(hms_flow) struct hms_flow *flow = NULL;
	HMS_AUTO(hms_locks) struct hms_locks *locks = NULL;
	HMS_AUTO(hms_mapcode) struct hms_mapcode *mc = NULL;
	HMS_AUTO(hms_element) struct hms_element *element = NULL;
	struct hms_elffile exe = {0};
	struct hms_func func;
	struct hms_rt rt;

	if (len < 2 || len > LIMIT)
		return 0;
	m = world(data + 1, len - 1);
	exe.arch = data[0] & 1 ? HMS_ARCH_ARM64 : HMS_ARCH_AMD64;
	rt = m->rt;
	rt.exe = &exe;
	rt.map_kind = data[0] & 4 ? HMS_MAP_SWISS : HMS_MAP_CLASSIC;
	rt.version.major = 1;
	rt.version.minor = data[0] & 2 ? 15 : 21;
	hms_err_free(hms_pclntab_open(&m->rt, &tab));
	FUZZ_CHECK(tab && hms_pclntab_find(tab, MKPCLN_TEXT + CODE, &func));
	hms_err_free(hms_disas_create(exe.arch, &disas));
	hms_err_free(hms_code_read(disas, rt.mem, tab, &func, &code));
	FUZZ_CHECK(code);
	flow = hms_flow_create(code, tab, exe.arch, NULL, NULL, NULL);
	locks = hms_locks_create(flow, tab, exe.arch, !(data[0] & 2), NULL);
	ask(flow, locks);
	look_ahead(code, tab, rt.mem, exe.arch);
	hms_err_free(hms_mapcode_open(&rt, tab, &func, hms_map_func_find(func.name), &mc));
	FUZZ_CHECK(mc);
	ask_map(mc);
	hms_err_free(hms_element_open(&rt, tab, &func, &element));
	ask_element(element);
	return 0;
}
