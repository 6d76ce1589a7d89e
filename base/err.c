/* err.c -- status codes and error messages.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* A message is one line whatever a file's names contain. */
static void replace_control(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            *text = '?';
}

static void store(struct spn_err *err, char *line)
{
    spn_text_shorten(line, sizeof err->msg);
    memcpy(err->msg, line, strlen(line) + 1);
    replace_control(err->msg);
}

enum spn_status spn_err_set(struct spn_err *err, enum spn_status status, const char *format, ...)
{
    if (!err)
        return status;
    va_list args;
    va_start(args, format);
    char line[SPN_TEXT_LINE]; /* an argument may be err->msg itself */
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    store(err, line);
    err->status = status;
    return status;
}

void spn_err_prefix(struct spn_err *err, const char *format, ...)
{
    if (!err)
        return;
    char line[SPN_TEXT_LINE + sizeof err->msg];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, SPN_TEXT_LINE, format, args);
    va_end(args);
    if (n < 0)
        return;
    n = n < SPN_TEXT_LINE ? n : SPN_TEXT_LINE - 1;
    memcpy(line + n, err->msg, sizeof err->msg);
    store(err, line);
}

enum spn_status spn_err_memory(struct spn_err *err, const char *what)
{
    return spn_err_set(err, SPN_EINTERNAL, "out of memory for %s", what);
}
