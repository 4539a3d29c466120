#include "core/decompress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/elfheader.h"
#include "util/arena.h"
#include "util/crc32.h"

static const struct {
	const char *name;
	uint8_t magic[6];
	uint8_t len;
} formats[] = {
	{"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4}, {"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6},
	{"gzip", {0x1f, 0x8b, 8}, 3},          {"lz4", {0x04, 0x22, 0x4d, 0x18}, 4},
	{"lz4", {0x02, 0x21, 0x4c, 0x18}, 4}, /* the old framing */
	{"bzip2", {'B', 'Z', 'h'}, 3},
};

const char *hms_compression_name(const uint8_t *p, uint64_t len)
{
	for (size_t i = 0; i < HMS_ARRAY_LEN(formats); i++) {
		if (len >= formats[i].len && memcmp(p, formats[i].magic, formats[i].len) == 0)
			return formats[i].name;
	}
	return NULL;
}

#ifndef HAVE_LIBARCHIVE

struct hms_error *hms_decompress(const struct hms_mapfile *map, const char *path,
				 const struct hms_corefile_options *options,
				 struct hms_unpacked *ret)
{
	(void)options;
	(void)ret;
	return hms_err(HMS_ERR_UNSUPPORTED,
		       "cannot unpack '%s' (%s): this hmapscope was built without libarchive", path,
		       hms_compression_name(map->p, map->size));
}

#else

#include <archive.h>

#define BLOCK      4096            /* of zeroes: becomes a hole */
#define READ_CHUNK (1u << 20)      /* handed to libarchive at once: how often progress is told */
#define HEAD       (EI_NIDENT + 2) /* enough to tell a core */

struct unpack {
	const struct hms_mapfile *map;
	const char *path, *format;
	const struct hms_corefile_options *options;
	uint64_t in;   /* bytes handed to libarchive */
	bool in_ended; /* it asked for more than there is */
	int fd;        /* the temporary file */
	const char *tmpdir;
	uint64_t out; /* bytes unpacked */
	bool is_gzip;
	uint32_t crc; /* of them, gzip only */
	uint8_t head[HEAD];
	size_t head_len;
};

/* ---- the temporary file ---- */

static struct hms_error *open_temporary(struct unpack *u)
{
	HMS_AUTO_FREE char *path = NULL;

	u->tmpdir = getenv("TMPDIR");
	if (!u->tmpdir || !*u->tmpdir)
		u->tmpdir = "/var/tmp";
	u->fd = open(u->tmpdir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	if (u->fd >= 0)
		return NULL;
	/* Not every file system has files without a name. */
	path = hms_xprintf("%s/hmapscope-XXXXXX", u->tmpdir);
	u->fd = mkostemp(path, O_CLOEXEC);
	if (u->fd < 0)
		return hms_err_os(errno, "cannot unpack '%s' into '%s'", u->path, u->tmpdir);
	unlink(path);
	return NULL;
}

static struct hms_error *write_all(struct unpack *u, const uint8_t *p, size_t len, uint64_t off)
{
	while (len) {
		ssize_t n = pwrite(u->fd, p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hms_err_os(errno, "cannot unpack '%s' into '%s' (TMPDIR)", u->path,
					  u->tmpdir);
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return NULL;
}

static bool all_zero(const uint8_t *p, size_t len)
{
	return p[0] == 0 && memcmp(p, p + 1, len - 1) == 0;
}

/* Write the blocks of @p that are not all zero; the others stay holes. */
static struct hms_error *write_sparse(struct unpack *u, const uint8_t *p, size_t len)
{
	size_t done = 0, from = 0; /* [from, done) is to be written */

	while (done < len) {
		size_t n = HMS_MIN(len - done, BLOCK - (u->out + done) % BLOCK);

		if (all_zero(p + done, n)) {
			HMS_TRY(write_all(u, p + from, done - from, u->out + from));
			from = done + n;
		}
		done += n;
	}
	return write_all(u, p + from, done - from, u->out + from);
}

/* ---- libarchive ---- */

static la_ssize_t give_input(struct archive *a, void *arg, const void **ret)
{
	struct unpack *u = arg;
	uint64_t n = HMS_MIN(READ_CHUNK, u->map->size - u->in);

	(void)a;
	*ret = u->map->p + u->in;
	u->in += n;
	if (n == 0)
		u->in_ended = true;
	else if (u->options && u->options->progress)
		u->options->progress(u->options->progress_arg, u->in, u->map->size);
	return (la_ssize_t)n;
}

/* ARCHIVE_WARN from a filter means that it would run an outside program: never for input that
 * nobody vouches for. */
static bool add_filters(struct archive *a, const char *format)
{
	static const struct {
		const char *name;
		int (*add)(struct archive *);
	} filters[] = {
		{"zstd", archive_read_support_filter_zstd},
		{"xz", archive_read_support_filter_xz},
		{"gzip", archive_read_support_filter_gzip},
		{"lz4", archive_read_support_filter_lz4},
		{"bzip2", archive_read_support_filter_bzip2},
	};

	for (size_t i = 0; i < HMS_ARRAY_LEN(filters); i++) {
		if (strcmp(filters[i].name, format) == 0)
			return filters[i].add(a) == ARCHIVE_OK;
	}
	return false;
}

/* What libarchive's refusal means: the end of the file came where it wanted more, or bad data. */
static struct hms_error *explain(struct unpack *u, struct archive *a)
{
	const char *why = archive_error_string(a);

	if (archive_errno(a) == ENOMEM)
		return &hms_err_nomem;
	if (u->in_ended)
		return NULL;
	return hms_err(HMS_ERR_FORMAT, "cannot unpack '%s': its %s data is corrupt: %s", u->path,
		       u->format, why ? why : "no reason given");
}

static struct hms_error *check_head(struct unpack *u, const uint8_t *p, size_t len)
{
	size_t n = HMS_MIN(len, sizeof(u->head) - u->head_len);

	memcpy(u->head + u->head_len, p, n);
	u->head_len += n;
	if (u->head_len < sizeof(u->head) || n == 0)
		return NULL;
	if (hms_elfheader_is_core(u->head, sizeof(u->head)))
		return NULL;
	return hms_err(HMS_ERR_FORMAT,
		       "cannot read core '%s': what it holds, %s-compressed, is not a core file",
		       u->path, u->format);
}

static struct hms_error *unpack_all(struct unpack *u, struct archive *a, bool *cut_ret)
{
	struct archive_entry *entry;
	const void *p;
	size_t len;
	la_int64_t off;
	int r = archive_read_next_header(a, &entry);

	/* The raw format itself counts as the last filter. */
	if (r == ARCHIVE_OK && archive_filter_count(a) > 2)
		return hms_err(HMS_ERR_UNSUPPORTED, "cannot unpack '%s': it is compressed %d times",
			       u->path, archive_filter_count(a) - 1);
	while (r == ARCHIVE_OK) {
		r = archive_read_data_block(a, &p, &len, &off);
		if (r != ARCHIVE_OK || len == 0)
			continue;
		HMS_TRY(check_head(u, p, len));
		HMS_TRY(write_sparse(u, p, len));
		if (u->is_gzip)
			u->crc = hms_crc32(u->crc, p, len);
		u->out += len;
	}
	*cut_ret = r != ARCHIVE_EOF;
	return r == ARCHIVE_EOF ? NULL : explain(u, a);
}

/*
 * libarchive does not compare gzip's checksum.  The file's last 8 bytes are CRC and length (modulo
 * 2^32) of its last member; of all the data, where there is but one member, which is what gzip
 * and pigz write.  That there are more is assumed where something in it looks like a header.
 */
static bool gzip_is_sound(const struct unpack *u)
{
	const uint8_t *p = u->map->p;
	uint64_t size = u->map->size;
	uint32_t crc, len;

	if (size < 18)
		return false;
	memcpy(&crc, p + size - 8, sizeof(crc));
	memcpy(&len, p + size - 4, sizeof(len));
	if (len == (uint32_t)u->out)
		return crc == u->crc;
	return memmem(p + 10, size - 10, "\x1f\x8b\x08", 3) != NULL;
}

static struct hms_error *check_result(struct unpack *u, bool cut)
{
	if (u->head_len < sizeof(u->head))
		return hms_err(HMS_ERR_FORMAT, "cannot unpack '%s': its %s data %s", u->path,
			       u->format, cut ? "is cut short too early" : "holds no core file");
	if (!cut && u->is_gzip && !gzip_is_sound(u))
		return hms_err(HMS_ERR_FORMAT,
			       "cannot unpack '%s': its gzip data is corrupt: wrong checksum",
			       u->path);
	/* The last blocks may be a hole. */
	if (ftruncate(u->fd, (off_t)u->out) < 0)
		return hms_err_os(errno, "cannot unpack '%s' into '%s' (TMPDIR)", u->path,
				  u->tmpdir);
	return NULL;
}

static struct hms_error *unpack(struct unpack *u, bool *cut_ret)
{
	struct archive *a = archive_read_new();
	struct hms_error *err;

	if (!a)
		return &hms_err_nomem;
	if (!add_filters(a, u->format) || archive_read_support_format_raw(a) != ARCHIVE_OK)
		err = hms_err(HMS_ERR_UNSUPPORTED,
			      "cannot unpack '%s': the installed libarchive lacks %s", u->path,
			      u->format);
	else if (archive_read_open(a, u, NULL, give_input, NULL) != ARCHIVE_OK)
		err = explain(u, a);
	else
		err = unpack_all(u, a, cut_ret);
	archive_read_free(a);
	return err ? err : check_result(u, *cut_ret);
}

struct hms_error *hms_decompress(const struct hms_mapfile *map, const char *path,
				 const struct hms_corefile_options *options,
				 struct hms_unpacked *ret)
{
	struct unpack u = {
		.map = map,
		.path = path,
		.format = hms_compression_name(map->p, map->size),
		.options = options,
		.fd = -1,
	};
	bool cut = true;
	struct hms_error *err;

	u.is_gzip = strcmp(u.format, "gzip") == 0;
	err = open_temporary(&u);

	if (!err)
		err = unpack(&u, &cut);
	if (err) {
		if (u.fd >= 0)
			close(u.fd);
		return err;
	}
	*ret = (struct hms_unpacked){.fd = u.fd, .cut = cut};
	return NULL;
}

#endif
