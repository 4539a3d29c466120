/*
 * Values that someone writes down in Go's notation, as they would lie in the process's memory.
 *
 * Taken is what Go takes for a constant or composite literal of the type, and what this program
 * itself prints of a value (rt/value.h):
 *
 *	integers       7, -1_000, 0x1f, 0o17, 0b101, 'a'
 *	floats         1.5, 1e9, 0x1p-2, NaN, Inf, -Inf
 *	complex        1+2i, complex(1, 2)
 *	strings        "a\n", `a`, and where the whole text is one string also as it stands
 *	booleans       true, false
 *	pointers       0xc000010000, nil; channels too
 *	structs        {1, "a"}, {A: 1}, main.T{A: 1}
 *	arrays         {1, 2}, [3]int{1, 2}, {0: 1, 2: 5}
 *	interfaces     nil, 7 (an int), "x", uint8(7), main.T{A: 1}, (*main.T)(0xc000010000)
 *	conversions    main.Celsius(3), of the type that is wanted
 *
 * What a value refers to (the bytes of strings, what interfaces hold) has addresses that no
 * process can have; hms_literal_run() reads there.
 */
#ifndef HMS_RT_LITERAL_H
#define HMS_RT_LITERAL_H

#include <stddef.h>
#include <stdint.h>

#include "rt/rt.h"

struct hms_literal; /* immutable; borrows types of the rt that it was parsed with */

/* Parse @text as a value of @type.  HMS_ERR_USAGE names the type and the place in @text that does
 * not fit; HMS_ERR_LIMIT for types too large to be real. */
struct hms_error *hms_literal_parse(const struct hms_rt *rt, const struct hms_type *type,
				    const char *text, struct hms_literal **ret) HMS_MUST_USE;
void hms_literal_destroy(struct hms_literal *literal); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_literal, hms_literal_destroy)

/* The value: as many bytes as its type has. */
const uint8_t *hms_literal_bytes(const struct hms_literal *literal);
/* The address of these bytes, as good as any other that the value refers to. */
uint64_t hms_literal_addr(const struct hms_literal *literal);

/* The bytes at @addr that the value refers to: their number, 0 where it refers to none there. */
size_t hms_literal_run(const struct hms_literal *literal, uint64_t addr, const uint8_t **ret);

/* The type of an interface in the value whose first word is @word; NULL: no word of its. */
const struct hms_type *hms_literal_dynamic_type(const struct hms_literal *literal, uint64_t word);

/* Types that interfaces in the value hold, outer ones before those inside them. */
const struct hms_type *const *hms_literal_types(const struct hms_literal *literal, size_t *n_ret);

#endif
