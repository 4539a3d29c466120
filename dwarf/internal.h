/*
 * What the files of this folder share: the open handle, and DIEs and attributes with our errors
 * and scope guards in place of libdwarf's three-way results.
 *
 * libdwarf keeps caches in its handle, so every call into it is made with the lock held.
 */
#ifndef HMS_DWARF_INTERNAL_H
#define HMS_DWARF_INTERNAL_H

#include <pthread.h>

#include "dwarf/compat.h"
#include "dwarf/dwarf.h"
#include "util/arena.h"
#include "util/cleanup.h"
#include "util/error.h"

/* What a unit's producer does that readers must know (producer.c). */
enum {
	HMS_PRODUCER_GO = 1 << 0,
	HMS_PRODUCER_LONE_WORDS = 1 << 1,
};

/* No DIE. */
#define NO_REF UINT64_MAX

/* Half-open, link-time addresses. */
struct pc_range {
	uint64_t low;
	uint64_t high;
};

/* A function's code; one that has several ranges appears once for each. */
struct function {
	struct pc_range range;
	uint64_t die_off;
};

struct line_row {
	uint64_t addr;
	const char *file; /* NULL: unknown */
	uint32_t line;
	uint32_t order; /* in the table, which decides between rows of one address */
	bool end;       /* the first address after a sequence */
};

struct unit {
	uint64_t die_off; /* of its compile unit DIE */
	uint64_t base;    /* DW_AT_low_pc: what range lists count from */
	uint64_t rnglists_base;
	const char *dir; /* DW_AT_comp_dir, or NULL; libdwarf's */
	unsigned int flags;
	bool functions_read;
	bool lines_read;
	struct function *functions; /* sorted by address */
	size_t nfunctions;
	struct line_row *lines; /* sorted by address */
	size_t nlines;
};

struct unit_range {
	struct pc_range range;
	struct unit *unit;
};

/* What a DIE offset is in the graph. */
struct type_ref {
	uint64_t off;
	const struct hms_type *type;
	int32_t dict_index; /* -1: none */
};

struct frame_entry;

struct hms_dwarf {
	struct sections sections;
	struct compat_object object;
	Dwarf_Debug dbg; /* NULL between dwarf_need_lists() failing and hms_dwarf_close() */
	pthread_mutex_t lock;
	struct hms_arena *arena; /* names that are handed out */
	struct unit *units;      /* in file order */
	size_t nunits, units_cap;
	size_t nbad; /* units left out because their header or first DIE is damaged */
	const char *producer;
	bool ranges_read;
	struct unit_range *ranges; /* sorted by address */
	size_t nranges, ranges_cap;
	struct type_ref *types; /* sorted by offset; empty before hms_dwarf_read_types() */
	size_t ntypes;
	const struct hms_type *unknown; /* for offsets that are no type's */
	struct frame_entry *frames;     /* by pc: frame.c */
};

/* ---- errors ------------------------------------------------------------------------------- */

/* libdwarf's error as ours; takes @err over. */
struct hms_error *dwarf_error(struct hms_dwarf *dwarf, Dwarf_Error err, const char *what)
	HMS_MUST_USE;
/* An error that changes nothing. */
void dwarf_drop(struct hms_dwarf *dwarf, Dwarf_Error err);

/* Ours from a call's result and its error (a pointer, so that the call can be an argument);
 * *found_ret tells DW_DLV_OK from DW_DLV_NO_ENTRY. */
struct hms_error *dwarf_result(struct hms_dwarf *dwarf, int result, Dwarf_Error *err,
			       const char *what, bool *found_ret) HMS_MUST_USE;

/* Make dwarf->dbg of dwarf->object. */
struct hms_error *dwarf_attach(struct hms_dwarf *dwarf) HMS_MUST_USE;

/* Types are read without line, range and location lists, which take time to decompress.  Whoever
 * needs one of these calls this first, with no DIE in hand.  Lock held. */
struct hms_error *dwarf_need_lists(struct hms_dwarf *dwarf) HMS_MUST_USE;

/* ---- DIEs --------------------------------------------------------------------------------- */

static inline void die_cleanup(Dwarf_Die *die)
{
	if (*die)
		dwarf_dealloc_die(*die);
}
#define AUTO_DIE HMS_CLEANUP(die_cleanup)

struct hms_error *die_at(struct hms_dwarf *dwarf, uint64_t off, Dwarf_Die *ret) HMS_MUST_USE;

/*
 * The children of a DIE, one after the other:
 *
 *	HMS_CLEANUP(children_deinit) struct children it = CHILDREN_INIT(dwarf);
 *	for (err = children_first(&it, parent); !err && it.die; err = children_next(&it))
 */
struct children {
	struct hms_dwarf *dwarf;
	Dwarf_Die die; /* NULL after the last */
	uint64_t off;
	Dwarf_Half tag;
};
#define CHILDREN_INIT(handle)      \
	{                          \
		handle, NULL, 0, 0 \
	}

struct hms_error *children_first(struct children *it, Dwarf_Die parent) HMS_MUST_USE;
struct hms_error *children_next(struct children *it) HMS_MUST_USE;
void children_deinit(struct children *it);

/* ---- attributes --------------------------------------------------------------------------- */

/* All attributes of a DIE, without a look-up for each. */
struct attrs {
	Dwarf_Debug dbg;
	Dwarf_Attribute *list;
	Dwarf_Signed n;
};
#define ATTRS_INIT            \
	{                     \
		NULL, NULL, 0 \
	}

struct hms_error *attrs_read(struct hms_dwarf *dwarf, Dwarf_Die die, struct attrs *ret)
	HMS_MUST_USE;
void attrs_deinit(struct attrs *attrs);
/* NULL where there is none. */
Dwarf_Attribute attrs_find(const struct attrs *attrs, Dwarf_Half name);

/* Is the value an address, rather than a constant? */
bool attr_is_address(struct hms_dwarf *dwarf, Dwarf_Attribute attr);

/* Values.  False, and *ret untouched, where the attribute has a form of another class. */
bool attr_unsigned(struct hms_dwarf *dwarf, Dwarf_Attribute attr, uint64_t *ret);
/* An offset in another section. */
bool attr_offset(struct hms_dwarf *dwarf, Dwarf_Attribute attr, uint64_t *ret);
bool attr_flag(struct hms_dwarf *dwarf, Dwarf_Attribute attr);
bool attr_ref(struct hms_dwarf *dwarf, Dwarf_Attribute attr, uint64_t *ret);
/* Borrowed from libdwarf, valid until hms_dwarf_close(). */
const char *attr_string(struct hms_dwarf *dwarf, Dwarf_Attribute attr);
/* Bytes of a block or expression, borrowed likewise. */
bool attr_block(struct hms_dwarf *dwarf, Dwarf_Attribute attr, const uint8_t **ret,
		size_t *len_ret);

/* ULEB128 from [*p, end); false where it is cut short or larger than 64 bits. */
bool read_uleb(const uint8_t **p, const uint8_t *end, uint64_t *ret);
bool read_sleb(const uint8_t **p, const uint8_t *end, int64_t *ret);

/* ---- the parts ---------------------------------------------------------------------------- */

/* Flags of a producer string (NULL is fine) and a DW_AT_language. */
unsigned int producer_flags(const char *producer, uint64_t language);

/* Code ranges of a DIE of @unit: low_pc/high_pc or a range list.  @emit is called for each that is
 * not empty. */
struct hms_error *die_ranges(struct hms_dwarf *dwarf, Dwarf_Die die, const struct unit *unit,
			     void (*emit)(void *arg, struct pc_range range), void *arg)
	HMS_MUST_USE;

/* Is there a whole list at @off of .debug_rnglists or .debug_loclists?  (list.c) */
bool range_list_ends(const struct hms_dwarf *dwarf, uint64_t off);
bool location_list_ends(const struct hms_dwarf *dwarf, uint64_t off);
/* The offset of list @index of the unit whose DW_AT_rnglists_base is @base. */
bool range_list_offset(const struct hms_dwarf *dwarf, uint64_t base, uint64_t index, uint64_t *ret);

/* The function whose code holds @pc and its unit; *ret is NULL where there is none.  Lock held. */
struct hms_error *find_function(struct hms_dwarf *dwarf, uint64_t pc, struct unit **unit_ret,
				const struct function **ret) HMS_MUST_USE;

/* DW_AT_name, through abstract origins and specifications; libdwarf's, or NULL. */
const char *die_name(struct hms_dwarf *dwarf, Dwarf_Die die);

/* The row of a unit's line table that holds @pc, or NULL.  Lock held. */
struct hms_error *find_line(struct hms_dwarf *dwarf, struct unit *unit, uint64_t pc,
			    const struct line_row **ret) HMS_MUST_USE;

/* The type of a DIE offset; *dict_index_ret is set to -1 where it has none. */
const struct hms_type *find_type(const struct hms_dwarf *dwarf, uint64_t off,
				 int32_t *dict_index_ret);

/* ---- frames ------------------------------------------------------------------------------- */

/* What location expressions refer to. */
struct frame_context {
	struct hms_dwarf *dwarf;
	uint64_t pc;
	Dwarf_Die unit_die;
	bool base_is_cfa; /* the function's DW_AT_frame_base, as Go has it */
};

struct hms_piece;
/* Pieces of the variable whose DW_AT_location is @attr; 0: it has no value at the pc. */
size_t location_pieces(const struct frame_context *context, Dwarf_Attribute attr,
		       const struct hms_piece **ret);

void frames_clear(struct hms_dwarf *dwarf);

#endif
