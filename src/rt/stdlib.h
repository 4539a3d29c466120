/* Is a function the standard library's, by its name? */
#ifndef HMS_RT_STDLIB_H
#define HMS_RT_STDLIB_H

#include <stdbool.h>

/* @name as in the function tables: "net/http.(*conn).serve".  NULL is nobody's. */
bool hms_func_is_std(const char *name);

#endif
