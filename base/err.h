/* err.h -- status codes and error messages of every function that can fail.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A function that can fail returns enum spn_status and takes `struct spn_err *err` last. On failure
 * err->msg is one line that names the object, the value and the limit, and the outputs are
 * untouched. err may be NULL.
 */
#ifndef SPN_BASE_ERR_H
#define SPN_BASE_ERR_H

#ifdef __cplusplus
extern "C" {
#endif

enum spn_status {
    SPN_OK = 0,
    SPN_EINFEASIBLE, /* the design cannot be built as asked (exit 1) */
    SPN_EUSAGE,      /* wrong call or command line (exit 2) */
    SPN_EINPUT,      /* bad input file or value (exit 3) */
    SPN_EINTERNAL    /* out of memory, broken invariant, failed write (exit 4) */
};

struct spn_err {
    enum spn_status status;
    char msg[512];
};

/* Store a formatted message (control characters replaced by '?') and return `status`. */
enum spn_status spn_err_set(struct spn_err *err, enum spn_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Put a formatted prefix, "file: " with its colon, before the present message. */
void spn_err_prefix(struct spn_err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Out of memory, named after what was wanted. */
enum spn_status spn_err_memory(struct spn_err *err, const char *what);

#ifdef __cplusplus
}
#endif

#endif
