#include "disas/around.h"

#include "util/arena.h"
#include "util/threads.h"

size_t hms_around_find(const struct hms_pclntab *tab, const struct hms_call_at *calls,
		       size_t ncalls, struct hms_around **ret)
{
	struct hms_around *last = NULL;
	size_t n = 0, cap = 0;
	struct hms_func func;

	*ret = NULL;
	for (size_t i = 0; i < ncalls; i++) {
		if (last && calls[i].pc < last->func.end) {
			last->n++;
			continue;
		}
		if (!hms_pclntab_find(tab, calls[i].pc, &func))
			continue;
		HMS_GROW(*ret, n, cap);
		last = &(*ret)[n++];
		*last = (struct hms_around){.func = func, .first = i, .n = 1};
	}
	return n;
}

struct looking {
	const struct hms_rt *rt;
	const struct hms_pclntab *tab;
	const struct hms_around *list;
	struct hms_disas **disas; /* one a worker, made when it is needed */
	void (*look)(void *arg, size_t item, const struct hms_code *code);
	void *arg;
};

static struct hms_error *look_at(void *arg, size_t item, unsigned int worker)
{
	struct looking *l = arg;
	HMS_AUTO(hms_code) struct hms_code *code = NULL;

	if (!l->disas[worker])
		HMS_TRY(hms_disas_create(l->rt->exe->arch, &l->disas[worker]));
	hms_err_free(
		hms_code_read(l->disas[worker], l->rt->mem, l->tab, &l->list[item].func, &code));
	l->look(l->arg, item, code);
	return NULL;
}

struct hms_error *hms_around_each(const struct hms_rt *rt, const struct hms_pclntab *tab,
				  const struct hms_around *list, size_t n, unsigned int jobs,
				  void (*look)(void *arg, size_t item, const struct hms_code *code),
				  void *arg)
{
	struct looking l = {
		.rt = rt,
		.tab = tab,
		.list = list,
		.disas = hms_xcalloc(jobs, sizeof(*l.disas)),
		.look = look,
		.arg = arg,
	};
	struct hms_error *err = hms_parallel(n, jobs, look_at, &l);

	for (unsigned int i = 0; i < jobs; i++)
		hms_disas_destroy(l.disas[i]);
	free(l.disas);
	return err;
}
