/* check_main.c -- main() of every unit test program.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include <gsl/gsl_errno.h>

int main(void)
{
    gsl_set_error_handler_off();
    setenv("CK_DEFAULT_TIMEOUT", "900", 0); /* Check's 4 s end a sound test on a busy machine */
    SRunner *runner = srunner_create(spn_suite());
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
