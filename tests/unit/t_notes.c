/* core/notes: threads, process, signal, auxiliary vector and mapped files. */
#include "unit/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/corefile.h"
#include "lib/mkcore.h"
#include "util/arena.h"

static struct hms_corefile *open_core(const struct mkcore *mk)
{
	struct hms_corefile *core = NULL;
	char *path = mkcore_save(mk);

	assert_ok(hms_corefile_open(path, NULL, &core));
	unlink(path);
	free(path);
	return core;
}

static struct mkcore *crashed_process(void)
{
	struct mkcore *mk = mkcore_create();
	uint64_t first[27] = {0}, second[27] = {0};

	first[HMS_AMD64_RIP] = 0x45e4a1;
	first[HMS_AMD64_RSP] = 0xc00000f1e0;
	first[HMS_AMD64_R15] = 15;
	first[HMS_AMD64_GS] = 27;
	second[HMS_AMD64_RIP] = 0x45ea23;
	mkcore_map(mk, 0x10000, 0x1000);
	mkcore_thread(mk, 4242, SIGSEGV, first, 27);
	mkcore_thread(mk, 4243, SIGSEGV, second, 27);
	mkcore_psinfo(mk, 4200, "fifteen-letters", "prog -v  ");
	mkcore_siginfo(mk, SIGSEGV, 1, 0xdead0);
	mkcore_auxv(mk, AT_PHDR, 0x400040);
	mkcore_auxv(mk, AT_ENTRY, 0x45e280);
	mkcore_file(mk, 0x47c000, 0x517000, 0x7c000, "/srv/prog");
	mkcore_file(mk, 0x400000, 0x47c000, 0, "/srv/prog");
	return mk;
}

static void notes_are_read(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = crashed_process();
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(mk);
	uint64_t v = 0;

	(void)state;
	assert_int_equal(core->arch, HMS_ARCH_AMD64);
	assert_int_equal(core->pid, 4200);
	assert_string_equal(core->command, "fifteen-letters");
	assert_string_equal(core->args, "prog -v");
	assert_int_equal(core->signal, SIGSEGV);
	assert_int_equal(core->si_code, 1);
	assert_int_equal(core->fault_addr, 0xdead0);
	assert_int_equal(core->nthreads, 2);
	assert_int_equal(core->threads[0].tid, 4242);
	assert_int_equal(core->threads[0].signal, SIGSEGV);
	assert_int_equal(core->threads[0].regs[HMS_AMD64_RIP], 0x45e4a1);
	assert_int_equal(core->threads[0].regs[HMS_AMD64_RSP], 0xc00000f1e0);
	assert_int_equal(core->threads[0].regs[HMS_AMD64_R15], 15);
	assert_int_equal(core->threads[0].regs[HMS_AMD64_GS], 27);
	assert_int_equal(core->threads[1].tid, 4243);
	assert_int_equal(core->threads[1].regs[HMS_AMD64_RIP], 0x45ea23);
	assert_true(hms_corefile_auxv(core, AT_ENTRY, &v));
	assert_int_equal(v, 0x45e280);
	assert_false(hms_corefile_auxv(core, AT_EXECFN, &v));
	assert_false(hms_corefile_auxv(core, AT_NULL, &v));
	assert_false(core->notes_damaged);
}

static void mappings_are_sorted_and_offsets_in_bytes(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = crashed_process();
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(mk);

	(void)state;
	assert_int_equal(core->nmappings, 2);
	assert_int_equal(core->mappings[0].start, 0x400000);
	assert_int_equal(core->mappings[0].end, 0x47c000);
	assert_int_equal(core->mappings[0].off, 0);
	assert_int_equal(core->mappings[1].start, 0x47c000);
	assert_int_equal(core->mappings[1].off, 0x7c000);
	assert_string_equal(core->mappings[1].path, "/srv/prog");
}

static void arm64_registers(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	uint64_t regs[34];

	(void)state;
	for (size_t i = 0; i < 34; i++)
		regs[i] = 1000 + i;
	mkcore_machine(mk, EM_AARCH64);
	mkcore_map(mk, 0x10000, 0x1000);
	mkcore_thread(mk, 7, SIGABRT, regs, 34);
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(mk);

	assert_int_equal(core->arch, HMS_ARCH_ARM64);
	assert_int_equal(core->nthreads, 1);
	assert_int_equal(core->threads[0].regs[0], 1000);
	assert_int_equal(core->threads[0].regs[HMS_ARM64_SP], 1031);
	assert_int_equal(core->threads[0].regs[HMS_ARM64_PC], 1032);
}

/* A debugger's snapshot: no thread has a signal, NT_SIGINFO holds what stopped it. */
static void snapshot_has_no_signal(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();

	(void)state;
	mkcore_map(mk, 0x10000, 0x1000);
	mkcore_thread(mk, 7, 0, NULL, 0);
	mkcore_siginfo(mk, SIGTRAP, 5, 0x1234);
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(mk);

	assert_int_equal(core->signal, 0);
	assert_int_equal(core->si_code, 0);
	assert_int_equal(core->fault_addr, 0);
}

/* si_addr shares its bytes with si_pid: an abort has no address. */
static void abort_has_no_address(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();

	(void)state;
	mkcore_map(mk, 0x10000, 0x1000);
	mkcore_thread(mk, 7, SIGABRT, NULL, 0);
	mkcore_siginfo(mk, SIGABRT, -6, 0x7f00001234);
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(mk);

	assert_int_equal(core->signal, SIGABRT);
	assert_int_equal(core->si_code, -6);
	assert_int_equal(core->fault_addr, 0);
}

/* Each: a note that lies about itself; the thread beside it is still found. */
static void damaged_notes_are_said(void **state)
{
	static const struct {
		uint32_t type;
		uint64_t words[4];
		size_t len;
	} cases[] = {
		{NT_PRSTATUS, {0}, 100},                  /* too short */
		{NT_PRPSINFO, {0}, 32},                   /* too short */
		{NT_SIGINFO, {SIGSEGV}, 8},               /* too short */
		{NT_FILE, {1000000, 4096}, 16},           /* more rows than bytes */
		{NT_FILE, {UINT64_MAX / 24, 4096}, 16},   /* the same, with overflow */
		{NT_FILE, {1, 4096, 0x1000, 0x2000}, 32}, /* half a row */
		{NT_FILE, {0}, 4},                        /* no count */
	};

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++) {
		HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();

		mkcore_map(mk, 0x10000, 0x1000);
		mkcore_thread(mk, 7, SIGABRT, NULL, 0);
		mkcore_note(mk, "CORE", cases[i].type, cases[i].words,
			    HMS_MIN(cases[i].len, sizeof(cases[i].words)));
		HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(mk);

		assert_true(core->notes_damaged);
		assert_int_equal(core->nthreads, 1);
		assert_int_equal(core->nmappings, 0);
	}
}

/* Rows that make no sense go, the others stay. */
static void damaged_file_rows_are_left_out(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	struct bytes b = {0};
	uint64_t words[] = {3,      4096,   0x5000,     0x4000, 0, /* ends before it starts */
			    0x6000, 0x7000, 1ull << 60,            /* offset overflows */
			    0x8000, 0x9000, 2};

	(void)state;
	bytes_put(&b, 0, words, sizeof(words));
	bytes_put(&b, b.len, "/a\0/b\0/c", 9);
	mkcore_map(mk, 0x10000, 0x1000);
	mkcore_note(mk, "CORE", NT_FILE, b.p, b.len);
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(mk);

	assert_int_equal(core->nmappings, 1);
	assert_int_equal(core->mappings[0].start, 0x8000);
	assert_int_equal(core->mappings[0].off, 0x2000);
	assert_string_equal(core->mappings[0].path, "/c");
	assert_true(core->notes_damaged);
	bytes_free(&b);
}

static void other_owners_notes_are_not_ours(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	uint8_t desc[400] = {0};

	(void)state;
	mkcore_map(mk, 0x10000, 0x1000);
	mkcore_thread(mk, 7, SIGABRT, NULL, 0);
	mkcore_note(mk, "LINUX", NT_PRSTATUS, desc, sizeof(desc));
	mkcore_note(mk, "", NT_PRSTATUS, desc, sizeof(desc));
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(mk);

	assert_int_equal(core->nthreads, 1);
	assert_false(core->notes_damaged);
}

static void note_with_huge_sizes(void **state)
{
	static const uint32_t sizes[][2] = {
		{UINT32_MAX, 8}, {8, UINT32_MAX}, {UINT32_MAX - 3, UINT32_MAX - 3}, {0, 1000}};
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	size_t notes;

	(void)state;
	mkcore_map(mk, 0x10000, 0x1000);
	mkcore_thread(mk, 7, SIGABRT, NULL, 0);
	mkcore_note(mk, "CORE", 99, "abcd", 4);
	notes = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr) + 12 + 8 + 336;
	for (size_t i = 0; i < HMS_ARRAY_LEN(sizes); i++) {
		struct bytes b;

		mkcore_bytes(mk, &b);
		bytes_put32(&b, notes, sizes[i][0]);
		bytes_put32(&b, notes + 4, sizes[i][1]);
		HMS_AUTO(hms_corefile) struct hms_corefile *core = NULL;
		HMS_AUTO_FREE char *path = bytes_save(&b);

		assert_ok(hms_corefile_open(path, NULL, &core));
		unlink(path);

		assert_true(core->notes_damaged);
		assert_int_equal(core->nthreads, 1);
		bytes_free(&b);
	}
}

static void no_threads_is_said(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();

	(void)state;
	mkcore_map(mk, 0x10000, 0x1000);
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(mk);

	assert_true(core->notes_damaged);
	assert_int_equal(core->pid, 0);
	assert_string_equal(core->command, "");
	assert_string_equal(core->args, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_are_read),
		cmocka_unit_test(mappings_are_sorted_and_offsets_in_bytes),
		cmocka_unit_test(arm64_registers),
		cmocka_unit_test(snapshot_has_no_signal),
		cmocka_unit_test(abort_has_no_address),
		cmocka_unit_test(damaged_notes_are_said),
		cmocka_unit_test(damaged_file_rows_are_left_out),
		cmocka_unit_test(other_owners_notes_are_not_ours),
		cmocka_unit_test(note_with_huge_sizes),
		cmocka_unit_test(no_threads_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
