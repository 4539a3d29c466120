#include "core/mapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "util/cleanup.h"

struct hms_error *hms_mapfile_open_fd(const char *path, int *ret)
{
	struct stat st;
	int fd;

	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return hms_err_os(errno, "cannot open '%s'", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*ret = fd;
		return NULL;
	}
	close(fd);
	return hms_err(HMS_ERR_FORMAT, "cannot read '%s': it is %s, not a file", path,
		       S_ISDIR(st.st_mode) ? "a directory" : "a device or pipe");
}

struct hms_error *hms_mapfile_map(int fd, const char *path, struct hms_mapfile *ret)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) < 0)
		return hms_err_os(errno, "cannot read '%s'", path);
	if (st.st_size == 0) {
		*ret = (struct hms_mapfile){0};
		return NULL;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
	if (p == MAP_FAILED)
		return hms_err_os(errno, "cannot map '%s'", path);
	*ret = (struct hms_mapfile){.p = p, .size = (uint64_t)st.st_size};
	return NULL;
}

struct hms_error *hms_mapfile_open(const char *path, struct hms_mapfile *ret)
{
	HMS_AUTO_FD int fd = -1;

	HMS_TRY(hms_mapfile_open_fd(path, &fd));
	return hms_mapfile_map(fd, path, ret);
}

void hms_mapfile_close(struct hms_mapfile *map)
{
	if (map->p)
		munmap((void *)(uintptr_t)map->p, map->size);
	*map = (struct hms_mapfile){0};
}
