/* What the compiler is told about our functions.  gcc 12 and clang 14 know all of it. */
#ifndef HMS_UTIL_COMPILER_H
#define HMS_UTIL_COMPILER_H

#define HMS_MUST_USE      __attribute__((warn_unused_result))
#define HMS_UNUSED        __attribute__((unused))
#define HMS_PRINTF(f, a)  __attribute__((format(printf, f, a)))
#define HMS_NORETURN      __attribute__((noreturn))
#define HMS_ALWAYS_INLINE __attribute__((always_inline))

#define HMS_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define HMS_MIN(a, b) ((a) < (b) ? (a) : (b))
#define HMS_MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
