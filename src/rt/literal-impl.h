/* Inside the parser of literals: literal.c (values), literal-number.c, literal-type.c. */
#ifndef HMS_RT_LITERAL_IMPL_H
#define HMS_RT_LITERAL_IMPL_H

#include "rt/literal.h"
#include "util/str.h"

struct hms_literal_parser {
	const struct hms_rt *rt;
	const struct hms_type *whole; /* of the value asked for: errors name it */
	const char *text;
	const char *p; /* next character */
	unsigned int depth;
	struct hms_literal *literal;
};

/* An error about what stands at @at. */
struct hms_error *hms_literal_bad(const struct hms_literal_parser *parser, const char *at,
				  const char *format, ...) HMS_MUST_USE HMS_PRINTF(3, 4);
void hms_literal_skip_space(struct hms_literal_parser *parser);

/* The value of a digit in any base to 36; 99 for what is none. */
static inline unsigned int hms_literal_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'z' ? (unsigned int)(c - 'a') + 10 : 99;
}

/* ---- literal-number.c --------------------------------------------------------------------- */

/* What the number at the parser's place looks like; '\0': it is none. */
enum hms_literal_form {
	HMS_LITERAL_NO_NUMBER,
	HMS_LITERAL_INTEGER,
	HMS_LITERAL_FLOAT,
	HMS_LITERAL_IMAGINARY,
};
enum hms_literal_form hms_literal_number_form(const struct hms_literal_parser *parser);

/* An integer (or a character in quotes) of @size bytes. */
struct hms_error *hms_literal_integer(struct hms_literal_parser *parser,
				      const struct hms_type *type, bool is_signed, uint8_t *ret)
	HMS_MUST_USE;
struct hms_error *hms_literal_float(struct hms_literal_parser *parser, const struct hms_type *type,
				    uint8_t *ret) HMS_MUST_USE;
struct hms_error *hms_literal_complex(struct hms_literal_parser *parser,
				      const struct hms_type *type, uint8_t *ret) HMS_MUST_USE;

/* ---- literal-text.c ----------------------------------------------------------------------- */

/* The text between quotes ("...", `...`) at the parser's place, appended to @ret. */
struct hms_error *hms_literal_quoted(struct hms_literal_parser *parser, struct hms_str *ret)
	HMS_MUST_USE;
/* The character between single quotes there. */
struct hms_error *hms_literal_rune(struct hms_literal_parser *parser, uint32_t *ret) HMS_MUST_USE;

/* ---- literal-type.c ----------------------------------------------------------------------- */

/* Does the name of @type stand at the parser's place, before "(" or "{"?  If so step behind it. */
bool hms_literal_own_type(struct hms_literal_parser *parser, const struct hms_type *type);
/* The same for any type of the program; NULL where no type's name stands there. */
struct hms_error *hms_literal_any_type(struct hms_literal_parser *parser,
				       const struct hms_type **ret) HMS_MUST_USE;
/* A type by its exact name that has a descriptor, if any has. */
const struct hms_type *hms_literal_type_named(const struct hms_literal_parser *parser,
					      const char *name);

#endif
