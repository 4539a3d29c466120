#include "util/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "util/arena.h"

unsigned int hms_threads_available(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return (unsigned int)HMS_MAX(CPU_COUNT(&set), 1);
}

struct loop {
	size_t n;
	atomic_size_t next;
	atomic_bool failed;
	struct hms_error *(*work)(void *arg, size_t item, unsigned int worker);
	void *arg;
	pthread_mutex_t lock; /* protects err, err_item */
	struct hms_error *err;
	size_t err_item;
};

struct worker {
	struct loop *loop;
	unsigned int number;
	pthread_t thread;
};

static void keep_error(struct loop *loop, struct hms_error *err, size_t item)
{
	pthread_mutex_lock(&loop->lock);
	if (!loop->err || item < loop->err_item) {
		hms_err_free(loop->err);
		loop->err = err;
		loop->err_item = item;
	} else {
		hms_err_free(err);
	}
	pthread_mutex_unlock(&loop->lock);
	atomic_store(&loop->failed, true);
}

static void *run(void *arg)
{
	struct worker *worker = arg;
	struct loop *loop = worker->loop;

	while (!atomic_load(&loop->failed)) {
		size_t item = atomic_fetch_add(&loop->next, 1);
		struct hms_error *err;

		if (item >= loop->n)
			break;
		err = loop->work(loop->arg, item, worker->number);
		if (err)
			keep_error(loop, err, item);
	}
	return NULL;
}

struct hms_error *
hms_parallel(size_t n, unsigned int jobs,
	     struct hms_error *(*work)(void *arg, size_t item, unsigned int worker), void *arg)
{
	struct loop loop = {.n = n, .work = work, .arg = arg, .lock = PTHREAD_MUTEX_INITIALIZER};
	unsigned int started = 1, i;

	jobs = (unsigned int)HMS_MIN((size_t)HMS_MAX(jobs, 1u), HMS_MAX(n, (size_t)1));
	HMS_AUTO_FREE struct worker *workers = hms_xcalloc(jobs, sizeof(*workers));

	for (i = 0; i < jobs; i++)
		workers[i] = (struct worker){.loop = &loop, .number = i};
	/* A thread that cannot be started only makes the loop slower. */
	while (started < jobs &&
	       pthread_create(&workers[started].thread, NULL, run, &workers[started]) == 0)
		started++;
	run(&workers[0]);
	for (i = 1; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	return loop.err;
}
