# Project macros: one home for what configure.ac asks more than once.

# HMS_CHECK_LIBDWARF
# Debian 12 ships 20210528 (no .pc file, header in libdwarf/, dwarf_finish with an
# error argument), Debian 13 ships 0.11 (libdwarf.pc).  dwarf/compat.h hides what differs.
AC_DEFUN([HMS_CHECK_LIBDWARF], [
  PKG_CHECK_MODULES([LIBDWARF], [libdwarf], [], [
    LIBDWARF_CFLAGS=
    LIBDWARF_LIBS=-ldwarf
  ])
  AC_SUBST([LIBDWARF_CFLAGS])
  AC_SUBST([LIBDWARF_LIBS])
  hms_save_CPPFLAGS=$CPPFLAGS
  hms_save_LIBS=$LIBS
  CPPFLAGS="$CPPFLAGS $LIBDWARF_CFLAGS"
  LIBS="$LIBDWARF_LIBS $LIBS"
  AC_CHECK_HEADERS([libdwarf.h libdwarf/libdwarf.h])
  AS_IF([test "x$ac_cv_header_libdwarf_h$ac_cv_header_libdwarf_libdwarf_h" = xnono],
        [AC_MSG_ERROR([libdwarf is required (Debian: libdwarf-dev)])])
  AC_CHECK_FUNC([dwarf_next_cu_header_d], [],
        [AC_MSG_ERROR([libdwarf is too old: 20210528 or newer is required])])
  AC_CACHE_CHECK([for libdwarf API], [hms_cv_libdwarf_api], [
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#ifdef HAVE_LIBDWARF_H
#include <libdwarf.h>
#else
#include <libdwarf/libdwarf.h>
#endif
      ]], [[Dwarf_Debug d = 0; return dwarf_finish(d);]])],
      [hms_cv_libdwarf_api=0.x], [hms_cv_libdwarf_api=20210528])])
  hms_libdwarf_api=$hms_cv_libdwarf_api
  AS_IF([test "x$hms_libdwarf_api" = x0.x],
        [AC_DEFINE([HMS_LIBDWARF_NEW], [1], [libdwarf has the 0.x API])])
  CPPFLAGS=$hms_save_CPPFLAGS
  LIBS=$hms_save_LIBS
])

# HMS_WITH(name, VAR, pkg-config module, what it is for)
AC_DEFUN([HMS_WITH], [
  AC_ARG_WITH([$1],
    [AS_HELP_STRING([--with-$1], [$4 @<:@auto@:>@])], [], [with_$1=auto])
  hms_with_$1=no
  AS_IF([test "x$with_$1" != xno], [
    PKG_CHECK_MODULES([$2], [$3], [hms_with_$1=yes], [
      AS_IF([test "x$with_$1" = xyes], [AC_MSG_ERROR([--with-$1 was given, but $3 was not found])])])
  ])
  AS_IF([test "x$hms_with_$1" = xyes],
        [AC_DEFINE([HAVE_$2], [1], [$4: $3 is there])])
  AM_CONDITIONAL([HAVE_$2], [test "x$hms_with_$1" = xyes])
])

AC_DEFUN([AX_HMS_PTHREAD], [
  AC_SEARCH_LIBS([pthread_create], [pthread], [],
                 [AC_MSG_ERROR([POSIX threads are required])])
])

# HMS_TRY_CFLAG(flag): appends to HMS_CFLAGS what the compiler knows.
AC_DEFUN([HMS_TRY_CFLAG], [
  hms_save_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -Werror $1"
  AC_MSG_CHECKING([whether $CC accepts $1])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
    [AC_MSG_RESULT([yes]); HMS_CFLAGS="$HMS_CFLAGS $1"], [AC_MSG_RESULT([no])])
  CFLAGS=$hms_save_CFLAGS
])

AC_DEFUN([HMS_WARNINGS], [
  AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [treat warnings as errors (CI)])], [], [enable_werror=no])
  HMS_CFLAGS="-std=gnu11 -fvisibility=hidden"
  m4_foreach_w([flag], [-Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes
    -Wmissing-prototypes -Wpointer-arith -Wvla -Wnull-dereference -Wimplicit-fallthrough
    -Wduplicated-cond -Wlogical-op -Wwrite-strings -Wundef],
    [HMS_TRY_CFLAG(flag)])
  AS_IF([test "x$enable_werror" = xyes], [HMS_CFLAGS="$HMS_CFLAGS -Werror"])
  AC_SUBST([HMS_CFLAGS])
])

AC_DEFUN([HMS_SANITIZE], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers], [build with AddressSanitizer and UBSan])], [],
    [enable_sanitizers=no])
  HMS_SANITIZE_FLAGS=
  AS_IF([test "x$enable_sanitizers" = xyes],
    [HMS_SANITIZE_FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"])
  AC_SUBST([HMS_SANITIZE_FLAGS])
  AM_CONDITIONAL([SANITIZED], [test "x$enable_sanitizers" = xyes])
])

# HMS_FUZZING: instruments everything for libFuzzer; tests/fuzz/module.am links the targets.
AC_DEFUN([HMS_FUZZING], [
  AC_ARG_ENABLE([fuzzing],
    [AS_HELP_STRING([--enable-fuzzing], [build the fuzz targets for libFuzzer (needs clang)])], [],
    [enable_fuzzing=no])
  AS_IF([test "x$enable_fuzzing" = xyes], [HMS_CFLAGS="$HMS_CFLAGS -fsanitize=fuzzer-no-link"])
  AM_CONDITIONAL([FUZZING], [test "x$enable_fuzzing" = xyes])
])
