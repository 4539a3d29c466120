/*
 * JSON Schema, as much of draft 2020-12 as our own schema uses: type, enum, const, minimum,
 * pattern, properties, required, additionalProperties, items, oneOf, anyOf, $ref to #/$defs, true
 * and false.  Any other keyword is refused, so that none is ignored by mistake.  On jansson.
 */
#ifndef HMS_TESTS_LIB_SCHEMA_H
#define HMS_TESTS_LIB_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

#include "util/error.h"
#include "util/str.h"

/* Parse a document, or any value; NULL and *error on failure.  NUL may stand in strings, no key
 * twice; where an integer needs more than 63 bits, which jansson does not hold, all become reals.
 */
json_t *schema_parse(const char *text, size_t len, json_error_t *error);

/* Read a schema; the caller drops it with json_decref(). */
struct hms_error *schema_load(const char *path, json_t **ret) HMS_MUST_USE;

/* True where @doc is valid by @schema, or by its definition @def (not NULL).  Otherwise @why says
 * where the first violation is and what: "/maps/0/addr: ...". */
bool schema_valid(json_t *schema, const char *def, json_t *doc, struct hms_str *why);

#endif
