#include "cores/traceback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"
#include "util/cleanup.h"

static bool has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static char *copy(const char *from, const char *to)
{
	char *s = hms_xcalloc((size_t)(to - from) + 1, 1);

	memcpy(s, from, (size_t)(to - from));
	return s;
}

static struct tb_goroutine *goroutine_add(struct traceback *tb)
{
	tb->list = hms_xrealloc(tb->list, tb->n + 1, sizeof(*tb->list));
	tb->list[tb->n] = (struct tb_goroutine){0};
	return &tb->list[tb->n++];
}

/* "goroutine 18 gp=0x... m=nil [chan receive, 2 minutes, locked to thread]:" */
static bool header(const char *line, struct traceback *tb)
{
	const char *open = strchr(line, '[');
	const char *close = open ? strpbrk(open, ",]") : NULL;
	struct tb_goroutine *g;
	char *end;
	uint64_t id;

	if (!has_prefix(line, "goroutine ") || !close)
		return false;
	id = strtoull(line + strlen("goroutine "), &end, 10);
	if (*end != ' ')
		return false;
	g = goroutine_add(tb);
	g->id = id;
	g->status = copy(open + 1, close);
	g->locked = strstr(close, "locked to thread") != NULL;
	return true;
}

static uint64_t word(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at ? strtoull(at + strlen(name), NULL, 16) : 0;
}

/* "\tFILE:LINE +0x1d fp=0x... sp=0x... pc=0x..." */
static char *place(const char *line, long *line_ret)
{
	const char *end = line + strcspn(line, "\n");
	const char *fields = strstr(line, " +0x");
	const char *colon;

	if (!fields)
		fields = strstr(line, " fp=0x");
	if (fields)
		end = fields;
	colon = end;
	while (colon > line && *colon != ':')
		colon--;
	*line_ret = strtol(colon + 1, NULL, 10);
	return copy(line + 1, colon);
}

static void frame(const char *call, const char *where, struct tb_goroutine *g)
{
	const char *open = strrchr(call, '(');
	struct tb_frame *f;

	g->frames = hms_xrealloc(g->frames, g->nframes + 1, sizeof(*g->frames));
	f = &g->frames[g->nframes++];
	*f = (struct tb_frame){.function = copy(call, open)};
	f->file = place(where, &f->line);
	f->has_pc = strstr(where, " pc=0x") != NULL;
	f->fp = word(where, " fp=0x");
	f->sp = word(where, " sp=0x");
	f->pc = word(where, " pc=0x");
}

/* "created by main.main in goroutine 1" */
static void created(const char *line, const char *where, struct tb_goroutine *g)
{
	const char *from = line + strlen("created by ");
	const char *in = strstr(from, " in goroutine ");

	g->created_by = copy(from, in ? in : from + strcspn(from, "\n"));
	g->parent = in ? strtoull(in + strlen(" in goroutine "), NULL, 10) : 0;
	g->created_file = place(where, &g->created_line);
}

/* The line after @line if it begins with a tab, or NULL; malloc'ed. */
static char *continuation(const char *line)
{
	const char *next = strchr(line, '\n');

	return next && next[1] == '\t' ? copy(next + 1, next + 1 + strcspn(next + 1, "\n")) : NULL;
}

static void parse(const char *text, struct traceback *ret)
{
	struct tb_goroutine *g = NULL;

	for (const char *line = text; line && *line;) {
		const char *next = strchr(line, '\n');
		HMS_AUTO_FREE char *this = copy(line, next ? next : line + strlen(line));
		HMS_AUTO_FREE char *where = continuation(line);

		if (header(this, ret)) {
			g = &ret->list[ret->n - 1];
		} else if (has_prefix(this, "goroutines cut: ")) {
			ret->cut = strtoul(this + strlen("goroutines cut: "), NULL, 10);
		} else if (!*this) {
			g = NULL;
		} else if (g && has_prefix(this, "created by ") && where) {
			created(this, where, g);
		} else if (g && has_prefix(this, "...")) {
			g->elided = true;
			g->elided_at = g->nframes;
		} else if (g && *this != '\t' && where && strrchr(this, '(')) {
			frame(this, where, g);
		}
		line = next ? next + 1 : NULL;
	}
}

void traceback_read(const char *path, struct traceback *ret)
{
	HMS_AUTO_FILE FILE *f = fopen(path, "re");
	HMS_AUTO_FREE char *text = NULL;
	size_t len = 0;

	*ret = (struct traceback){0};
	if (!f || getdelim(&text, &len, '\0', f) < 0)
		abort();
	parse(text, ret);
}

void traceback_free(struct traceback *tb)
{
	for (size_t i = 0; i < tb->n; i++) {
		struct tb_goroutine *g = &tb->list[i];

		for (size_t k = 0; k < g->nframes; k++) {
			free(g->frames[k].function);
			free(g->frames[k].file);
		}
		free(g->frames);
		free(g->status);
		free(g->created_by);
		free(g->created_file);
	}
	free(tb->list);
}
