/* file.c -- whole files: read at once, written so that no half is ever seen.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "base/file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/newfile.h"

enum spn_status spn_file_write(const char *dir, const char *name, const char *data, size_t length,
                               struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    struct spn_newfile file;
    int n = snprintf(path, sizeof path, "%s%s%s", dir ? dir : "", dir ? "/" : "", name);
    if (n < 0 || (size_t)n >= sizeof path)
        return spn_err_set(err, SPN_EUSAGE, "%s: path too long", name);
    enum spn_status status = spn_newfile_open(&file, path, err);
    if (status)
        return status;
    bool good = fwrite(data, 1, length, file.file) == length;
    return spn_newfile_close(&file, good, err);
}

enum spn_status spn_file_read(const char *path, size_t most, struct spn_text *out,
                              struct spn_err *err)
{
    char block[1 << 14];
    size_t n;
    FILE *file = fopen(path, "rb");
    if (!file)
        return spn_err_set(err, SPN_EINPUT, "%s: cannot open: %s", path, strerror(errno));
    while (out->length <= most && (n = fread(block, 1, sizeof block, file)) > 0)
        spn_text_add_n(out, block, n);
    int why = ferror(file) ? errno : 0;
    fclose(file);
    return why           ? spn_err_set(err, SPN_EINPUT, "%s: cannot read: %s", path, strerror(why))
           : out->failed ? spn_err_memory(err, path)
           : out->length > most
               ? spn_err_set(err, SPN_EINPUT, "%s: larger than %zu bytes", path, most)
               : SPN_OK;
}
