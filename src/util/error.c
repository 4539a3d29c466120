#include "util/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inttypes.h>

static char nomem_message[] = "out of memory";

struct hms_error hms_err_nomem = {
	.code = HMS_ERR_NOMEM,
	.message = nomem_message,
};

HMS_PRINTF(2, 0)
static struct hms_error *err_vnew(enum hms_error_code code, const char *format, va_list ap)
{
	struct hms_error *err = calloc(1, sizeof(*err));

	if (!err)
		return &hms_err_nomem;
	err->code = code;
	if (vasprintf(&err->message, format, ap) < 0) {
		free(err);
		return &hms_err_nomem;
	}
	return err;
}

struct hms_error *hms_err(enum hms_error_code code, const char *format, ...)
{
	struct hms_error *err;
	va_list ap;

	va_start(ap, format);
	err = err_vnew(code, format, ap);
	va_end(ap);
	return err;
}

struct hms_error *hms_err_os(int errnum, const char *format, ...)
{
	struct hms_error *err;
	va_list ap;
	char *message;

	va_start(ap, format);
	err = err_vnew(HMS_ERR_OS, format, ap);
	va_end(ap);
	if (err == &hms_err_nomem)
		return err;
	err->errnum = errnum;
	if (asprintf(&message, "%s: %s", err->message, strerror(errnum)) >= 0) {
		free(err->message);
		err->message = message;
	}
	return err;
}

struct hms_error *hms_err_fault(uint64_t addr, const char *why)
{
	struct hms_error *err = hms_err(HMS_ERR_FAULT, "address 0x%" PRIx64 " %s", addr, why);

	if (err != &hms_err_nomem)
		err->addr = addr;
	return err;
}

struct hms_error *hms_err_ctx(struct hms_error *err, const char *format, ...)
{
	HMS_UNUSED int n;
	va_list ap;
	char *prefix = NULL, *message;

	if (!err || err == &hms_err_nomem)
		return err;
	va_start(ap, format);
	n = vasprintf(&prefix, format, ap);
	va_end(ap);
	if (n < 0)
		return err;
	if (asprintf(&message, "%s: %s", prefix, err->message) >= 0) {
		free(err->message);
		err->message = message;
	}
	free(prefix);
	return err;
}

bool hms_err_catch(struct hms_error **err, enum hms_error_code code)
{
	if (!*err || (*err)->code != code)
		return false;
	hms_err_free(*err);
	*err = NULL;
	return true;
}

void hms_err_free(struct hms_error *err)
{
	if (!err || err == &hms_err_nomem)
		return;
	free(err->message);
	free(err);
}

int hms_err_exit_status(const struct hms_error *err)
{
	switch (err->code) {
#define X(code, status) \
	case HMS_ERR_##code: return status;
		HMS_ERROR_CODES(X)
#undef X
	}
	return 65;
}
