/* disas/flow, disas/locks: functions from literal machine code, as an assembler made it. */
#include "unit/unit.h"

#include "disas/callers.h"
#include "disas/sites.h"
#include "lib/mkpcln.h"
#include "rt/pclntab.h"

#define TEXT     MKPCLN_TEXT
#define LOCK     0x100
#define UNLOCK   0x110
#define LOCKSLOW 0x120
#define SEMAR    0x130
#define RUNSLOW  0x140
#define BOTH     0x200
#define SOME     0x280
#define FAST     0x300
#define READ     0x360
#define READARM  0x400
#define LOCKED   0x500
#define ENTER    0x520
#define GOOD     0x540
#define BAD      0x560
#define ASSIGN   0x580

/* func both(t *T): t.a.Lock(), t.b.Lock(), t.b.Unlock(), t.a.Unlock(), a nop before and behind
 * each Unlock */
static const uint8_t both[] = {
	0x48, 0x83, 0xec, 0x18,       /* 200 sub rsp, 0x18 */
	0x48, 0x89, 0x44, 0x24, 0x20, /* 204 mov [rsp+0x20], rax */
	0xe8, 0xf2, 0xfe, 0xff, 0xff, /* 209 call Lock */
	0x48, 0x8b, 0x44, 0x24, 0x20, /* 20e mov rax, [rsp+0x20] */
	0x48, 0x83, 0xc0, 0x08,       /* 213 add rax, 8 */
	0xe8, 0xe4, 0xfe, 0xff, 0xff, /* 217 call Lock */
	0x90,                         /* 21c nop */
	0x48, 0x8b, 0x44, 0x24, 0x20, /* 21d mov rax, [rsp+0x20] */
	0x48, 0x83, 0xc0, 0x08,       /* 222 add rax, 8 */
	0xe8, 0xe5, 0xfe, 0xff, 0xff, /* 226 call Unlock */
	0x90,                         /* 22b nop */
	0x48, 0x8b, 0x44, 0x24, 0x20, /* 22c mov rax, [rsp+0x20] */
	0xe8, 0xda, 0xfe, 0xff, 0xff, /* 231 call Unlock */
	0x90,                         /* 236 nop */
	0x48, 0x83, 0xc4, 0x18,       /* 237 add rsp, 0x18 */
	0xc3,                         /* 23b ret */
};

/* func some(t *T, x bool): if x { t.a.Lock() } */
static const uint8_t some[] = {
	0x48, 0x83, 0xec, 0x18,       /* 280 sub rsp, 0x18 */
	0x48, 0x89, 0x44, 0x24, 0x20, /* 284 mov [rsp+0x20], rax */
	0x84, 0xdb,                   /* 289 test bl, bl */
	0x74, 0x05,                   /* 28b je 292 */
	0xe8, 0x6e, 0xfe, 0xff, 0xff, /* 28d call Lock */
	0x90,                         /* 292 nop */
	0x48, 0x83, 0xc4, 0x18,       /* 293 add rsp, 0x18 */
	0xc3,                         /* 297 ret */
};

/* func fast(t *T): t.a.Lock(), inlined */
static const uint8_t fast[] = {
	0x48, 0x83, 0xec, 0x18,       /* 300 sub rsp, 0x18 */
	0x48, 0x89, 0x44, 0x24, 0x20, /* 304 mov [rsp+0x20], rax */
	0x48, 0x89, 0xc1,             /* 309 mov rcx, rax */
	0x31, 0xc0,                   /* 30c xor eax, eax */
	0xba, 0x01, 0x00, 0x00, 0x00, /* 30e mov edx, 1 */
	0xf0, 0x0f, 0xb1, 0x11,       /* 313 lock cmpxchg [rcx], edx */
	0x74, 0x08,                   /* 317 je 321 */
	0x48, 0x89, 0xc8,             /* 319 mov rax, rcx */
	0xe8, 0xff, 0xfd, 0xff, 0xff, /* 31c call lockSlow */
	0x90,                         /* 321 nop */
	0x48, 0x83, 0xc4, 0x18,       /* 322 add rsp, 0x18 */
	0xc3,                         /* 326 ret */
	0xcc,                         /* 327 int3 */
};

/* func read(t *T): t.a.RLock(), t.a.RUnlock(), inlined */
static const uint8_t readers[] = {
	0x48, 0x83, 0xec, 0x18,       /* 360 sub rsp, 0x18 */
	0x48, 0x89, 0x44, 0x24, 0x20, /* 364 mov [rsp+0x20], rax */
	0xba, 0x01, 0x00, 0x00, 0x00, /* 369 mov edx, 1 */
	0xf0, 0x0f, 0xc1, 0x50, 0x10, /* 36e lock xadd [rax+0x10], edx */
	0xff, 0xc2,                   /* 373 inc edx */
	0x85, 0xd2,                   /* 375 test edx, edx */
	0x7d, 0x09,                   /* 377 jge 382 */
	0x48, 0x8d, 0x40, 0x0c,       /* 379 lea rax, [rax+0xc] */
	0xe8, 0xae, 0xfd, 0xff, 0xff, /* 37d call SemacquireRWMutexR */
	0x90,                         /* 382 nop */
	0xbe, 0xff, 0xff, 0xff, 0xff, /* 383 mov esi, -1 */
	0x48, 0x8b, 0x44, 0x24, 0x20, /* 388 mov rax, [rsp+0x20] */
	0xf0, 0x0f, 0xc1, 0x70, 0x10, /* 38d lock xadd [rax+0x10], esi */
	0xff, 0xce,                   /* 392 dec esi */
	0x7d, 0x07,                   /* 394 jge 39d */
	0x89, 0xf3,                   /* 396 mov ebx, esi */
	0xe8, 0xa3, 0xfd, 0xff, 0xff, /* 398 call rUnlockSlow */
	0x90,                         /* 39d nop */
	0x48, 0x83, 0xc4, 0x18,       /* 39e add rsp, 0x18 */
	0xc3,                         /* 3a2 ret */
	0xcc,                         /* 3a3 int3 */
};

/* The same for arm64: RLock with an atomic instruction, RUnlock with a loop. */
static const uint32_t readers_arm[] = {
	0xf81e0ffe, /* 400 str x30, [sp, #-32]! */
	0xf90017e0, /* 404 str x0, [sp, #40] */
	0x91004001, /* 408 add x1, x0, #16 */
	0xd2800022, /* 40c mov x2, #1 */
	0xb8e20023, /* 410 ldaddal w2, w3, [x1] */
	0x0b020063, /* 414 add w3, w3, w2 */
	0x36f80063, /* 418 tbz w3, #31, 424 */
	0x91003000, /* 41c add x0, x0, #12 */
	0x97ffff44, /* 420 bl SemacquireRWMutexR */
	0xd503201f, /* 424 nop */
	0xf94017e0, /* 428 ldr x0, [sp, #40] */
	0x91004001, /* 42c add x1, x0, #16 */
	0x92800002, /* 430 mov x2, #-1 */
	0x885ffc23, /* 434 ldaxr w3, [x1] */
	0x8b020063, /* 438 add x3, x3, x2 */
	0x881bfc23, /* 43c stlxr w27, w3, [x1] */
	0x35ffffbb, /* 440 cbnz w27, 434 */
	0x36f80043, /* 444 tbz w3, #31, 44c */
	0x97ffff3e, /* 448 bl rUnlockSlow */
	0xd503201f, /* 44c nop */
	0xf84207fe, /* 450 ldr x30, [sp], #32 */
	0xd65f03c0, /* 454 ret */
};

static void set_le32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

/* func locked(t *T): t.m[1] = 1
 * func enter(t *T): t.a.Lock()
 * func good(t *T): enter(t), locked(t)
 * func bad(t *T): locked(t) */
static void put_calls(struct mkcore *core, uint32_t start, uint32_t first, uint32_t second)
{
	uint8_t code[] = {
		0x48, 0x83, 0xec, 0x08,                      /* sub rsp, 8 */
		0xe8, 0,    0,    0,    0, 0xe8, 0, 0, 0, 0, /* call; call */
		0x48, 0x83, 0xc4, 0x08,                      /* add rsp, 8 */
		0xc3,                                        /* ret */
		0xcc,                                        /* int3 */
	};

	set_le32(code + 5, first - (start + 9));
	if (second)
		set_le32(code + 10, second - (start + 14));
	else
		memset(code + 9, 0x90, 5);
	mkcore_put(core, TEXT + start, code, sizeof(code));
}

struct fixture {
	struct mkpcln *m;
	struct hms_pclntab *tab;
	struct hms_disas *disas, *arm;
};

static void add(struct fixture *f, const char *name, uint32_t start, uint32_t end)
{
	mkpcln_func(f->m, &(struct mkpcln_func){.name = name, .start = start, .end = end});
}

static int setup(void **state)
{
	struct fixture *f = hms_xcalloc(1, sizeof(*f));

	f->m = mkpcln_create(MKPCLN_1_21);
	mkcore_map(f->m->core, TEXT, 0x1000);
	mkcore_put(f->m->core, TEXT + BOTH, both, sizeof(both));
	mkcore_put(f->m->core, TEXT + SOME, some, sizeof(some));
	mkcore_put(f->m->core, TEXT + FAST, fast, sizeof(fast));
	add(f, "sync.(*Mutex).Lock", LOCK, UNLOCK);
	add(f, "sync.(*Mutex).Unlock", UNLOCK, LOCKSLOW);
	mkcore_put(f->m->core, TEXT + READ, readers, sizeof(readers));
	mkcore_put(f->m->core, TEXT + READARM, (const uint8_t *)readers_arm, sizeof(readers_arm));
	add(f, "sync.(*Mutex).lockSlow", LOCKSLOW, SEMAR);
	add(f, "sync.runtime_SemacquireRWMutexR", SEMAR, RUNSLOW);
	add(f, "sync.(*RWMutex).rUnlockSlow", RUNSLOW, BOTH);
	add(f, "main.both", BOTH, BOTH + (uint32_t)sizeof(both));
	add(f, "main.some", SOME, SOME + (uint32_t)sizeof(some));
	add(f, "main.fast", FAST, FAST + (uint32_t)sizeof(fast));
	add(f, "main.read", READ, READ + (uint32_t)sizeof(readers));
	add(f, "main.readarm", READARM, READARM + (uint32_t)sizeof(readers_arm));
	put_calls(f->m->core, LOCKED, ASSIGN, 0);
	put_calls(f->m->core, ENTER, LOCK, 0);
	put_calls(f->m->core, GOOD, ENTER, LOCKED);
	put_calls(f->m->core, BAD, LOCKED, 0);
	add(f, "main.padding", READARM + (uint32_t)sizeof(readers_arm), LOCKED);
	add(f, "main.locked", LOCKED, ENTER);
	add(f, "main.enter", ENTER, GOOD);
	add(f, "main.good", GOOD, BAD);
	add(f, "main.bad", BAD, ASSIGN);
	add(f, "runtime.mapassign_fast64", ASSIGN, ASSIGN + 0x20);
	mkpcln_write(f->m);
	mkpcln_open(f->m);
	f->m->rt.modules[0].text = TEXT;
	f->m->rt.modules[0].etext = TEXT + ASSIGN + 0x20;
	f->m->rt.version = (struct hms_go_version){.major = 1, .minor = 21};
	assert_ok(hms_pclntab_open(&f->m->rt, &f->tab));
	assert_ok(hms_disas_create(HMS_ARCH_AMD64, &f->disas));
	assert_ok(hms_disas_create(HMS_ARCH_ARM64, &f->arm));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hms_disas_destroy(f->disas);
	hms_disas_destroy(f->arm);
	hms_pclntab_close(f->tab);
	mkpcln_destroy(f->m);
	free(f);
	return 0;
}

/* What is held before the instruction at TEXT + @off. */
static void held(struct fixture *f, uint32_t off, enum hms_lock_seen expected, const char *why)
{
	HMS_AUTO(hms_code) struct hms_code *code = NULL;
	HMS_AUTO(hms_flow) struct hms_flow *flow = NULL;
	HMS_AUTO(hms_locks) struct hms_locks *locks = NULL;
	HMS_AUTO_STR struct hms_str evidence = HMS_STR_INIT;
	struct hms_func func;
	enum hms_arch arch = off < READARM ? HMS_ARCH_AMD64 : HMS_ARCH_ARM64;
	uint32_t insn;
	bool settled;

	assert_true(hms_pclntab_find(f->tab, TEXT + off, &func));
	assert_ok(hms_code_read(off < READARM ? f->disas : f->arm, f->m->rt.mem, f->tab, &func,
				&code));
	assert_true(code->complete);
	assert_true(hms_code_find(code, TEXT + off, &insn));
	flow = hms_flow_create(code, f->tab, arch, NULL, NULL, &settled);
	assert_true(settled);
	locks = hms_locks_create(flow, f->tab, arch, true, NULL);
	assert_int_equal(hms_locks_at(locks, insn, &evidence), expected);
	assert_string_equal(hms_str_text(&evidence), why);
}

#define MUTEX "sync.(*Mutex).Lock"

/* One Unlock releases its own lock alone. */
static void locks_are_told_apart(void **state)
{
	held(*state, 0x204, HMS_LOCK_NOT_SEEN, "");
	held(*state, 0x20e, HMS_LOCK_HELD, MUTEX);
	held(*state, 0x21c, HMS_LOCK_HELD, MUTEX);
	held(*state, 0x22b, HMS_LOCK_HELD, MUTEX);
	held(*state, 0x236, HMS_LOCK_NOT_SEEN, "");
}

static void some_paths_are_not_all(void **state)
{
	held(*state, 0x28d, HMS_LOCK_NOT_SEEN, "");
	held(*state, 0x292, HMS_LOCK_NOT_SEEN, MUTEX ", but not on every path");
}

static void fast_paths_lock_too(void **state)
{
	held(*state, 0x313, HMS_LOCK_NOT_SEEN, "");
	held(*state, 0x321, HMS_LOCK_HELD, MUTEX);
}

/* Read locks keep other readers in: they are told, and no more. */
static void read_locks_are_told(void **state)
{
	static const char read_lock[] = "read lock only: sync.(*RWMutex).RLock";

	held(*state, 0x36e, HMS_LOCK_NOT_SEEN, "");
	held(*state, 0x382, HMS_LOCK_NOT_SEEN, read_lock);
	held(*state, 0x38d, HMS_LOCK_NOT_SEEN, read_lock);
	held(*state, 0x39d, HMS_LOCK_NOT_SEEN, "");
	held(*state, 0x410, HMS_LOCK_NOT_SEEN, "");
	held(*state, 0x424, HMS_LOCK_NOT_SEEN, read_lock);
	held(*state, 0x430, HMS_LOCK_NOT_SEEN, read_lock);
	held(*state, 0x44c, HMS_LOCK_NOT_SEEN, "");
}

static void expect_helper(const struct hms_lock_helpers *helpers, uint32_t start)
{
	size_t first;
	const struct hms_lock_helper *helper;

	assert_int_equal(hms_lock_helpers_at(helpers, TEXT + start, &first), 1);
	helper = &helpers->list[first];
	assert_int_equal(helper->deed, HMS_LOCK_TAKES);
	assert_int_equal(helper->family, HMS_LOCKS_MUTEX);
	assert_string_equal(helper->method, MUTEX);
	assert_string_equal(helper->where, "main.enter");
	assert_int_equal(helper->path.from, HMS_PATH_REGISTER);
	assert_int_equal(helper->path.reg, HMS_REG_RAX);
	assert_int_equal(helper->path.n, 1);
	assert_int_equal(helper->path.off[0], 0);
}

/* enter() locks for good(), and that for its callers. */
static void helpers_lock_for_callers(void **state)
{
	struct fixture *f = *state;
	HMS_AUTO(hms_lock_helpers) struct hms_lock_helpers *helpers = NULL;
	size_t first;

	assert_ok(hms_lock_helpers_find(&f->m->rt, f->tab, 2, &helpers));
	expect_helper(helpers, ENTER);
	expect_helper(helpers, GOOD);
	assert_int_equal(hms_lock_helpers_at(helpers, TEXT + BOTH, &first), 0);
	assert_int_equal(hms_lock_helpers_at(helpers, TEXT + BAD, &first), 0);
	assert_true(hms_lock_helpers_locks(helpers, TEXT + GOOD));
	assert_true(hms_lock_helpers_locks(helpers, TEXT + BOTH));
	assert_false(hms_lock_helpers_locks(helpers, TEXT + BAD));
}

/* One place calls locked() under a lock, one does not. */
static void callers_hold_locks(void **state)
{
	struct fixture *f = *state;
	HMS_AUTO(hms_lock_helpers) struct hms_lock_helpers *helpers = NULL;
	struct hms_lock_callers list[] = {{.entry = TEXT + LOCKED}, {.entry = TEXT + BAD}};
	struct hms_arena *arena = hms_arena_create();

	assert_ok(hms_lock_helpers_find(&f->m->rt, f->tab, 2, &helpers));
	assert_ok(hms_lock_callers_find(&f->m->rt, f->tab, helpers, 2, arena, list, 2));
	assert_int_equal(list[0].ncalls, 2);
	assert_int_equal(list[0].nheld, 1);
	assert_string_equal(list[0].held.function, "main.good");
	assert_string_equal(list[0].held.evidence, MUTEX " in main.enter");
	assert_string_equal(list[0].other.function, "main.bad");
	assert_int_equal(list[1].ncalls, 0);
	hms_arena_destroy(arena);
}

/* What is said of the write in locked(). */
static void what_callers_hold_is_told(void **state)
{
	struct fixture *f = *state;
	HMS_AUTO(hms_lock_helpers) struct hms_lock_helpers *helpers = NULL;
	HMS_AUTO(hms_sites) struct hms_sites *sites = NULL;

	assert_ok(hms_lock_helpers_find(&f->m->rt, f->tab, 2, &helpers));
	assert_ok(hms_sites_find(&f->m->rt, f->tab, helpers, 2, &sites));
	assert_int_equal(sites->n, 1);
	assert_string_equal(sites->list[0].function, "main.locked");
	assert_int_equal(sites->list[0].lock, HMS_LOCK_NOT_SEEN);
	assert_string_equal(sites->list[0].evidence,
			    "1 of 2 places that call it holds a lock: " MUTEX
			    " in main.enter, called by main.good; main.bad holds none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(locks_are_told_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(some_paths_are_not_all, setup, teardown),
		cmocka_unit_test_setup_teardown(fast_paths_lock_too, setup, teardown),
		cmocka_unit_test_setup_teardown(read_locks_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(helpers_lock_for_callers, setup, teardown),
		cmocka_unit_test_setup_teardown(callers_hold_locks, setup, teardown),
		cmocka_unit_test_setup_teardown(what_callers_hold_is_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
