/* check.h -- what every unit test program shares.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_TESTS_CHECK_H
#define SPN_TESTS_CHECK_H

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

/* Each check_<module>.c defines this; check_main.c runs it. */
Suite *spn_suite(void);

/* |got - want| <= rtol |want|: tells 1e-15 J from 2e-15 J, which Check's absolute tolerance does
 * not. */
#define ck_assert_rel(got, want, rtol)                                                             \
    do {                                                                                           \
        double got_ = (got), want_ = (want);                                                       \
        ck_assert_msg(fabs(got_ - want_) <= (rtol)*fabs(want_), "%s = %.17g, expected %s = %.17g", \
                      #got, got_, #want, want_);                                                   \
    } while (0)

/* A call that must succeed; prints the message if not. */
#define ck_assert_ok(call)                                                                         \
    do {                                                                                           \
        enum spn_status status_ = (call);                                                          \
        ck_assert_msg(status_ == SPN_OK, "%s: %s", #call, err.msg);                                \
    } while (0)

/* A call that must fail with `want` and a one-line message holding `words`. Needs `struct spn_err
 * err` in scope. */
#define ck_assert_fails(call, want, words)                                                         \
    do {                                                                                           \
        enum spn_status status_ = (call);                                                          \
        ck_assert_msg(status_ == (want), "%s: status %d: %s", #call, (int)status_, err.msg);       \
        ck_assert_msg(strstr(err.msg, words) != NULL, "%s: message \"%s\" lacks \"%s\"", #call,    \
                      err.msg, words);                                                             \
        ck_assert(strchr(err.msg, '\n') == NULL);                                                  \
    } while (0)

/* The folder with reference data (data/, golden/, facts/), or NULL: then the test returns at once.
 */
static inline const char *spn_test_data(void)
{
    const char *dir = getenv("SPINDLE_TEST_DATA");
    return dir && *dir ? dir : NULL;
}

#endif
