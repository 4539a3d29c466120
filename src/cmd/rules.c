/* hmapscope rules: the catalogue, for readers, programs and as hmapscope-rules(7). */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "cmd/cmd.h"
#include "report/emit.h"

#define LINE 96 /* columns that explanations take */

struct rules_options {
	bool mdoc;
};

static const struct argp_option options[] = {
	{"mdoc", 'm', NULL, OPTION_HIDDEN, "Print hmapscope-rules(7)", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct rules_options *o = state->hook;

	(void)arg;
	switch (key) {
	case 'm': o->mdoc = true; return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

/* ---- text --------------------------------------------------------------------------------- */

/* A paragraph, broken between words. */
static void print_paragraph(const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column && column + 1 + len > LINE) {
			putchar('\n');
			column = 0;
		}
		column += (size_t)printf("%s%.*s", column ? " " : "  ", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void print_long(const struct hms_rule *rule)
{
	printf("%s  (%s; %s)\n\n", rule->name, hms_severity_name(rule->severity),
	       hms_rule_applies_text(rule->applies));
	print_paragraph(rule->line);
	putchar('\n');
	print_paragraph(rule->meaning);
	putchar('\n');
	if (!*rule->excuse) {
		print_paragraph("Nothing excuses a breach.");
		return;
	}
	print_paragraph("What may excuse a breach:");
	print_paragraph(rule->excuse);
}

static void print_list(void)
{
	for (int i = 0; i < HMS_NRULES; i++) {
		const struct hms_rule *rule = hms_rule((enum hms_rule_id)i);

		printf("%-27s %-8s %s\n", rule->name, hms_severity_name(rule->severity),
		       rule->line);
	}
}

/* ---- JSON --------------------------------------------------------------------------------- */

static void emit_rule(struct hms_emit *emit, const struct hms_rule *rule)
{
	hms_emit_object(emit, NULL);
	hms_emit_text(emit, "rule", rule->name);
	hms_emit_text(emit, "severity", hms_severity_name(rule->severity));
	hms_emit_text(emit, "applies", hms_rule_applies_text(rule->applies));
	hms_emit_text(emit, "line", rule->line);
	hms_emit_text(emit, "meaning", rule->meaning);
	hms_emit_text(emit, "excuse", *rule->excuse ? rule->excuse : NULL);
	hms_emit_close(emit);
}

static bool print_json(const struct hms_rule *const *rules, size_t n)
{
	struct hms_emit emit;
	bool written;

	hms_emit_init(&emit, stdout);
	hms_emit_object(&emit, NULL);
	hms_emit_text(&emit, "command", "rules");
	hms_emit_text(&emit, "tool_version", PACKAGE_VERSION);
	hms_emit_array(&emit, "rules");
	for (size_t i = 0; i < n; i++)
		emit_rule(&emit, rules[i]);
	hms_emit_close(&emit);
	hms_emit_close(&emit);
	written = hms_emit_finish(&emit);
	hms_emit_deinit(&emit);
	return written;
}

/* ---- the manual page ---------------------------------------------------------------------- */

/* A new line behind each sentence, as mdoc wants it; quotes and dots escaped. */
static void print_roff(const char *text)
{
	bool start = true;

	for (; *text; text++) {
		if (start && (*text == '.' || *text == '\''))
			fputs("\\&", stdout);
		start = false;
		if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
		if (strchr(".:", *text) && text[1] == ' ' && isupper((unsigned char)text[2])) {
			putchar('\n');
			text++;
			start = true;
		}
	}
	putchar('\n');
}

static void print_roff_rule(const struct hms_rule *rule)
{
	printf(".It Sy %s Pq %s\n", rule->name, hms_severity_name(rule->severity));
	print_roff(rule->line);
	puts(".Pp");
	print_roff(rule->meaning);
	if (!*rule->excuse)
		return;
	puts(".Pp\n.Em Excused by :");
	print_roff(rule->excuse);
}

static void print_roff_section(const char *title, enum hms_rule_applies applies)
{
	printf(".Sh %s\n.Bl -tag -width Ds\n", title);
	for (int i = 0; i < HMS_NRULES; i++)
		if (hms_rule((enum hms_rule_id)i)->applies == applies)
			print_roff_rule(hms_rule((enum hms_rule_id)i));
	puts(".El");
}

static void print_page(void)
{
	puts(".Dd November 22, 2026\n.Dt HMAPSCOPE-RULES 7\n.Os\n.Sh NAME\n.Nm hmapscope-rules\n"
	     ".Nd what a sound Go map keeps, and what a breach means\n.Sh DESCRIPTION\n"
	     "These are the rules that\n.Xr hmapscope-check 1 ,\n.Xr hmapscope-report 1\nand\n"
	     ".Xr hmapscope-show 1\ncheck.\n"
	     "Bytes that a core lacks decide nothing, and one fault is one finding: what follows "
	     "from it is not told as well.\n"
	     "A breach that a write in progress explains has severity info.\n"
	     "So has one in a map that nothing but a stray word leads to: it may be garbage.");
	print_roff_section("ALL MAPS", HMS_APPLIES_ANY);
	print_roff_section("CLASSIC MAPS", HMS_APPLIES_CLASSIC);
	print_roff_section("SWISS MAPS", HMS_APPLIES_SWISS);
	puts(".Sh SEE ALSO\n.Xr hmapscope 1 ,\n.Xr hmapscope-check 1 ,\n.Xr hmapscope-rules 1");
}

/* ---- the command -------------------------------------------------------------------------- */

static struct hms_error *pick(const struct hms_input *input, const struct hms_rule **ret)
{
	for (size_t i = 0; i < input->nargs; i++) {
		ret[i] = hms_rule_find(input->args[i]);
		if (!ret[i])
			return hms_err(HMS_ERR_USAGE,
				       "cannot explain '%s': no rule has that name ('hmapscope "
				       "rules' lists them)",
				       input->args[i]);
	}
	return NULL;
}

static struct hms_error *run(struct hms_input *input, void *arg, int *status_ret)
{
	const struct rules_options *o = arg;
	HMS_AUTO_FREE const struct hms_rule **rules =
		hms_xcalloc(input->nargs + HMS_NRULES, sizeof(*rules));
	size_t n = input->nargs;

	HMS_TRY(pick(input, rules));
	for (; !input->nargs && n < HMS_NRULES; n++)
		rules[n] = hms_rule((enum hms_rule_id)n);
	if (o->mdoc)
		print_page();
	else if (input->format == HMS_FORMAT_JSON)
		print_json(rules, n);
	else if (!input->nargs)
		print_list();
	for (size_t i = 0; i < input->nargs && input->format == HMS_FORMAT_TEXT; i++) {
		if (i)
			putchar('\n');
		print_long(rules[i]);
	}
	if (fflush(stdout) != 0)
		return hms_err_os(errno, "cannot write the rules");
	*status_ret = HMS_EXIT_CLEAN;
	return NULL;
}

const struct hms_cmd hms_cmd_rules = {
	.name = "rules",
	.args = "[RULE...]",
	.summary = "what a sound map keeps; with a RULE, what a breach of it means",
	.doc = "List the rules that check, report and show go by; with RULEs, explain each: what "
	       "it "
	       "checks, what a breach means, and what may excuse one.",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct rules_options),
	.no_core = true,
	.run = run,
};
