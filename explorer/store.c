/* store.c -- evaluated points in an SQLite file: making it, claiming batches and writing them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "explorer/store.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "explorer/store_state.h"
#include "spindle.h"

enum {
    BUSY_MS = 60000, /* how long to wait for another process' transaction */
    RETRY_MS = 10,
    BATCHES_PER_SPACE = 64, /* at least, so that threads and processes share small spaces */
    LOOK_AHEAD = 256,       /* batches looked at in one transaction */
    SQLITE_PATH = 503       /* bytes of an absolute path; with "-journal" SQLite stops at 512 */
};

int spn_batch_size(const struct spn_space *space)
{
    int64_t n = (spn_space_size(space) + BATCHES_PER_SPACE - 1) / BATCHES_PER_SPACE;
    return n < 1 ? 1 : n > SPN_STORE_BATCH ? SPN_STORE_BATCH : (int)n;
}

/* ---- SQLite ---- */

enum spn_status spn_store_fail(const struct spn_store *store, const char *what, struct spn_err *err)
{
    int code = store->db ? sqlite3_errcode(store->db) & 0xff : SQLITE_NOMEM;
    const char *why = store->db ? sqlite3_errmsg(store->db) : "out of memory";
    switch (code) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
        return spn_err_set(
            err, SPN_EINTERNAL,
            "%s: cannot %s: %s (disk full?); what was stored before is safe, run again to continue",
            store->path, what, why);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return spn_err_set(err, SPN_EINTERNAL,
                           "%s: cannot %s: another process has kept it locked for %d s",
                           store->path, what, BUSY_MS / 1000);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_ERROR: /* no such table */
        return spn_err_set(err, SPN_EINPUT, "%s: cannot %s: %s", store->path, what, why);
    default:
        return spn_err_set(err, SPN_EINTERNAL, "%s: cannot %s: %s", store->path, what, why);
    }
}

enum spn_status spn_store_exec(struct spn_store *store, const char *sql, struct spn_err *err)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return SPN_OK;
    char what[64];
    snprintf(what, sizeof what, "run \"%.40s\"", sql);
    return spn_store_fail(store, what, err);
}

enum spn_status spn_store_prepare(struct spn_store *store, const char *sql,
                                  sqlite3_stmt **statement, struct spn_err *err)
{
    return sqlite3_prepare_v2(store->db, sql, -1, statement, NULL) == SQLITE_OK
               ? SPN_OK
               : spn_store_fail(store, "read it", err);
}

/* The URI of a file that nobody changes. */
static void add_frozen(const char *path, struct spn_text *uri)
{
    spn_text_add(uri, "file:");
    for (; *path; path++)
        spn_text_add(uri, strchr("/._-", *path) || isalnum((unsigned char)*path) ? "%c" : "%%%02x",
                     (unsigned char)*path);
    spn_text_add(uri, "?immutable=1");
}

static size_t absolute_length(const char *path)
{
    char here[SPN_MAX_PATH];
    return strlen(path) + (*path != '/' && getcwd(here, sizeof here) ? strlen(here) + 1 : 0);
}

enum spn_status spn_store_connect(struct spn_store **out, const char *path, int flags,
                                  struct spn_err *err)
{
    struct spn_store *store = calloc(1, sizeof *store);
    if (!store)
        return spn_err_memory(err, "a store");
    if (!*path || !spn_text_copy(store->path, sizeof store->path, path)) {
        free(store);
        return spn_err_set(err, SPN_EUSAGE, "\"%s\": not a usable file name", path);
    }
    struct spn_text uri = {0};
    if (flags & SQLITE_OPEN_URI)
        add_frozen(path, &uri);
    int code = sqlite3_open_v2(uri.data ? uri.data : path, &store->db, flags, NULL);
    enum spn_status status = code == SQLITE_OK ? SPN_OK : spn_store_fail(store, "open it", err);
    spn_text_clear(&uri);
    if (status && absolute_length(path) > SQLITE_PATH)
        spn_err_set(err, status, "%s: cannot open it: SQLite takes paths of up to %d bytes", path,
                    SQLITE_PATH);
    if (!status)
        sqlite3_busy_timeout(store->db, BUSY_MS);
    if (status)
        spn_store_close(store);
    else
        *out = store;
    return status;
}

void spn_store_close(struct spn_store *store)
{
    if (!store)
        return;
    if (store->release) { /* what was claimed and not finished is free again */
        char sql[SPN_STORE_OWNER + 64];
        snprintf(sql, sizeof sql, "DELETE FROM claims WHERE owner = '%s'", store->owner);
        (void)sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    }
    sqlite3_stmt *const all[] = {store->begin,   store->commit,   store->insert, store->replace,
                                 store->present, store->claimant, store->claim,  store->release};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sqlite3_finalize(all[i]);
    sqlite3_close(store->db);
    free(store);
}

/* Turn on the write-ahead log: kept after a crash of the program; a crash of the machine may lose
 * the last transactions, never the file. SQLite does not wait when another process is doing the
 * same: this does. */
enum spn_status spn_store_start_log(struct spn_store *store, struct spn_err *err)
{
    static const char sql[] =
        "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;";
    for (int waited_ms = 0; waited_ms < BUSY_MS; waited_ms += RETRY_MS) {
        int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
        if (code == SQLITE_OK)
            return SPN_OK;
        if ((code & 0xff) != SQLITE_BUSY)
            break;
        sqlite3_sleep(RETRY_MS);
    }
    return spn_store_fail(store, "open it for writing", err);
}

/* ---- making it ---- */

static void add_schema(const struct spn_space *space, struct spn_text *sql)
{
    spn_text_add(sql, "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
                      "CREATE TABLE axes(position INTEGER PRIMARY KEY, name TEXT NOT NULL, n "
                      "INTEGER NOT NULL, numeric "
                      "INTEGER NOT NULL);"
                      "CREATE TABLE results(position INTEGER PRIMARY KEY, name TEXT NOT NULL, unit "
                      "TEXT NOT NULL);"
                      "CREATE TABLE objectives(position INTEGER PRIMARY KEY, name TEXT NOT NULL, "
                      "sense TEXT NOT NULL);"
                      "CREATE TABLE claims(batch INTEGER PRIMARY KEY, owner TEXT NOT NULL);"
                      "CREATE TABLE points(point INTEGER PRIMARY KEY");
    for (int a = 0; a < spn_space_n_axes(space); a++)
        spn_text_add(sql, ", \"%s\"", spn_space_axis_name(space, a));
    for (int c = 0; c < spn_space_n_columns(space); c++)
        spn_text_add(sql, ", \"%s\" REAL", spn_space_column(space, c));
    spn_text_add(sql, ", reason TEXT);");
    if (spn_space_simulated(space))
        spn_text_add(sql, "CREATE TABLE accuracies(class INTEGER PRIMARY KEY, accuracy REAL);");
}

/* Names hold letters, digits, '_', '.' and '-' only; sqlite3_mprintf's %q is not needed but for the
 * space's. */
static void add_description(const struct spn_space *space, struct spn_text *sql)
{
    char *name = sqlite3_mprintf("%q", spn_space_name(space));
    spn_text_add(sql,
                 "INSERT INTO meta VALUES('format', '" SPN_STORE_FORMAT
                 "'), ('version', '" SPN_VERSION
                 "'), ('space', '%s'), ('digest', '%016llx'), ('points', '%lld'), ('batch', '%d');",
                 name ? name : "", (unsigned long long)spn_space_digest(space),
                 (long long)spn_space_size(space), spn_batch_size(space));
    sqlite3_free(name);
    for (int a = 0; a < spn_space_n_axes(space); a++)
        spn_text_add(sql, "INSERT INTO axes VALUES(%d, '%s', %d, %d);", a,
                     spn_space_axis_name(space, a), spn_space_axis_size(space, a),
                     spn_space_axis_numeric(space, a));
    for (int c = 0; c < spn_space_n_columns(space); c++)
        spn_text_add(sql, "INSERT INTO results VALUES(%d, '%s', '%s');", c,
                     spn_space_column(space, c), spn_space_column_unit(space, c));
    for (int i = 0; i < spn_space_n_objectives(space); i++)
        spn_text_add(sql, "INSERT INTO objectives VALUES(%d, '%s', '%s');", i,
                     spn_space_column(space, spn_space_objective(space, i)->column),
                     spn_space_objective(space, i)->maximize ? "max" : "min");
}

enum spn_status spn_store_refuse_others(struct spn_store *store, struct spn_err *err)
{
    char format[16];
    sqlite3_stmt *count = NULL;
    bool others = false;
    if (sqlite3_prepare_v2(store->db, "SELECT count(*) FROM sqlite_master", -1, &count, NULL) ==
            SQLITE_OK &&
        sqlite3_step(count) == SQLITE_ROW)
        others = sqlite3_column_int(count, 0) > 0 &&
                 !spn_store_meta(store, "format", format, sizeof format);
    sqlite3_finalize(count);
    return others ? spn_err_set(err, SPN_EINPUT, "%s: is not a store of design points", store->path)
                  : SPN_OK;
}

/* In one transaction: a second process sees all of it or nothing. */
static enum spn_status make_or_check(struct spn_store *store, struct spn_err *err)
{
    const struct spn_space *space = store->space;
    char format[16], version[32];
    enum spn_status status = spn_store_exec(store, "BEGIN IMMEDIATE", err);
    if (status)
        return status;
    if (!spn_store_meta(store, "format", format, sizeof format)) {
        struct spn_text sql = {0};
        add_schema(space, &sql);
        add_description(space, &sql);
        status = sql.failed ? spn_err_memory(err, "a store") : spn_store_exec(store, sql.data, err);
        spn_text_clear(&sql);
    } else {
        status = spn_store_holds(store, space, err);
        if (!status && (!spn_store_meta(store, "version", version, sizeof version) ||
                        strcmp(version, SPN_VERSION) != 0))
            status = spn_err_set(err, SPN_EINPUT,
                                 "%s: holds results of version %.20s, this is " SPN_VERSION
                                 ": take another file",
                                 store->path, version);
    }
    if (!status)
        status = spn_store_exec(store, "COMMIT", err);
    if (status)
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static enum spn_status prepare_all(struct spn_store *store, struct spn_err *err)
{
    struct spn_text insert = {0}, replace = {0};
    spn_text_add(&insert, "INSERT OR IGNORE INTO points VALUES(?");
    spn_text_add(&replace, "INSERT OR REPLACE INTO points VALUES(?");
    for (int i = 0; i <= spn_space_n_axes(store->space) + spn_space_n_columns(store->space); i++) {
        spn_text_add(&insert, ",?");
        spn_text_add(&replace, ",?");
    }
    spn_text_add(&insert, ")");
    spn_text_add(&replace, ")");
    const struct {
        const char *sql;
        sqlite3_stmt **statement;
    } all[] = {
        {"BEGIN IMMEDIATE", &store->begin},
        {"COMMIT", &store->commit},
        {insert.data, &store->insert},
        {replace.data, &store->replace},
        {"SELECT point FROM points WHERE point >= ?1 AND point < ?2 ORDER BY point",
         &store->present},
        {"SELECT owner FROM claims WHERE batch = ?1", &store->claimant},
        {"INSERT OR REPLACE INTO claims VALUES(?1, ?2)", &store->claim},
        {"DELETE FROM claims WHERE batch = ?1", &store->release},
    };
    enum spn_status status =
        insert.failed || replace.failed ? spn_err_memory(err, "a store") : SPN_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all && !status; i++)
        status = spn_store_prepare(store, all[i].sql, all[i].statement, err);
    spn_text_clear(&insert);
    spn_text_clear(&replace);
    return status;
}

enum spn_status spn_store_open(struct spn_store **out, const char *path,
                               const struct spn_space *space, struct spn_shard shard,
                               struct spn_err *err)
{
    struct spn_store *store = NULL;
    if (shard.n < 1 || shard.index < 0 || shard.index >= shard.n)
        return spn_err_set(err, SPN_EUSAGE, "shard %d of %d: must be 0 to n - 1", shard.index,
                           shard.n);
    enum spn_status status =
        spn_store_connect(&store, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    if (status)
        return status;
    store->space = space;
    store->shard = shard;
    store->next_batch = shard.index;
    store->batch_size = spn_batch_size(space);
    store->n_batches = (spn_space_size(space) + store->batch_size - 1) / store->batch_size;
    spn_store_name_owner(store);
    status = spn_store_refuse_others(store, err);
    if (!status)
        status = spn_store_start_log(store, err);
    if (!status)
        status = make_or_check(store, err);
    if (!status)
        status = spn_store_describe(store, err);
    if (!status)
        status = prepare_all(store, err);
    if (status)
        spn_store_close(store);
    else
        *out = store;
    return status;
}

/* ---- batches ---- */

static int step(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code;
}

/* Fill work with the points of `batch` that are not there. */
static enum spn_status missing(struct spn_store *store, int64_t batch, struct spn_work *work,
                               struct spn_err *err)
{
    int64_t first = batch * store->batch_size, end = first + store->batch_size, next = first;
    int code;
    end = end < spn_space_size(store->space) ? end : spn_space_size(store->space);
    work->batch = batch;
    work->n = 0;
    sqlite3_bind_int64(store->present, 1, first);
    sqlite3_bind_int64(store->present, 2, end);
    while ((code = sqlite3_step(store->present)) == SQLITE_ROW) {
        int64_t there = sqlite3_column_int64(store->present, 0);
        if (there < next || there >= end) { /* what no sound file answers */
            sqlite3_reset(store->present);
            return spn_err_set(err, SPN_EINPUT, "%s: is damaged: point %lld among %lld to %lld",
                               store->path, (long long)there, (long long)first, (long long)end - 1);
        }
        while (next < there)
            work->number[work->n++] = next++;
        next = there + 1;
    }
    sqlite3_reset(store->present);
    while (next < end)
        work->number[work->n++] = next++;
    return code == SQLITE_DONE ? SPN_OK : spn_store_fail(store, "read points", err);
}

/* Somebody else, still running, works on it. */
static bool is_taken(struct spn_store *store, int64_t batch)
{
    bool taken = false;
    sqlite3_bind_int64(store->claimant, 1, batch);
    if (sqlite3_step(store->claimant) == SQLITE_ROW) {
        const char *owner = (const char *)sqlite3_column_text(store->claimant, 0);
        taken = owner && strcmp(owner, store->owner) != 0 && spn_store_owner_lives(owner);
    }
    sqlite3_reset(store->claimant);
    return taken;
}

static enum spn_status look(struct spn_store *store, struct spn_work *work, bool *found,
                            struct spn_err *err)
{
    *found = false;
    for (int i = 0; i < LOOK_AHEAD && store->next_batch < store->n_batches; i++) {
        int64_t batch = store->next_batch;
        enum spn_status status = SPN_OK;
        store->next_batch += store->shard.n;
        if (is_taken(store, batch))
            continue;
        status = missing(store, batch, work, err);
        if (status)
            return status;
        if (!work->n)
            continue;
        sqlite3_bind_int64(store->claim, 1, batch);
        sqlite3_bind_text(store->claim, 2, store->owner, -1, SQLITE_STATIC);
        *found = true;
        return step(store->claim) == SQLITE_DONE ? SPN_OK
                                                 : spn_store_fail(store, "claim points", err);
    }
    return SPN_OK;
}

static enum spn_status rollback(struct spn_store *store, enum spn_status status)
{
    (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

enum spn_status spn_store_next(struct spn_store *store, struct spn_work *work, struct spn_err *err)
{
    bool found = false;
    work->n = 0;
    while (!found && store->next_batch < store->n_batches) {
        if (step(store->begin) != SQLITE_DONE)
            return spn_store_fail(store, "start a transaction", err);
        enum spn_status status = look(store, work, &found, err);
        if (!status && step(store->commit) != SQLITE_DONE)
            status = spn_store_fail(store, "claim points", err);
        if (status)
            return rollback(store, status);
    }
    if (!found)
        work->n = 0;
    return SPN_OK;
}

static void bind_axes(const struct spn_store *store, sqlite3_stmt *row, int64_t number)
{
    const struct spn_space *space = store->space;
    int digit[SPN_SPACE_MAX_AXES];
    spn_space_digits(space, number, digit);
    for (int a = 0; a < spn_space_n_axes(space); a++) {
        if (digit[a] < 0) {
            sqlite3_bind_null(row, a + 2);
        } else if (spn_space_axis_numeric(space, a)) {
            double value = spn_space_axis_number(space, a, digit[a]);
            if (value == floor(value) && fabs(value) < 1e15)
                sqlite3_bind_int64(row, a + 2, (int64_t)value);
            else
                sqlite3_bind_double(row, a + 2, value);
        } else {
            sqlite3_bind_text(row, a + 2, spn_space_axis_label(space, a, digit[a]), -1,
                              SQLITE_STATIC);
        }
    }
}

static int insert_point(const struct spn_store *store, sqlite3_stmt *row,
                        const struct spn_point *point)
{
    int at = spn_space_n_axes(store->space) + 2, n = spn_space_n_columns(store->space);
    sqlite3_bind_int64(row, 1, point->number);
    bind_axes(store, row, point->number);
    for (int c = 0; c < n; c++) /* a NaN is bound as NULL */
        sqlite3_bind_double(row, at + c,
                            point->state == SPN_POINT_INFEASIBLE ? NAN : point->value[c]);
    if (point->state == SPN_POINT_GOOD)
        sqlite3_bind_null(row, at + n);
    else
        sqlite3_bind_text(row, at + n, point->reason, -1, SQLITE_STATIC);
    return step(row);
}

enum spn_status spn_store_put(struct spn_store *store, const struct spn_work *work,
                              const struct spn_point *points, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    if (step(store->begin) != SQLITE_DONE)
        return spn_store_fail(store, "start a transaction", err);
    for (int i = 0; i < work->n && !status; i++)
        if (insert_point(store, store->insert, &points[i]) != SQLITE_DONE)
            status = spn_store_fail(store, "store points", err);
    sqlite3_bind_int64(store->release, 1, work->batch);
    if (!status && step(store->release) != SQLITE_DONE)
        status = spn_store_fail(store, "store points", err);
    if (!status && step(store->commit) != SQLITE_DONE)
        status = spn_store_fail(store, "store points", err);
    return status ? rollback(store, status) : SPN_OK;
}

enum spn_status spn_store_replace(struct spn_store *store, const struct spn_point *points, int n,
                                  struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    if (step(store->begin) != SQLITE_DONE)
        return spn_store_fail(store, "start a transaction", err);
    for (int i = 0; i < n && !status; i++)
        if (insert_point(store, store->replace, &points[i]) != SQLITE_DONE)
            status = spn_store_fail(store, "store points", err);
    if (!status && step(store->commit) != SQLITE_DONE)
        status = spn_store_fail(store, "store points", err);
    return status ? rollback(store, status) : SPN_OK;
}

enum spn_status spn_store_count(struct spn_store *store, int64_t *n, struct spn_err *err)
{
    sqlite3_stmt *count = NULL;
    enum spn_status status = spn_store_prepare(store, "SELECT COUNT(*) FROM points", &count, err);
    if (!status && sqlite3_step(count) != SQLITE_ROW)
        status = spn_store_fail(store, "count points", err);
    if (!status)
        *n = sqlite3_column_int64(count, 0);
    sqlite3_finalize(count);
    return status;
}
