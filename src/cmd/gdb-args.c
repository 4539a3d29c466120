/* The words of a request, told apart and made into arguments. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/gdb-request.h"

void hms_gdb_args_add(struct hms_gdb_args *args, const char *arg)
{
	HMS_GROW(args->args, args->n, args->cap);
	args->args[args->n++] = hms_xstrdup(arg);
	HMS_GROW(args->args, args->n, args->cap);
	args->args[args->n] = NULL;
}

void hms_gdb_args_deinit(struct hms_gdb_args *args)
{
	for (size_t i = 0; i < args->n; i++)
		free(args->args[i]);
	free(args->args);
}

void hms_gdb_unquote(const char *word, struct hms_str *ret)
{
	char quote = 0;

	for (; *word; word++) {
		if (*word == quote)
			quote = 0;
		else if (!quote && (*word == '\'' || *word == '"'))
			quote = *word;
		else if (*word == '\\' && word[1] && quote != '\'' &&
			 (!quote || strchr("\"\\", word[1])))
			hms_str_addc(ret, *++word);
		else
			hms_str_addc(ret, *word);
	}
}

/* ---- options ------------------------------------------------------------------------------ */

static const struct argp_option *option_named(const struct argp_option *options, const char *name,
					      size_t len)
{
	const struct argp_option *similar = NULL;

	for (const struct argp_option *o = options; o && (o->name || o->key); o++) {
		if (!o->name || strncmp(o->name, name, len) != 0)
			continue;
		if (strlen(o->name) == len)
			return o;
		similar = o;
	}
	return similar;
}

static const struct argp_option *option_lettered(const struct argp_option *options, char letter)
{
	for (const struct argp_option *o = options; o && (o->name || o->key); o++)
		if (o->key == letter)
			return o;
	return NULL;
}

static bool wants_argument(const struct argp_option *o)
{
	return o && o->arg && !(o->flags & OPTION_ARG_OPTIONAL);
}

/* Is the word behind the option @word its argument?  Abbreviations count, as for getopt. */
static bool takes_next(const struct hms_cmd *cmd, const char *word)
{
	const struct argp_option *common = hms_input_argp.options;

	if (word[1] != '-')
		return word[1] && !word[2] &&
		       (wants_argument(option_lettered(cmd->options, word[1])) ||
			wants_argument(option_lettered(common, word[1])));
	word += 2;
	return *word && !strchr(word, '=') &&
	       (wants_argument(option_named(cmd->options, word, strlen(word))) ||
		wants_argument(option_named(common, word, strlen(word))));
}

/* As hmapscope.gdb has it: such a word is never an expression. */
static bool is_option(const char *word)
{
	return word[0] == '-' && (word[1] == '-' || isalpha((unsigned char)word[1]));
}

bool hms_gdb_wants_help(const struct hms_gdb_request *r)
{
	for (size_t i = 0; i < r->nwords; i++)
		if (strcmp(r->words[i].text, "--help") == 0 || strcmp(r->words[i].text, "-h") == 0)
			return true;
	return false;
}

static void add_unquoted(struct hms_gdb_args *args, const char *word)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	hms_gdb_unquote(word, &text);
	hms_gdb_args_add(args, hms_str_text(&text));
}

size_t hms_gdb_split(const struct hms_gdb_request *r, const struct hms_cmd *cmd,
		     struct hms_gdb_args *options, size_t *places)
{
	bool only_places = false;
	size_t n = 0;

	for (size_t i = 0; i < r->nwords; i++) {
		const char *word = r->words[i].text;

		if (only_places || !is_option(word)) {
			places[n++] = i;
			continue;
		}
		only_places = strcmp(word, "--") == 0;
		if (only_places)
			continue;
		add_unquoted(options, word);
		if (takes_next(cmd, word) && i + 1 < r->nwords)
			add_unquoted(options, r->words[++i].text);
	}
	return n;
}

/* ---- values ------------------------------------------------------------------------------- */

/* An owner has quotes of its own: only those around all of it go. */
static void add_owner(struct hms_gdb_args *ret, const char *word)
{
	size_t len = strlen(word);
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	if (len > 1 && (word[0] == '\'' || word[0] == '"') && word[len - 1] == word[0]) {
		word++;
		len -= 2;
	}
	hms_str_addn(&text, word, len);
	hms_gdb_args_add(ret, hms_str_text(&text));
}

/* Where 0 will do, a variable that is nil goes by its name: a lookup tells from its type what would
 * happen. */
static struct hms_error *add_map(const char *word, const char *value, bool nil_will_do,
				 struct hms_gdb_args *ret)
{
	bool nil = value && strtoull(value, NULL, 16) == 0;

	if (!value || (nil && nil_will_do && !isdigit((unsigned char)word[0]))) {
		add_owner(ret, word);
		return NULL;
	}
	if (nil && !nil_will_do)
		return hms_err(HMS_ERR_NOT_FOUND, "cannot look at '%s': it is nil", word);
	hms_gdb_args_add(ret, value);
	return NULL;
}

/* gdb prints a pointer with its type before it, and cuts long strings. */
static struct hms_error *add_key(const struct hms_gdb_word *word, struct hms_gdb_args *ret)
{
	const char *key = word->key, *address;
	size_t len;

	if (!key || !*key || strcmp(key, "void") == 0) {
		hms_gdb_args_add(ret, word->text);
		return NULL;
	}
	len = strlen(key);
	if (len > 3 && strcmp(key + len - 3, "...") == 0)
		return hms_err(HMS_ERR_UNSUPPORTED,
			       "cannot take '%s' as a key: gdb cuts it ('set print elements "
			       "unlimited' makes it whole)",
			       word->text);
	address = key[0] == '(' ? strstr(key, ") 0x") : NULL;
	hms_gdb_args_add(ret, address ? address + 2 : key);
	return NULL;
}

struct hms_error *hms_gdb_values(const struct hms_gdb_request *r, const size_t *places, size_t n,
				 struct hms_gdb_args *ret)
{
	bool lookup = strcmp(r->command, "lookup") == 0;

	if (r->all && n > 1) {
		hms_gdb_args_add(ret, r->all);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		const struct hms_gdb_word *word = &r->words[places[i]];

		if (lookup && i > 0)
			HMS_TRY(add_key(word, ret));
		else
			HMS_TRY(add_map(word->text, word->value, lookup, ret));
	}
	return NULL;
}
