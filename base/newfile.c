/* newfile.c -- files that appear whole or not at all.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "base/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define FILE_MODE 0666 /* less the user's umask */

static enum spn_status fail(const char *path, int why, struct spn_err *err)
{
    return spn_err_set(err, SPN_EINTERNAL, "%s: cannot write: %s", path, strerror(why));
}

static void forget(struct spn_newfile *f)
{
    free(f->path);
    free(f->temporary);
    *f = (struct spn_newfile){.file = NULL};
}

/* The file descriptor that takes the bytes, or -1 with errno's reason. */
static int open_for(struct spn_newfile *f, const struct stat *there)
{
    struct spn_text name = {0};
    if (there && S_ISDIR(there->st_mode)) {
        errno = EISDIR;
        return -1;
    }
    if (there && !S_ISREG(there->st_mode))
        return open(f->path, O_WRONLY | O_CLOEXEC);
    spn_text_add(&name, "%s.%ld.tmp", f->path, (long)getpid());
    f->temporary = name.data;
    return name.failed ? -1
                       : open(f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
}

enum spn_status spn_newfile_open(struct spn_newfile *f, const char *path, struct spn_err *err)
{
    struct stat st;
    const bool there = stat(path, &st) == 0;
    *f = (struct spn_newfile){.path = there && S_ISREG(st.st_mode) ? realpath(path, NULL)
                                                                   : strdup(path)};
    const int fd = f->path ? open_for(f, there ? &st : NULL) : -1;
    f->file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (f->file)
        return SPN_OK;
    const int why = errno;
    if (fd >= 0) {
        close(fd);
        if (f->temporary)
            unlink(f->temporary);
    }
    forget(f);
    return fail(path, why, err);
}

enum spn_status spn_newfile_close(struct spn_newfile *f, bool good, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    const bool written = !ferror(f->file) && fflush(f->file) == 0;
    int why = errno; /* of the write that failed, here or before */
    const bool closed = fclose(f->file) == 0;
    if (written && !closed)
        why = errno;
    if (!written || !closed)
        status = fail(f->path, why, err);
    if (!status && good && f->temporary && rename(f->temporary, f->path) != 0)
        status = fail(f->path, errno, err);
    if (f->temporary && (status || !good))
        unlink(f->temporary);
    forget(f);
    return status;
}

enum spn_status spn_newfile_check(const char *path, struct spn_err *err)
{
    struct spn_newfile f;
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) &&
        !S_ISDIR(st.st_mode)) /* a pipe opens once */
        return access(path, W_OK) == 0 ? SPN_OK : fail(path, errno, err);
    enum spn_status status = spn_newfile_open(&f, path, err);
    return status ? status : spn_newfile_close(&f, false, err);
}
