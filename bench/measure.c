/*
 * Run a command; print its seconds, its exit status, its peak resident memory and how much of
 * that was its own (not mapped from files), in KB.
 *
 *	measure COMMAND [ARGUMENT...]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* RssAnon of /proc/PID/status; 0 once the process is gone. */
static long own_memory(pid_t pid)
{
	char path[64], line[128];
	long kb = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	status = fopen(path, "r");
	if (!status)
		return 0;
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "RssAnon: %ld", &kb) == 1)
			break;
	fclose(status);
	return kb;
}

static pid_t start(char **argv)
{
	pid_t pid = fork();
	int null;

	if (pid != 0)
		return pid;
	null = open("/dev/null", O_WRONLY);
	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	execvp(argv[0], argv);
	fprintf(stderr, "measure: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

int main(int argc, char **argv)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	double begin = seconds(), end;
	struct rusage usage;
	long own = 0, now;
	int status;
	pid_t pid;

	if (argc < 2)
		return 2;
	pid = start(argv + 1);
	if (pid < 0)
		return 2;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		now = own_memory(pid);
		own = now > own ? now : own;
		nanosleep(&pause, NULL);
	}
	end = seconds();
	getrusage(RUSAGE_CHILDREN, &usage);
	printf("%.4f %d %ld %ld\n", end - begin, WIFEXITED(status) ? WEXITSTATUS(status) : 255,
	       usage.ru_maxrss, own);
	return 0;
}
