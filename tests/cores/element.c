/*
 * What callers of mapassign have stored of an element, against the memory of a process that gdb
 * takes from the call's return to past the store, instruction by instruction (element.sh).
 *
 *	element script EXE CORE    gdb commands that print a trace of each call, twice at most
 *	element check EXE CORE <TRACE    compare
 *
 * A trace is a line "T RETURN ADDR SIZE": where the call returned to, the address that it returned
 * and the element's size; then for each instruction to come in that function a line
 * "S PC RSP REGS... : STACK... : WORDS...": sixteen registers by DWARF number, words of the stack,
 * the element.  CORE is any core of EXE, which is linked at a fixed address.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disas/element.h"
#include "disas/sites.h"
#include "session/session.h"
#include "util/arena.h"

#define MAX_WORDS  48 /* of an element, that a line holds */
#define MAX_STACK  64 /* words */
#define MAX_LINES  200
#define MAX_ROUNDS 1200 /* traces */

/* Of the program itself: what package unicode alone sets up would take gdb minutes. */
static bool is_traced(const struct hms_site *site)
{
	return !strncmp(site->callee, "runtime.mapassign", 17) &&
	       !strncmp(site->func.name, "main.", 5);
}

/* ---- gdb commands -------------------------------------------------------------------------- */

static uint64_t size_of(const struct hms_site *site)
{
	uint64_t size = site->type ? site->type->elem->size : 8;

	return size > 8 * MAX_WORDS ? 8 * MAX_WORDS : size;
}

static bool begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* What callers of mapassign call before they have stored the element. */
static bool is_on_the_way(const char *name)
{
	static const char *const names[] = {
		"runtime.gcWriteBarrier", "runtime.duff",      "runtime.typedmemmove",
		"runtime.wbMove",         "runtime.wbZero",    "runtime.memmove",
		"runtime.concatstring",   "runtime.growslice", "runtime.mapaccess",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (begins(name, names[i]))
			return true;
	return false;
}

/* A trace ends at any other call: it could be of mapassign, or wait for threads that stand still
 * meanwhile.  duffcopy and its like are entered anywhere. */
static void print_is_call(const struct hms_session *s)
{
	struct hms_func func;

	printf("define is_call\n  set $call = 0\n"
	       "  if *(unsigned char*)$pc == 0xff || *(unsigned short*)$pc == 0xff41\n"
	       "    set $call = 1\n  end\n"
	       "  if *(unsigned char*)$pc == 0xe8\n"
	       "    set $target = $pc + 5 + *(int*)($pc+1)\n    set $call = 1\n");
	for (size_t i = 0; i < hms_pclntab_nfuncs(s->pclntab); i++)
		if (hms_pclntab_func(s->pclntab, i, &func) && func.name && is_on_the_way(func.name))
			printf("    if $target >= 0x%" PRIx64 " && $target < 0x%" PRIx64
			       "\n      set $call = 0\n    end\n",
			       func.entry, func.end);
	printf("  end\nend\n");
}

static void print_definitions(const struct hms_session *s)
{
	static const char *const regs[] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp",
					   "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

	print_is_call(s);
	printf("define words\n"
	       "  set $i = 0\n  while $i < $arg1\n"
	       "    printf \" %%lx\", *(unsigned long*)($arg0+$i)\n    set $i = $i + 8\n  "
	       "end\nend\n"
	       "define state\n  printf \"S %%lx\", $pc\n");
	/* One command for many words: gdb takes its time for each. */
	printf("  printf \"");
	for (int i = 0; i < 16; i++)
		printf(" %%lx");
	printf("\"");
	for (int i = 0; i < 16; i++)
		printf(", $%s", regs[i]);
	printf("\n  printf \" :\"\n");
	for (int i = 0; i < MAX_STACK; i += 8) {
		printf("  printf \" %%lx %%lx %%lx %%lx %%lx %%lx %%lx %%lx\"");
		for (int k = 0; k < 8; k++)
			printf(", *(unsigned long*)($rsp+%d)", 8 * (i + k));
		printf("\n");
	}
	printf("  printf \" :\"\n  words $p $size\n  printf \"\\n\"\nend\n");
	/* To the function's return, or a call of something else. */
	printf("define trace\n"
	       "  printf \"T %%lx %%lx %%d\\n\", $pc, $p, $size\n"
	       "  set $sp0 = $rsp\n  set $steps = 0\n  set $call = 0\n"
	       "  while $p != 0 && $rsp <= $sp0 && $steps < %d && $call == 0\n"
	       "    if $pc >= $entry && $pc < $end\n      state\n    end\n"
	       "    is_call\n"
	       "    if $call == 0\n      nexti\n    end\n"
	       "    set $steps = $steps + 1\n  end\n  set $p = 0\nend\n",
	       MAX_LINES);
}

static void print_site(const struct hms_session *s, const struct hms_site *site, int number)
{
	printf("break *0x%" PRIx64 "\nset $hits%d = 0\ncommands %d\nsilent\n"
	       "set $entry = 0x%" PRIx64 "\nset $end = 0x%" PRIx64 "\nset $size = %" PRIu64 "\n",
	       site->return_pc, number, number, site->func.entry, site->func.end, size_of(site));
	/* Without registers for arguments the result is behind them: type, map, key. */
	if (hms_go_version_register_abi(&s->rt->version, s->exe->arch))
		printf("set $p = $rax\n");
	else
		printf("set $p = *(long*)($rsp+%d)\n",
		       !strcmp(site->callee, "runtime.mapassign_faststr") ? 32 : 24);
	printf("set $hits%d = $hits%d + 1\nif $hits%d == 2\n  disable %d\nend\nend\n", number,
	       number, number, number);
}

static int print_script(const struct hms_session *s, const struct hms_sites *sites)
{
	int number = 0;

	printf("set pagination off\nset confirm off\nset width 0\nset language c\n"
	       "set debuginfod enabled off\nset disable-randomization on\n"
	       "set breakpoint always-inserted on\n"
	       "handle SIGURG nostop noprint pass\nset $p = 0\n");
	print_definitions(s);
	for (size_t i = 0; i < sites->n; i++)
		if (is_traced(&sites->list[i]))
			print_site(s, &sites->list[i], ++number);
	printf("run\nset scheduler-locking step\ntrace\n");
	/* From one breakpoint to the next; the end of the process ends it. */
	for (int i = 1; i < 2 * number && i < MAX_ROUNDS; i++)
		printf("continue\ntrace\n");
	return 0;
}

/* ---- comparison ---------------------------------------------------------------------------- */

struct line {
	uint64_t pc;
	uint64_t regs[16];
	uint64_t stack[MAX_STACK];
	uint64_t words[MAX_WORDS];
};

struct checking {
	const struct hms_session *session;
	struct hms_element *element;
	struct hms_func func;
	uint64_t returned_to, addr;
	size_t size; /* bytes */
	struct line *lines;
	size_t nlines;
	size_t claims[6], silent, wrong, traces;
};

enum { NOT_STORED, PART_STORED, PART_NOT, DONE, POINTER, FIRST };

static const char *const claim_names[] = {"element not stored yet",
					  "part stored",
					  "part not stored yet",
					  "all stored",
					  "pointer",
					  "not stored when the call returns"};

static void claim(struct checking *c, int which, const struct line *line, bool holds)
{
	c->claims[which]++;
	if (holds)
		return;
	if (c->wrong < 20)
		printf("# %s at 0x%" PRIx64 ": %s does not hold\n", c->func.name, line->pc,
		       claim_names[which]);
	c->wrong++;
}

static uint8_t byte_of(const struct line *line, size_t i)
{
	return (uint8_t)(line->words[i / 8] >> 8 * (i % 8));
}

/* Are the bytes of @mask (NULL: all) as in @other?  Those that never change say nothing:
 * *shown_ret, and the last bit stands for many bytes. */
static bool bytes_equal(const struct checking *c, const struct line *line, const struct line *other,
			const uint64_t *mask, bool *shown_ret)
{
	const struct line *first = &c->lines[0], *final = &c->lines[c->nlines - 1];
	bool equal = true;

	*shown_ret = false;
	for (size_t i = 0; i < c->size; i++) {
		bool in = !mask || (i < HMS_ELEMENT_BYTES - 1 && *mask >> i & 1);

		if (!in || byte_of(first, i) == byte_of(final, i))
			continue;
		*shown_ret = true;
		equal &= byte_of(line, i) == byte_of(other, i);
	}
	return equal;
}

static void check_pointer(struct checking *c, const struct line *line,
			  const struct hms_element_point *p)
{
	uint64_t at, value;
	int32_t delta;

	if (p->pointer.kind == HMS_HELD_REG) {
		value = line->regs[p->pointer.reg];
	} else {
		if (p->pointer.kind == HMS_HELD_NOWHERE ||
		    !hms_func_sp_delta(&c->func, line->pc, &delta))
			return;
		at = (uint64_t)(delta + p->pointer.off) / 8;
		if (at >= MAX_STACK)
			return;
		value = line->stack[at];
	}
	claim(c, POINTER, line, value - (uint64_t)p->pointer_off == c->addr);
}

/* Is the element of the trace's call due at @pc? */
static bool find_due(struct checking *c, uint64_t pc, struct hms_element_point *ret)
{
	struct hms_element_point points[HMS_ELEMENTS_DUE];
	size_t n = hms_element_at(c->element, pc, false, points);

	for (size_t i = 0; i < n; i++) {
		*ret = points[i];
		if (hms_element_code(c->element)->insns[ret->call].addr + 5 == c->returned_to)
			return true;
	}
	return false;
}

static void check_line(struct checking *c, const struct line *line)
{
	const struct line *first = &c->lines[0], *final = &c->lines[c->nlines - 1];
	struct hms_element_point p;
	bool shown, good;

	if (!find_due(c, line->pc, &p)) {
		good = bytes_equal(c, line, final, NULL, &shown);
		if (good && shown)
			claim(c, DONE, line, true);
		c->silent += !good;
		if (!good)
			printf("# %s at 0x%" PRIx64 ": nothing is said\n", c->func.name, line->pc);
		return;
	}
	check_pointer(c, line, &p);
	if (line == first)
		claim(c, FIRST, line, !p.ever);
	good = bytes_equal(c, line, first, NULL, &shown);
	if (!p.ever && shown)
		claim(c, NOT_STORED, line, good);
	good = bytes_equal(c, line, final, &p.always, &shown);
	if (shown)
		claim(c, PART_STORED, line, good);
	good = bytes_equal(c, line, first, &p.due, &shown);
	if (shown && p.ever)
		claim(c, PART_NOT, line, good);
}

/* The trace in hand is complete. */
static void check_trace(struct checking *c)
{
	c->traces += c->nlines > 0;
	for (size_t i = 0; c->element && i < c->nlines; i++)
		check_line(c, &c->lines[i]);
	hms_element_close(c->element);
	c->element = NULL;
	c->nlines = 0;
}

static bool begin(struct checking *c, const char *text)
{
	size_t size;

	check_trace(c);
	if (sscanf(text, "T %" SCNx64 " %" SCNx64 " %zu", &c->returned_to, &c->addr, &size) != 3 ||
	    !c->addr)
		return true; /* the process is gone */
	c->size = size;
	if (!hms_pclntab_find(c->session->pclntab, c->returned_to - 1, &c->func) ||
	    size > 8 * MAX_WORDS)
		return false;
	hms_err_free(hms_element_open(c->session->rt, c->session->pclntab, &c->func, &c->element));
	return c->element;
}

static char *parse_words(char *p, uint64_t *ret, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = strtoull(p, &p, 16);
	p += strcspn(p, ":\n");
	return *p == ':' ? p + 1 : p;
}

static void add_line(struct checking *c, char *text)
{
	struct line *line = &c->lines[c->nlines];
	char *p = text + 1;

	if (c->nlines == MAX_LINES)
		return;
	p = parse_words(p, &line->pc, 0);
	line->pc = strtoull(text + 1, &p, 16);
	p = parse_words(p, line->regs, 16);
	p = parse_words(p, line->stack, MAX_STACK);
	parse_words(p, line->words, (c->size + 7) / 8);
	c->nlines++;
}

static bool check(const struct hms_session *s)
{
	struct checking c = {.session = s};
	HMS_AUTO_FREE char *text = NULL;
	size_t cap = 0;
	bool good;

	c.lines = hms_xcalloc(MAX_LINES, sizeof(*c.lines));
	while (getline(&text, &cap, stdin) > 0) {
		if (text[0] == 'T' && !begin(&c, text)) {
			printf("# not taken apart: %s", text);
			c.wrong++;
		}
		if (text[0] == 'S' && c.element)
			add_line(&c, text);
	}
	check_trace(&c);
	free(c.lines);
	/* Now and then paths differ, and nothing is said. */
	good = !c.wrong && c.traces && c.silent <= c.traces / 10;
	printf("# %zu traces, %zu wrong, %zu times nothing said", c.traces, c.wrong, c.silent);
	for (int i = 0; i < 6; i++) {
		printf(", %s %zu", claim_names[i], c.claims[i]);
		good &= c.claims[i] > 0;
	}
	printf("\n");
	return good;
}

int main(int argc, char **argv)
{
	struct hms_session_options options = {.jobs = 1};
	HMS_AUTO(hms_session) struct hms_session *session = NULL;
	HMS_AUTO(hms_sites) struct hms_sites *sites = NULL;
	struct hms_error *err;

	if (argc < 4) {
		fprintf(stderr, "usage: element script EXE CORE | element check EXE CORE\n");
		return 64;
	}
	options.exe = argv[2];
	options.core = argv[3];
	err = hms_session_open(&options, &session);
	if (!err)
		err = hms_sites_find(session->rt, session->pclntab, NULL, 1, &sites);
	if (err) {
		printf("# %s\n", err->message);
		hms_err_free(err);
		return 65;
	}
	if (!strcmp(argv[1], "script"))
		return print_script(session, sites);
	return !check(session);
}
