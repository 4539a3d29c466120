/*
 * What a write has done at each instruction of the runtime's map functions, against the memory of
 * a process that gdb takes through them instruction by instruction (steps.sh).
 *
 *	steps script EXE CORE IGNORE   gdb commands that print a trace of each function
 *	steps check EXE CORE <TRACE    compare
 *
 * A trace is a line "T ENTRY KEY" when a function is entered, then for each instruction to come
 * "S PC FLAG COUNT UNIT ADDR SIZE WORDS...": the writing flag, the header's count, the bytes of a
 * bucket or group, and the memory that holds the entries: the buckets (none while the map grows),
 * or the groups of a small map or of the first table.  Then "R PC WORDS..." with the registers, in
 * DWARF's order, and gdb's own dump of the frame.  "E ELEM" ends it, with what the function
 * returned.  CORE is any core of EXE, which is linked at a fixed address.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disas/mapcode.h"
#include "ops/slot.h"
#include "session/session.h"
#include "util/arena.h"

#define MAX_BYTES   1536 /* of entries that a line holds */
#define ABOVE_ENTRY 112  /* bytes of the stack above the entry's stack pointer */

/* Called by the others, with the flag set: what is looked at is which slot they have settled on. */
static bool is_inner(const char *name)
{
	return strstr(name, ".putSlotSmall") || strstr(name, ".deleteSmall") ||
	       !strcmp(name, "internal/runtime/maps.(*table).Delete");
}

static bool traced(const struct hms_func *func, const struct hms_map_func *row)
{
	if (!row || !hms_map_op_writes(row->op) || row->op == HMS_MAP_GROW)
		return false;
	return !strncmp(func->name, "runtime.mapassign", 17) ||
	       !strncmp(func->name, "runtime.mapdelete", 17) ||
	       !strcmp(func->name, "internal/runtime/maps.(*Map).Delete") || is_inner(func->name);
}

static uint32_t fact(const struct hms_session *s, enum hms_fact_id classic, enum hms_fact_id swiss)
{
	return hms_layout_off(&s->rt->layout, s->rt->map_kind == HMS_MAP_CLASSIC ? classic : swiss);
}

/* ---- gdb commands -------------------------------------------------------------------------- */

static bool is_arm64(const struct hms_session *s)
{
	return s->exe->arch == HMS_ARCH_ARM64;
}

static void print_argument(const struct hms_session *s, int i)
{
	static const char *const regs[] = {"$rax", "$rbx", "$rcx", "$rdi", "$rsi"};

	if (!hms_go_version_register_abi(&s->rt->version, s->exe->arch))
		printf("*(long*)($sp+%d)", 8 + 8 * i);
	else if (is_arm64(s))
		printf("$x%d", i);
	else
		printf("%s", regs[i]);
}

/* All registers, by DWARF number. */
static void print_registers(const struct hms_session *s)
{
	printf("  printf \"R %%lx\", $pc\n");
	if (!is_arm64(s)) {
		printf("  printf \" %%lx %%lx %%lx %%lx %%lx %%lx %%lx %%lx\", "
		       "$rax, $rdx, $rcx, $rbx, $rsi, $rdi, $rbp, $rsp\n"
		       "  printf \" %%lx %%lx %%lx %%lx %%lx %%lx %%lx %%lx\", "
		       "$r8, $r9, $r10, $r11, $r12, $r13, $r14, $r15\n");
	} else {
		for (int i = 0; i <= 30; i++)
			printf("  printf \" %%lx\", $x%d\n", i);
		printf("  printf \" %%lx\", $sp\n");
	}
	printf("  printf \"\\n\"\n");
}

/* Where the entries are: $b and $n. */
static void print_place(const struct hms_session *s)
{
	const struct hms_layout *l = &s->rt->layout;

	if (s->rt->map_kind == HMS_MAP_CLASSIC) {
		printf("  set $b = *(long*)($m+%u)\n"
		       "  set $unit = *(unsigned short*)($t+%u)\n"
		       "  set $n = (1 << *(char*)($m+%u)) * $unit\n"
		       "  if *(long*)($m+%u) != 0\n    set $n = 0\n  end\n",
		       hms_layout_off(l, HMS_F_HMAP_BUCKETS),
		       hms_layout_off(l, HMS_F_MAPTYPE_BUCKETSIZE), hms_layout_off(l, HMS_F_HMAP_B),
		       hms_layout_off(l, HMS_F_HMAP_OLDBUCKETS));
		return;
	}
	printf("  set $b = *(long*)($m+%u)\n"
	       "  set $unit = *(long*)($t+%u)\n  set $n = $unit\n"
	       "  if *(long*)($m+%u) > 0\n"
	       "    set $tab = *(long*)$b\n"
	       "    set $b = *(long*)($tab+%u)\n"
	       "    set $n = $n * (*(long*)($tab+%u) + 1)\n"
	       "  end\n",
	       hms_layout_off(l, HMS_F_SMAP_DIRPTR), hms_layout_off(l, HMS_F_MAPTYPE_GROUPSIZE),
	       hms_layout_off(l, HMS_F_SMAP_DIRLEN), hms_layout_off(l, HMS_F_TABLE_GROUPS_DATA),
	       hms_layout_off(l, HMS_F_TABLE_GROUPS_MASK));
}

static void print_definitions(const struct hms_session *s)
{
	printf("define state\n");
	print_place(s);
	printf("  if $b == 0 || $n > %d\n    set $n = 0\n  end\n"
	       "  printf \"S %%lx %%d %%ld %%d %%lx %%d\", $pc, *(unsigned char*)($m+%u) & %d, "
	       "*(long*)($m+%u), $unit, $b, $n\n"
	       "  set $i = 0\n  while $i < $n\n"
	       "    printf \" %%lx\", *(unsigned long*)($b+$i)\n    set $i = $i + 8\n  end\n"
	       "  printf \"\\n\"\nend\n",
	       MAX_BYTES, fact(s, HMS_F_HMAP_FLAGS, HMS_F_SMAP_WRITING),
	       s->rt->map_kind == HMS_MAP_CLASSIC ? 4 : 1,
	       fact(s, HMS_F_HMAP_COUNT, HMS_F_SMAP_USED));
	printf("define frame_state\n");
	print_registers(s);
	printf("  eval \"x/%%dxg $sp\", ($sp0 - $sp) / 8 + %d\nend\n", ABOVE_ENTRY / 8);
	/* To the function's return; a stack that moves ends it too. */
	printf("define trace\n"
	       "  printf \"T %%lx %%lx %%lx\\n\", $entry, $key, $t\n"
	       "  set $sp0 = $sp\n  set $steps = 0\n  set $back = %s\n"
	       "  while $m != 0 && $sp <= $sp0 && $sp > $sp0 - 4096 && $pc != $back && "
	       "$steps < 600\n"
	       "    if $pc >= $entry && $pc < $end\n      state\n      frame_state\n    end\n"
	       "    nexti\n    set $steps = $steps + 1\n  end\n"
	       "  if $sp == $sp0 + %d && ($back == 0 || $pc == $back)\n"
	       "    if $result\n      set $elem = *(long*)($sp0 + $result)\n"
	       "    else\n      set $elem = %s\n    end\n"
	       "    printf \"E %%lx\\n\", $elem\n  end\nend\n",
	       is_arm64(s) ? "$x30" : "0", is_arm64(s) ? 0 : 8, is_arm64(s) ? "$x0" : "$rax");
}

static void print_function(const struct hms_session *s, const struct hms_func *func,
			   const struct hms_map_func *row, int ignore, int number)
{
	printf("break *0x%" PRIx64 "\n", func->entry);
	if (ignore)
		printf("ignore %d %d\n", number, ignore);
	printf("commands %d\nsilent\nset $entry = 0x%" PRIx64 "\nset $end = 0x%" PRIx64
	       "\nset $t = ",
	       number, func->entry, func->end);
	print_argument(s, row->type_arg);
	printf("\nset $m = ");
	print_argument(s, row->map_arg);
	printf("\nset $key = ");
	print_argument(s, 2);
	/* The result: in a register, or the last word of the arguments. */
	printf("\nset $result = %d\ndisable %d\nend\n",
	       hms_go_version_register_abi(&s->rt->version, s->exe->arch) ? 0 : func->args, number);
}

static int print_script(const struct hms_session *s, int ignore)
{
	size_t n = hms_pclntab_nfuncs(s->pclntab);
	struct hms_func func;
	int number = 0;

	printf("set pagination off\nset confirm off\nset width 0\nset language c\n"
	       "set debuginfod enabled off\n"
	       "handle SIGURG nostop noprint pass\n");
	print_definitions(s);
	for (size_t i = 0; i < n; i++) {
		const struct hms_map_func *row;

		if (!hms_pclntab_func(s->pclntab, i, &func) || !func.name)
			continue;
		row = hms_map_func_find(func.name);
		if (traced(&func, row))
			print_function(s, &func, row, ignore, ++number);
	}
	/* An emulator waits for gdb, and has started the program. */
	printf("%s\nset scheduler-locking step\ntrace\n", is_arm64(s) ? "continue" : "run");
	/* From one breakpoint to the next; the end of the process ends it. */
	for (int i = 1; i < number; i++)
		printf("continue\ntrace\n");
	return 0;
}

/* ---- comparison ---------------------------------------------------------------------------- */

struct line {
	uint64_t pc;
	unsigned int flag;
	int64_t count;
	size_t unit;
	uint64_t addr;
	size_t size;
	uint8_t bytes[MAX_BYTES];
};

static bool parse(char *text, struct line *ret)
{
	int used = 0;
	char *p;

	if (sscanf(text, "S %" SCNx64 " %u %" SCNd64 " %zu %" SCNx64 " %zu%n", &ret->pc, &ret->flag,
		   &ret->count, &ret->unit, &ret->addr, &ret->size, &used) != 6 ||
	    ret->size > MAX_BYTES || ret->unit < 16)
		return false;
	p = text + used;
	for (size_t i = 0; i < ret->size; i += 8) {
		uint64_t word = strtoull(p, &p, 16);

		memcpy(ret->bytes + i, &word, 8);
	}
	return true;
}

/* A slot that was named at a pc. */
struct named {
	uint64_t pc;
	bool in_call;
	struct hms_operation_slot slot;
};

#define MAX_NAMED 2048 /* of one trace */

struct checking {
	const struct hms_session *session;
	struct hms_mapcode *code;
	const struct hms_map_func *row;
	char name[256];
	uint64_t key;
	bool begun;
	struct line first;
	size_t claims[8], wrong, traces;
	/* for slots */
	struct hms_func func;
	const struct hms_map_type *type;
	uint64_t entry_sp;
	uint64_t elem; /* what the function returned */
	bool returned;
	struct line last;
	struct hms_ahead_start start; /* as the last R line and the dump behind it say */
	uint64_t start_pc;
	struct named named[MAX_NAMED];
	size_t nnamed, writes, deletes, in_calls, unjudged;
};

enum { FLAG_SET, FLAG_NOT, COUNT_DONE, COUNT_NOT, MARK_DONE, MARK_NOT, KEY_DONE, KEY_NOT };

static const char *const claim_names[] = {
	"flag set", "flag not set",       "count changed", "count as it was",
	"mark set", "marks as they were", "key stored",    "entries as they were"};

static void claim(struct checking *c, int which, const struct line *line, bool holds)
{
	c->claims[which]++;
	if (holds)
		return;
	if (c->wrong < 20)
		printf("# %s at 0x%" PRIx64 ": %s does not hold\n", c->name, line->pc,
		       claim_names[which]);
	c->wrong++;
}

/* Marks are the first eight bytes of each bucket or group. */
static bool differ(const struct checking *c, const struct line *line, bool marks)
{
	for (size_t i = 0; i < line->size; i++)
		if ((i % line->unit < 8) == marks && line->bytes[i] != c->first.bytes[i])
			return true;
	return false;
}

static bool holds_key(const struct checking *c, const struct line *line, size_t width)
{
	for (size_t i = 8; i + width <= line->size; i += width)
		if (!memcmp(line->bytes + i, &c->key, width))
			return true;
	return false;
}

/* Are there overflow buckets?  The trace does not hold what lies in them.  A bucket's last word is
 * the pointer to the next. */
static bool chained(const struct checking *c, const struct line *line)
{
	if (c->session->rt->map_kind != HMS_MAP_CLASSIC)
		return false;
	for (size_t end = line->unit; end <= line->size; end += line->unit)
		if (hms_le64(line->bytes + end - 8))
			return true;
	return false;
}

static void check_entries(struct checking *c, const struct line *line,
			  const struct hms_mapcode_point *p)
{
	const uint32_t key = HMS_DEED_KEY | HMS_DEED_KEY_LEN | HMS_DEED_BOX | HMS_DEED_WIPED;
	bool fast32 = strstr(c->name, "_fast32"), fast = strstr(c->name, "mapassign_fast");

	/* Only while they lie where they did, and nobody moves them. */
	if (line->addr != c->first.addr || line->size != c->first.size || !line->size ||
	    chained(c, line))
		return;
	if (p->always & HMS_DEED_MARK)
		claim(c, MARK_DONE, line, differ(c, line, true));
	if (!(p->ever & HMS_DEED_MARK))
		claim(c, MARK_NOT, line, !differ(c, line, true));
	if (fast && p->always & HMS_DEED_KEY)
		claim(c, KEY_DONE, line, holds_key(c, line, fast32 ? 4 : 8));
	if (!(p->ever & key))
		claim(c, KEY_NOT, line, !differ(c, line, false));
}

static void check_line(struct checking *c, const struct line *line)
{
	int64_t by = c->row->op == HMS_MAP_WRITE ? 1 : -1;
	struct hms_mapcode_point p;

	/* The first buckets of a map are made on the way. */
	if (!c->begun || (!c->first.size && line->size)) {
		int64_t count = c->begun ? c->first.count : line->count;

		c->first = *line;
		c->first.count = count;
		c->begun = true;
	}
	if (!hms_mapcode_at(c->code, line->pc, false, &p)) {
		printf("# %s at 0x%" PRIx64 ": no path leads there\n", c->name, line->pc);
		c->wrong++;
		return;
	}
	if (p.always & HMS_DEED_FLAG_SET && !(p.ever & HMS_DEED_FLAG_CLEARED))
		claim(c, FLAG_SET, line, line->flag);
	if (!(p.ever & HMS_DEED_FLAG_SET) || p.always & HMS_DEED_FLAG_CLEARED)
		claim(c, FLAG_NOT, line, !line->flag);
	if (p.always & HMS_DEED_COUNT)
		claim(c, COUNT_DONE, line, line->count == c->first.count + by);
	if (!(p.ever & HMS_DEED_COUNT))
		claim(c, COUNT_NOT, line, line->count == c->first.count);
	check_entries(c, line, &p);
}

/* ---- slots --------------------------------------------------------------------------------- */

/* In the memory that the last line holds. */
static bool find_unit(void *arg, uint64_t addr, struct hms_operation_slot *ret)
{
	const struct checking *c = arg;

	if (addr < c->last.addr || addr - c->last.addr >= c->last.size)
		return false;
	*ret = (struct hms_operation_slot){.bucket = (addr - c->last.addr) / c->last.unit};
	ret->unit = c->last.addr + ret->bucket * c->last.unit;
	return true;
}

static uint8_t sp_number(const struct checking *c)
{
	return is_arm64(c->session) ? HMS_REG_SP : HMS_REG_RSP;
}

static uint32_t all_registers(const struct checking *c)
{
	return is_arm64(c->session) ? UINT32_MAX : UINT16_MAX;
}

static void ask(struct checking *c, uint64_t pc, bool in_call)
{
	const struct hms_slot_units units = {.type = c->type, .find = find_unit, .arg = c};
	struct hms_mapcode_point point;
	struct hms_slot_question question = {
		.rt = c->session->rt,
		.tab = c->session->pclntab,
		.func = &c->func,
		.code = c->code,
		.point = &point,
		.cfa = c->entry_sp + (is_arm64(c->session) ? 0 : 8),
		.start = c->start,
	};
	struct named *named = &c->named[c->nnamed];

	if (c->nnamed == MAX_NAMED || !hms_mapcode_at(c->code, pc, in_call, &point))
		return;
	question.start.insn = point.insn;
	question.start.in_call = in_call;
	question.start.known = in_call ? 1u << sp_number(c) : all_registers(c);
	*named = (struct named){.pc = pc, .in_call = in_call};
	c->nnamed += hms_op_slot_settled(&question, &units, &named->slot);
}

/* The dump of a frame is complete: which slot has the function settled on there? */
static void ask_here(struct checking *c)
{
	if (!c->start_pc || !c->code || !c->type || c->type->unit_size != c->last.unit ||
	    c->last.pc != c->start_pc)
		return;
	if (c->entry_sp == 0)
		c->entry_sp = c->start.regs[sp_number(c)];
	ask(c, c->start_pc, false);
	/* As if it were still in the call before, if it was one. */
	ask(c, c->start_pc, true);
	c->start_pc = 0;
}

static void parse_registers(struct checking *c, const char *text)
{
	char *p;

	c->start = (struct hms_ahead_start){0};
	c->start_pc = strtoull(text + 2, &p, 16);
	for (int i = 0; i < 32 && all_registers(c) >> i & 1; i++)
		c->start.regs[i] = strtoull(p, &p, 16);
}

/* "0xc00006ce30:	0x00000000004a6d2c	0x00000000004c8980" */
static void parse_dump(struct checking *c, const char *text)
{
	char *p;
	uint64_t off = strtoull(text, &p, 16) - c->start.regs[sp_number(c)];

	if (*p != ':')
		return;
	for (p++; *p == '\t' && off + 8 <= sizeof(c->start.frame); off += 8) {
		uint64_t word = strtoull(p, &p, 16);

		memcpy(c->start.frame + off, &word, 8);
		c->start.frame_len = off + 8;
	}
}

static bool is_live(const struct checking *c, uint8_t mark)
{
	return c->session->rt->map_kind == HMS_MAP_CLASSIC ? mark >= 5 : mark < 0x80;
}

/* The one slot whose mark says after the function, or said before, that it is taken. */
static bool changed_slot(const struct checking *c, bool added, uint64_t *unit_ret,
			 uint8_t *index_ret)
{
	size_t n = 0;

	if (c->first.addr != c->last.addr || c->first.size != c->last.size)
		return false;
	for (size_t i = 0; i < c->last.size; i++) {
		bool before = is_live(c, c->first.bytes[i]), after = is_live(c, c->last.bytes[i]);

		if (i % c->last.unit >= 8 || before == after || after != added)
			continue;
		*unit_ret = c->last.addr + i / c->last.unit * c->last.unit;
		*index_ret = (uint8_t)(i % c->last.unit);
		n++;
	}
	return n == 1;
}

/* What the function returned is this slot's element, or what it points to. */
static bool is_returned(const struct checking *c, const struct hms_operation_slot *slot)
{
	uint64_t off = slot->elem_addr - c->last.addr;

	if (!c->type->elem_indirect)
		return slot->elem_addr == c->elem;
	return off + 8 <= c->last.size && hms_le64(c->last.bytes + off) == c->elem;
}

static void judge(struct checking *c, const struct named *named)
{
	bool writes = c->row->op == HMS_MAP_WRITE, right;
	uint8_t index;
	uint64_t unit;

	if (writes && !c->returned) {
		c->unjudged++;
		return;
	}
	right = !writes || is_returned(c, &named->slot);
	if (changed_slot(c, writes, &unit, &index))
		right &= named->slot.unit == unit && named->slot.index == index;
	else if (!writes)
		right = false; /* nothing was deleted */
	c->writes += writes && !named->in_call;
	c->deletes += !writes && !named->in_call;
	c->in_calls += named->in_call;
	if (right)
		return;
	if (c->wrong < 20)
		printf("# %s at 0x%" PRIx64 "%s: not in slot %u of %" PRIu64 "\n", c->name,
		       named->pc, named->in_call ? " (in call)" : "", named->slot.index,
		       named->slot.bucket);
	c->wrong++;
}

/* The function has returned, or the trace ends. */
static void judge_all(struct checking *c)
{
	for (size_t i = 0; i < c->nnamed; i++)
		judge(c, &c->named[i]);
	c->nnamed = 0;
	c->start_pc = 0;
}

/* ---- a trace ------------------------------------------------------------------------------- */

static const struct hms_map_type *type_at(const struct checking *c, uint64_t addr)
{
	const struct hms_type *type = addr ? hms_rt_type_at(c->session->rt, addr) : NULL;

	return type && type->kind == HMS_KIND_MAP ? hms_map_type_of(c->session->model, type) : NULL;
}

/* A function is entered. */
static bool begin(struct checking *c, const char *text)
{
	uint64_t entry, type;

	hms_mapcode_close(c->code);
	c->code = NULL;
	c->begun = c->returned = false;
	c->entry_sp = 0;
	if (sscanf(text, "T %" SCNx64 " %" SCNx64 " %" SCNx64, &entry, &c->key, &type) != 3 ||
	    !hms_pclntab_find(c->session->pclntab, entry, &c->func))
		return false;
	c->row = hms_map_func_find(c->func.name);
	c->type = type_at(c, type);
	snprintf(c->name, sizeof(c->name), "%s", c->func.name);
	c->traces++;
	hms_err_free(
		hms_mapcode_open(c->session->rt, c->session->pclntab, &c->func, c->row, &c->code));
	return c->code;
}

static void read_line(struct checking *c, char *text)
{
	switch (text[0]) {
	case 'T':
		judge_all(c);
		if (!begin(c, text)) {
			printf("# not a function: %s", text);
			c->wrong++;
		}
		break;
	case 'S':
		if (!c->code || !parse(text, &c->last))
			break;
		if (!is_inner(c->name))
			check_line(c, &c->last);
		else if (!c->begun)
			c->first = c->last;
		c->begun = true;
		break;
	case 'R': parse_registers(c, text); return;
	case 'E':
		c->elem = strtoull(text + 2, NULL, 16);
		c->returned = true;
		break;
	default: parse_dump(c, text); break;
	}
}

static bool tell(const struct checking *c)
{
	bool good = !c->wrong && c->traces;

	printf("# %zu traces, %zu wrong", c->traces, c->wrong);
	for (int i = 0; i < 8; i++) {
		printf(", %s %zu", claim_names[i], c->claims[i]);
		/* Whether a key is stored under the eyes of gdb rests on the maps' seeds. */
		good &= c->claims[i] > 0 || i == COUNT_DONE || i == KEY_DONE;
	}
	printf("\n# slots named: writes %zu, deletes %zu, from within calls %zu; not judged %zu\n",
	       c->writes, c->deletes, c->in_calls, c->unjudged);
	return good && c->writes;
}

static bool check(const struct hms_session *s)
{
	static struct checking c;
	HMS_AUTO_FREE char *text = NULL;
	size_t cap = 0;

	c = (struct checking){.session = s};
	while (getline(&text, &cap, stdin) > 0) {
		/* A frame's dump ends where another line begins. */
		if (text[0] != '0')
			ask_here(&c);
		read_line(&c, text);
	}
	judge_all(&c);
	hms_mapcode_close(c.code);
	return tell(&c);
}

int main(int argc, char **argv)
{
	struct hms_session_options options = {.jobs = 1};
	HMS_AUTO(hms_session) struct hms_session *session = NULL;
	struct hms_error *err;

	if (argc < 4) {
		fprintf(stderr, "usage: steps script EXE CORE IGNORE | steps check EXE CORE\n");
		return 64;
	}
	options.exe = argv[2];
	options.core = argv[3];
	err = hms_session_open(&options, &session);
	if (err) {
		printf("# %s\n", err->message);
		hms_err_free(err);
		return 65;
	}
	if (!strcmp(argv[1], "script"))
		return print_script(session, argc > 4 ? (int)strtol(argv[4], NULL, 10) : 0);
	return !check(session);
}
