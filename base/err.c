/* err.c -- status codes and error messages.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message is one line whatever a file's names contain. */
static void replace_control(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            *text = '?';
}

enum spn_status spn_err_set(struct spn_err *err, enum spn_status status, const char *format, ...)
{
    if (!err)
        return status;
    va_list args;
    va_start(args, format);
    char msg[sizeof err->msg]; /* an argument may be err->msg itself */
    vsnprintf(msg, sizeof msg, format, args);
    va_end(args);
    replace_control(msg);
    memcpy(err->msg, msg, sizeof msg);
    err->status = status;
    return status;
}

void spn_err_prefix(struct spn_err *err, const char *format, ...)
{
    if (!err)
        return;
    char msg[sizeof err->msg];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(msg, sizeof msg, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof msg)
        return;
    snprintf(msg + n, sizeof msg - (size_t)n, "%s", err->msg);
    replace_control(msg);
    memcpy(err->msg, msg, sizeof msg);
}

enum spn_status spn_err_memory(struct spn_err *err, const char *what)
{
    return spn_err_set(err, SPN_EINTERNAL, "out of memory for %s", what);
}
