/* data.c -- where the shipped data (tech/, networks/, experiments/) is found.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The folders are tried in a fixed order, so that what is found does not depend on how the program
 * was called.
 */
#include "tech/data.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#ifndef SPN_DATA_DIR
#define SPN_DATA_DIR "/usr/local/share/spindle"
#endif

#define SUFFIX ".json"

enum { N_ROOTS = 5 };

struct roots {
    int n;
    char path[N_ROOTS][SPN_MAX_PATH];
};

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Append a/b if it fits; a path that does not fit cannot exist. */
static void add_root(struct roots *roots, const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    if (roots->n == N_ROOTS || na == 0 || na + nb + 1 > SPN_MAX_PATH)
        return;
    memcpy(roots->path[roots->n], a, na);
    memcpy(roots->path[roots->n] + na, b, nb + 1);
    roots->n++;
}

static struct roots *find_roots(struct spn_err *err)
{
    struct roots *roots = calloc(1, sizeof *roots);
    if (!roots) {
        spn_err_memory(err, "the list of data folders");
        return NULL;
    }
    const char *env = getenv("SPINDLE_DATA");
    if (env)
        add_root(roots, env, "");
    char exe[SPN_MAX_PATH];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n > 0) {
        exe[n] = '\0';
        char *slash = strrchr(exe, '/');
        if (slash) {
            *slash = '\0';
            add_root(roots, exe, "");
            add_root(roots, exe, "/..");
            add_root(roots, exe, "/../share/spindle");
        }
    }
    add_root(roots, SPN_DATA_DIR, "");
    return roots;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
    char **name; /* without ".json", sorted */
    size_t n;
};

static void names_clear(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->name[i]);
    free(names->name);
    *names = (struct names){0};
}

static enum spn_status names_add(struct names *names, const char *file, struct spn_err *err)
{
    size_t n = strlen(file) - strlen(SUFFIX);
    char **grown = realloc(names->name, (names->n + 1) * sizeof *grown);
    if (!grown)
        return spn_err_memory(err, "a list of data files");
    names->name = grown;
    names->name[names->n] = strndup(file, n);
    if (!names->name[names->n])
        return spn_err_memory(err, "a list of data files");
    names->n++;
    return SPN_OK;
}

static bool has_suffix(const char *name)
{
    size_t n = strlen(name);
    return n > strlen(SUFFIX) && strcmp(name + n - strlen(SUFFIX), SUFFIX) == 0;
}

static enum spn_status read_folder(struct names *names, const char *folder, struct spn_err *err)
{
    enum spn_status s = SPN_OK;
    DIR *d = opendir(folder);
    if (!d)
        return spn_err_set(err, SPN_EINPUT, "cannot read data folder '%s'", folder);
    for (struct dirent *e = readdir(d); e && !s; e = readdir(d)) {
        if (e->d_name[0] != '.' && has_suffix(e->d_name))
            s = names_add(names, e->d_name, err);
    }
    closedir(d);
    if (s)
        names_clear(names);
    else if (names->n)
        qsort(names->name, names->n, sizeof *names->name, compare_names);
    return s;
}

/* The first root that has folder `dir`, joined into out; false if none. */
static bool first_folder(char *out, size_t size, const struct roots *roots, const char *dir)
{
    for (int i = 0; i < roots->n; i++) {
        int n = snprintf(out, size, "%s/%s", roots->path[i], dir);
        if (n > 0 && (size_t)n < size && is_folder(out))
            return true;
    }
    return false;
}

static const char *next_name(const void *ctx, size_t i)
{
    const struct names *names = ctx;
    return i < names->n ? names->name[i] : NULL;
}

/* "no node 'x' (did you mean 'y'? known: a, b, c)" */
static enum spn_status fail_unknown(const struct roots *roots, const char *dir, const char *what,
                                    const char *name, struct spn_err *err)
{
    char folder[2 * SPN_MAX_PATH];
    struct names names = {0};
    struct spn_text known = {0};
    if (!first_folder(folder, sizeof folder, roots, dir)) {
        return spn_err_set(
            err, SPN_EINPUT,
            "no %s '%.64s': no data folder '%s' beside the program or in $SPINDLE_DATA", what, name,
            dir);
    }
    enum spn_status s = read_folder(&names, folder, err);
    if (s)
        return s;
    const char *near = spn_text_nearest(name, next_name, &names);
    for (size_t i = 0; i < names.n; i++)
        spn_text_add(&known, "%s%s", i ? ", " : "", names.name[i]);
    s = spn_err_set(err, SPN_EINPUT, "no %s '%.64s' (%s%s%sknown: %s)", what, name,
                    near ? "did you mean '" : "", near ? near : "", near ? "'? " : "",
                    known.data ? known.data : "none");
    spn_text_clear(&known);
    names_clear(&names);
    return s;
}

bool spn_data_is_word(const char *text)
{
    const char *c = text;
    while ((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '.' || *c == '-')
        c++;
    return c > text && !*c;
}

bool spn_data_is_name(const char *name)
{
    return name[0] != '.' && spn_data_is_word(name);
}

static bool is_path(const char *name)
{
    return strchr(name, '/') || has_suffix(name);
}

bool spn_data_is_name_or_path(const char *name)
{
    for (const char *c = name; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 127)
            return false;
    }
    return is_path(name) || spn_data_is_name(name);
}

enum spn_status spn_data_find(char *out, size_t size, const char *dir, const char *what,
                              const char *name, struct spn_err *err)
{
    if (is_path(name)) {
        if (spn_text_copy(out, size, name))
            return SPN_OK;
        return spn_err_set(err, SPN_EINPUT, "%s: path of a %s is longer than %zu bytes", name, what,
                           size - 1);
    }
    struct roots *roots = find_roots(err);
    if (!roots)
        return SPN_EINTERNAL;
    enum spn_status s = SPN_EINPUT;
    char path[2 * SPN_MAX_PATH];
    for (int i = 0; i < roots->n && spn_data_is_name(name); i++) {
        int n = snprintf(path, sizeof path, "%s/%s/%s%s", roots->path[i], dir, name, SUFFIX);
        if (n < 0 || (size_t)n >= sizeof path || !is_file(path))
            continue;
        if (spn_text_copy(out, size, path))
            s = SPN_OK;
        else
            s = spn_err_set(err, SPN_EINPUT, "path of %s '%s' is longer than %zu bytes", what, name,
                            size - 1);
        goto out;
    }
    s = fail_unknown(roots, dir, what, name, err);
out:
    free(roots);
    return s;
}

enum spn_status spn_data_list(const char *dir,
                              void (*visit)(void *ctx, const char *name, const char *path),
                              void *ctx, struct spn_err *err)
{
    char folder[2 * SPN_MAX_PATH], path[3 * SPN_MAX_PATH];
    struct names names = {0};
    struct roots *roots = find_roots(err);
    if (!roots)
        return SPN_EINTERNAL;
    enum spn_status s = SPN_OK;
    if (!first_folder(folder, sizeof folder, roots, dir)) {
        s = spn_err_set(err, SPN_EINPUT,
                        "no data folder '%s' beside the program or in $SPINDLE_DATA", dir);
        goto out;
    }
    s = read_folder(&names, folder, err);
    for (size_t i = 0; !s && i < names.n; i++) {
        int n = snprintf(path, sizeof path, "%s/%s%s", folder, names.name[i], SUFFIX);
        if (n > 0 && (size_t)n < sizeof path)
            visit(ctx, names.name[i], path);
    }
out:
    names_clear(&names);
    free(roots);
    return s;
}

enum spn_status spn_data_file(char *out, size_t size, const char *relative, struct spn_err *err)
{
    struct roots *roots = find_roots(err);
    if (!roots)
        return SPN_EINTERNAL;
    bool found = false;
    for (int i = 0; i < roots->n && !found; i++) {
        int n = snprintf(out, size, "%s/%s", roots->path[i], relative);
        found = n > 0 && (size_t)n < size && is_file(out);
    }
    free(roots);
    return found ? SPN_OK : spn_err_set(err, SPN_EINPUT, "shipped file %s is missing", relative);
}
