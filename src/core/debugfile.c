#include "core/debugfile.h"

#include <stdlib.h>
#include <string.h>

#include "core/mapfile.h"
#include "util/arena.h"
#include "util/crc32.h"

#define DEBUG_DIR "/usr/lib/debug"

char *hms_build_id_path(const struct hms_build_id *id, const char *sysroot, const char *suffix)
{
	HMS_AUTO_FREE char *hex = NULL;

	if (id->len < 2 || id->is_go)
		return NULL;
	hex = hms_build_id_text(id);
	return hms_xprintf("%s" DEBUG_DIR "/.build-id/%.2s/%s%s", sysroot ? sysroot : "", hex,
			   hex + 2, suffix);
}

/* 1: the same build, 0: another one, -1: nothing on one of the sides that would tell. */
static int same_build(const struct hms_elffile *a, const struct hms_elffile *b)
{
	if (a->gnu_build_id.len && b->gnu_build_id.len)
		return hms_build_id_equal(&a->gnu_build_id, &b->gnu_build_id);
	if (a->go_build_id.len && b->go_build_id.len)
		return hms_build_id_equal(&a->go_build_id, &b->go_build_id);
	return -1;
}

static struct hms_error *open_explicit(const struct hms_elffile *exe, const char *path,
				       struct hms_elffile **ret)
{
	HMS_AUTO(hms_elffile) struct hms_elffile *debug = NULL;

	HMS_TRY(hms_elffile_open(path, &debug));
	if (debug->arch != exe->arch || same_build(exe, debug) == 0)
		return hms_err(HMS_ERR_MISMATCH,
			       "cannot use debug file '%s': it belongs to another build than '%s'",
			       path, exe->path);
	*ret = hms_take(debug);
	return NULL;
}

static bool crc_agrees(const struct hms_elffile *exe, const char *path)
{
	struct hms_mapfile map;
	struct hms_error *err = hms_mapfile_open(path, &map);
	bool agrees;

	if (err) {
		hms_err_free(err);
		return false;
	}
	agrees = hms_crc32(0, map.p, map.size) == exe->debuglink_crc;
	hms_mapfile_close(&map);
	return agrees;
}

/* A candidate counts where its build ID agrees; without one, where the CRC does (@by_crc: there
 * is a CRC to compare with).  Anything else is as good as no file. */
static struct hms_elffile *try_candidate(const struct hms_elffile *exe, const char *path,
					 bool by_crc)
{
	struct hms_elffile *debug = NULL;
	struct hms_error *err = hms_elffile_open(path, &debug);
	int same;

	if (err) {
		hms_err_free(err);
		return NULL;
	}
	same = same_build(exe, debug);
	if (debug->has_dwarf && (same == 1 || (same < 0 && by_crc && crc_agrees(exe, path))))
		return debug;
	hms_elffile_close(debug);
	return NULL;
}

static struct hms_elffile *try_link(const struct hms_elffile *exe, const char *prefix,
				    const char *dir, const char *sub)
{
	HMS_AUTO_FREE char *path = hms_xprintf("%s%s/%s%s", prefix, dir, sub, exe->debuglink);

	return try_candidate(exe, path, true);
}

/* @dir without @sysroot in front, where it lies there. */
static const char *inside_sysroot(const char *dir, const char *sysroot)
{
	HMS_AUTO_FREE char *root = sysroot ? realpath(sysroot, NULL) : NULL;
	size_t len = root ? strlen(root) : 0;

	if (len > 1 && strncmp(dir, root, len) == 0 && (dir[len] == '/' || dir[len] == '\0'))
		return dir + len;
	return dir;
}

/* The link is a plain file name; one with a slash would lead anywhere. */
static struct hms_elffile *find_by_link(const struct hms_elffile *exe, const char *sysroot)
{
	HMS_AUTO_FREE char *dir = NULL, *global = NULL;
	struct hms_elffile *debug;
	char *slash;

	if (!exe->debuglink || strchr(exe->debuglink, '/'))
		return NULL;
	dir = realpath(exe->path, NULL);
	slash = dir ? strrchr(dir, '/') : NULL;
	if (!slash)
		return NULL;
	*slash = '\0';
	debug = try_link(exe, dir, "", "");
	if (!debug)
		debug = try_link(exe, dir, "", ".debug/");
	if (debug)
		return debug;
	global = hms_xprintf("%s" DEBUG_DIR, sysroot ? sysroot : "");
	return try_link(exe, global, inside_sysroot(dir, sysroot), "");
}

struct hms_error *hms_debugfile_open(const struct hms_elffile *exe, const char *sysroot,
				     const char *explicit_path, struct hms_elffile **ret)
{
	HMS_AUTO_FREE char *by_id = NULL;
	struct hms_elffile *debug = NULL;

	if (explicit_path)
		return open_explicit(exe, explicit_path, ret);
	by_id = hms_build_id_path(&exe->gnu_build_id, sysroot, ".debug");
	if (by_id)
		debug = try_candidate(exe, by_id, false);
	if (!debug)
		debug = find_by_link(exe, sysroot);
	*ret = debug;
	return NULL;
}
