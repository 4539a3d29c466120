/*
 * Go release strings (src/internal/buildcfg, runtime.buildVersion): "go1.24.4",
 * "go1.24.4 X:noswissmap", from 1.26 on "go1.27.4-X:mapsplitgroup", "go1.22rc1", "go1.22.9 (Red
 * Hat 1.22.9-2.el9) X:strictfipsruntime", "devel go1.22-<commit> <date>", from 1.22 on also
 * "go1.26-devel_<commit> <date>".
 */
#include "rt/rt.h"

#include <string.h>

/* Minor releases of Go 1 whose structures, maps and hashes the facts were verified with. */
static const unsigned int verified_minors[] = {15, 19, 21, 22, 23, 24, 25, 26, 27};

bool hms_go_version_known(const struct hms_go_version *version)
{
	if (version->major != 1)
		return false;
	for (size_t i = 0; i < HMS_ARRAY_LEN(verified_minors); i++) {
		if (verified_minors[i] == version->minor)
			return true;
	}
	return false;
}

static void copy_printable(const char *text, size_t len, char *ret, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < cap; i++)
		ret[n++] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	ret[n] = '\0';
}

/* A decimal number of at most four digits at *p; false, and *p untouched, where there is none. */
static bool number(const char **p, unsigned int *ret)
{
	unsigned int value = 0, digits = 0;
	const char *q = *p;

	for (; *q >= '0' && *q <= '9'; q++, digits++) {
		if (digits == 4)
			return false;
		value = value * 10 + (unsigned int)(*q - '0');
	}
	if (!digits)
		return false;
	*p = q;
	*ret = value;
	return true;
}

/* "1.24.4" and what may follow; a development version is no release. */
static void parse_release(const char *p, struct hms_go_version *ret)
{
	unsigned int major, minor, patch = 0;

	if (!number(&p, &major) || *p++ != '.' || !number(&p, &minor))
		return;
	if (*p == '.') {
		p++;
		if (!number(&p, &patch))
			return;
	}
	if (strncmp(p, "-devel", 6) == 0)
		return;
	ret->major = major;
	ret->minor = minor;
	ret->patch = patch;
}

/* The word behind " X:" or "-X:" is the list of experiments. */
static void parse_experiments(const char *text, size_t len, struct hms_go_version *ret)
{
	const char *end = text + len, *p = memmem(text, len, " X:", 3), *stop;

	if (!p)
		p = memmem(text, len, "-X:", 3);
	if (!p)
		return;
	p += 3;
	stop = memchr(p, ' ', (size_t)(end - p));
	copy_printable(p, (size_t)((stop ? stop : end) - p), ret->experiments,
		       sizeof(ret->experiments));
}

void hms_go_version_parse(const char *text, size_t len, struct hms_go_version *ret)
{
	*ret = (struct hms_go_version){0};
	copy_printable(text, len, ret->text, sizeof(ret->text));
	if (strncmp(ret->text, "go", 2) == 0)
		parse_release(ret->text + 2, ret);
	parse_experiments(text, len, ret);
}

bool hms_go_version_experiment(const struct hms_go_version *version, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = version->experiments; *p;) {
		size_t n = strcspn(p, ",");

		if (n == len && memcmp(p, name, len) == 0)
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

bool hms_go_version_register_abi(const struct hms_go_version *version, enum hms_arch arch)
{
	if (hms_go_version_experiment(version, "noregabi"))
		return false;
	return version->major != 1 || version->minor >= (arch == HMS_ARCH_ARM64 ? 18 : 17);
}
