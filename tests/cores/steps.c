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
 * or the groups of a small map or of the first table.  CORE is any core of EXE, which is linked at
 *a fixed address.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disas/mapcode.h"
#include "session/session.h"
#include "util/arena.h"

#define MAX_BYTES 1536 /* of entries that a line holds */

static bool traced(const struct hms_func *func, const struct hms_map_func *row)
{
	if (!row || !hms_map_op_writes(row->op) || row->op == HMS_MAP_GROW)
		return false;
	return !strncmp(func->name, "runtime.mapassign", 17) ||
	       !strncmp(func->name, "runtime.mapdelete", 17) ||
	       !strcmp(func->name, "internal/runtime/maps.(*Map).Delete");
}

static uint32_t fact(const struct hms_session *s, enum hms_fact_id classic, enum hms_fact_id swiss)
{
	return hms_layout_off(&s->rt->layout, s->rt->map_kind == HMS_MAP_CLASSIC ? classic : swiss);
}

/* ---- gdb commands -------------------------------------------------------------------------- */

static void print_argument(const struct hms_session *s, int i)
{
	static const char *const regs[] = {"$rax", "$rbx", "$rcx", "$rdi", "$rsi"};

	if (hms_go_version_register_abi(&s->rt->version, s->exe->arch))
		printf("%s", regs[i]);
	else
		printf("*(long*)($rsp+%d)", 8 + 8 * i);
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
	/* To the function's return; a stack that moves ends it too. */
	printf("define trace\n"
	       "  printf \"T %%lx %%lx\\n\", $entry, $key\n"
	       "  set $sp0 = $rsp\n  set $steps = 0\n"
	       "  while $m != 0 && $rsp <= $sp0 && $rsp > $sp0 - 4096 && $steps < 600\n"
	       "    if $pc >= $entry && $pc < $end\n      state\n    end\n"
	       "    nexti\n    set $steps = $steps + 1\n  end\nend\n");
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
	printf("\ndisable %d\nend\n", number);
}

static int print_script(const struct hms_session *s, int ignore)
{
	size_t n = hms_pclntab_nfuncs(s->pclntab);
	struct hms_func func;
	int number = 0;

	printf("set pagination off\nset confirm off\nset width 0\nset language c\n"
	       "set debuginfod enabled off\nset disable-randomization on\n"
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
	printf("run\nset scheduler-locking step\ntrace\n");
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

struct checking {
	const struct hms_session *session;
	struct hms_mapcode *code;
	const struct hms_map_func *row;
	char name[256];
	uint64_t key;
	bool begun;
	struct line first;
	size_t claims[8], wrong, traces;
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

/* A function is entered. */
static bool begin(struct checking *c, const char *text)
{
	struct hms_func func;
	uint64_t entry;

	hms_mapcode_close(c->code);
	c->code = NULL;
	c->begun = false;
	if (sscanf(text, "T %" SCNx64 " %" SCNx64, &entry, &c->key) != 2 ||
	    !hms_pclntab_find(c->session->pclntab, entry, &func))
		return false;
	c->row = hms_map_func_find(func.name);
	snprintf(c->name, sizeof(c->name), "%s", func.name);
	c->traces++;
	hms_err_free(
		hms_mapcode_open(c->session->rt, c->session->pclntab, &func, c->row, &c->code));
	return c->code;
}

static bool check(const struct hms_session *s)
{
	struct checking c = {.session = s};
	HMS_AUTO_FREE char *text = NULL;
	static struct line line;
	size_t cap = 0;
	bool good;

	while (getline(&text, &cap, stdin) > 0) {
		if (text[0] == 'T' && !begin(&c, text)) {
			printf("# not a function: %s", text);
			c.wrong++;
		}
		if (text[0] != 'S' || !c.code || !parse(text, &line))
			continue;
		check_line(&c, &line);
	}
	hms_mapcode_close(c.code);
	good = !c.wrong && c.traces;
	printf("# %zu traces, %zu wrong", c.traces, c.wrong);
	for (int i = 0; i < 8; i++) {
		printf(", %s %zu", claim_names[i], c.claims[i]);
		/* Whether a key is stored under the eyes of gdb rests on the maps' seeds. */
		good &= c.claims[i] > 0 || i == COUNT_DONE || i == KEY_DONE;
	}
	printf("\n");
	return good;
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
