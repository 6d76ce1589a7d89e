/* store_read.c -- questions to a store, and merging stores.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "explorer/store_state.h"

enum { MERGE_ROWS = 50000 /* a transaction */ };

bool spn_store_meta(struct spn_store *store, const char *key, char *out, size_t size)
{
    sqlite3_stmt *get = NULL;
    bool found = false;
    if (sqlite3_prepare_v2(store->db, "SELECT value FROM main.meta WHERE key = ?1", -1, &get,
                           NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_text(get, 1, key, -1, SQLITE_STATIC);
    *out = '\0';
    if (sqlite3_step(get) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(get, 0);
        found = spn_text_copy(out, size, text ? text : "");
    }
    sqlite3_finalize(get);
    return found;
}

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."

/* Only names that a space can give: they go back into SQL. */
static bool is_name(const char *text)
{
    return text && *text && strlen(text) < SPN_SPACE_NAME &&
           strspn(text, NAME_LETTERS) == strlen(text);
}

static enum spn_status describe(struct spn_store *store, const char *sql, enum spn_store_kind kind,
                                struct spn_err *err)
{
    sqlite3_stmt *list = NULL;
    enum spn_status status = spn_store_prepare(store, sql, &list, err);
    int code = SQLITE_DONE;
    while (!status && (code = sqlite3_step(list)) == SQLITE_ROW) {
        struct spn_store_column *column = &store->column[store->n_columns];
        const char *name = (const char *)sqlite3_column_text(list, 0),
                   *unit = (const char *)sqlite3_column_text(list, 1),
                   *sense = (const char *)sqlite3_column_text(list, 3);
        if (store->n_columns == SPN_STORE_MAX_COLUMNS || !is_name(name)) {
            status =
                spn_err_set(err, SPN_EINPUT, "%s: is not a store of design points", store->path);
            break;
        }
        memset(column, 0, sizeof *column);
        spn_text_copy(column->name, sizeof column->name, name);
        spn_text_copy(column->unit, sizeof column->unit, unit ? unit : "");
        column->kind = kind;
        column->numeric = sqlite3_column_int(list, 2) != 0;
        column->objective = !sense ? 0 : strcmp(sense, "max") == 0 ? 1 : -1;
        column->objective_place = sqlite3_column_int(list, 4);
        store->n_columns++;
    }
    if (!status && code != SQLITE_DONE)
        status = spn_store_fail(store, "read it", err);
    sqlite3_finalize(list);
    return status;
}

enum spn_status spn_store_describe(struct spn_store *store, struct spn_err *err)
{
    char format[16], points[32];
    if (!spn_store_meta(store, "format", format, sizeof format) ||
        !spn_store_meta(store, "points", points, sizeof points) ||
        !spn_store_meta(store, "space", store->space_name, sizeof store->space_name) ||
        !spn_text_to_int64(points, &store->size)) {
        int code = sqlite3_errcode(store->db) & 0xff;
        return code == SQLITE_NOTADB || code == SQLITE_CORRUPT || code == SQLITE_IOERR ||
                       code == SQLITE_CANTOPEN || code == SQLITE_READONLY || code == SQLITE_BUSY
                   ? spn_store_fail(store, "read it", err)
                   : spn_err_set(err, SPN_EINPUT, "%s: is not a store of design points",
                                 store->path);
    }
    if (strcmp(format, SPN_STORE_FORMAT) != 0)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: store format %s, this program knows " SPN_STORE_FORMAT, store->path,
                           format);
    enum spn_status status =
        describe(store, "SELECT name, '', numeric, NULL, 0 FROM axes ORDER BY position",
                 SPN_STORE_AXIS, err);
    if (!status)
        status = describe(store,
                          "SELECT r.name, r.unit, 1, o.sense, o.position FROM results r LEFT JOIN "
                          "objectives o ON o.name = r.name "
                          "ORDER BY r.position",
                          SPN_STORE_RESULT, err);
    return status;
}

/* A folder where nothing can be written, and no log there that would have to be read. */
static bool cannot_log(const struct spn_store *store)
{
    const int code = sqlite3_errcode(store->db) & 0xff;
    struct spn_text log = {0};
    spn_text_add(&log, "%s-wal", store->path);
    const bool none = !log.failed && access(log.data, F_OK) != 0;
    spn_text_clear(&log);
    return none && (code == SQLITE_CANTOPEN || code == SQLITE_READONLY);
}

enum spn_status spn_store_read(struct spn_store **out, const char *path, struct spn_err *err)
{
    struct spn_store *store = NULL; /* READWRITE: or the log that reading makes would be left */
    enum spn_status status = spn_store_connect(&store, path, SQLITE_OPEN_READWRITE, err);
    if (!status)
        status = spn_store_describe(store, err);
    if (status && store && cannot_log(store)) {
        spn_store_close(store);
        store = NULL;
        status = spn_store_connect(&store, path, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
        if (!status)
            status = spn_store_describe(store, err);
    }
    if (status)
        spn_store_close(store);
    else
        *out = store;
    return status;
}

enum spn_status spn_store_holds(struct spn_store *store, const struct spn_space *space,
                                struct spn_err *err)
{
    char digest[32] = "", expected[32];
    snprintf(expected, sizeof expected, "%016llx", (unsigned long long)spn_space_digest(space));
    return spn_store_meta(store, "digest", digest, sizeof digest) && strcmp(digest, expected) == 0
               ? SPN_OK
               : spn_err_set(err, SPN_EINPUT,
                             "%s: holds another space (digest %.20s, %s has %s): inputs have "
                             "changed; take another file",
                             store->path, digest, spn_space_name(space), expected);
}

int spn_store_n_columns(const struct spn_store *store)
{
    return store->n_columns;
}

const struct spn_store_column *spn_store_column(const struct spn_store *store, int i)
{
    return &store->column[i];
}

int spn_store_find_column(const struct spn_store *store, const char *name)
{
    for (int i = 0; i < store->n_columns; i++)
        if (strcmp(store->column[i].name, name) == 0)
            return i;
    return -1;
}

static const char *next_column(const void *ctx, size_t i)
{
    const struct spn_store *store = ctx;
    return (int)i < store->n_columns ? store->column[i].name : NULL;
}

const char *spn_store_nearest(const struct spn_store *store, const char *name)
{
    size_t n = strlen(name);
    for (int i = 0; i < store->n_columns; i++) { /* adc.bits: chip.adc.bits */
        const char *column = store->column[i].name;
        size_t length = strlen(column);
        if (length > n && column[length - n - 1] == '.' && strcmp(column + length - n, name) == 0)
            return column;
    }
    return spn_text_nearest(name, next_column, store);
}

const char *spn_store_space_name(const struct spn_store *store)
{
    return store->space_name;
}

/* ---- rows ---- */

/* A condition as people write it: columns with dots in their names (chip.adc.bits) need no quotes.
 * False if it closes a bracket that it did not open. */
static bool add_condition(const struct spn_store *store, const char *where, struct spn_text *out)
{
    int depth = 0;
    for (size_t n; *where && depth >= 0; where += n) {
        char name[SPN_SPACE_NAME];
        const char quote[] = {*where, '\0'};
        n = strspn(where, NAME_LETTERS);
        if (n > 0 && n < sizeof name) {
            snprintf(name, sizeof name, "%.*s", (int)n, where);
            bool dotted = strchr(name, '.') && spn_store_find_column(store, name) >= 0;
            spn_text_add(out, dotted ? "\"%s\"" : "%s", name);
            continue;
        }
        if (*where == '"' || *where == '\'') { /* up to its end, as it is */
            n = 1 + strcspn(where + 1, quote);
            n += where[n] != '\0';
        }
        depth += (*where == '(') - (*where == ')');
        n = n ? n : 1;
        spn_text_add_n(out, where, n);
    }
    return depth >= 0;
}

/* What SQLite says of a condition, and the column that was meant. */
static enum spn_status bad_condition(const struct spn_store *store, const char *where,
                                     struct spn_err *err)
{
    static const char unknown[] = "no such column: ";
    const char *says = sqlite3_errmsg(store->db), *near = NULL;
    if (strncmp(says, unknown, strlen(unknown)) == 0)
        near = spn_store_nearest(store, says + strlen(unknown));
    return spn_err_set(err, SPN_EUSAGE, "condition \"%.200s\": %s%s%s%s", where, says,
                       near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
}

/* It must be one condition on its own. */
static enum spn_status check_condition(struct spn_store *store, const char *where,
                                       const char *condition, struct spn_err *err)
{
    sqlite3_stmt *select = NULL;
    struct spn_text test = {0};
    const char *tail = NULL;
    spn_text_add(&test, "SELECT 1 FROM points WHERE (%s\n)", condition);
    int code =
        test.failed ? SQLITE_NOMEM : sqlite3_prepare_v2(store->db, test.data, -1, &select, &tail);
    bool rest = code == SQLITE_OK && tail && *tail;
    spn_text_clear(&test);
    sqlite3_finalize(select);
    return rest ? spn_err_set(err, SPN_EUSAGE, "condition \"%.200s\": more than one statement",
                              where)
           : code != SQLITE_OK ? bad_condition(store, where, err)
                               : SPN_OK;
}

static enum spn_status build_query(struct spn_store *store, const struct spn_store_query *query,
                                   struct spn_text *sql, struct spn_err *err)
{
    spn_text_add(sql, "SELECT point");
    for (int i = 0; i < query->n_columns; i++)
        spn_text_add(sql, ", \"%s\"", store->column[query->columns[i]].name);
    spn_text_add(sql, " FROM points");
    if (query->where || !query->bad_too)
        spn_text_add(sql, " WHERE %s", query->bad_too ? "" : "reason IS NULL");
    if (query->where) {
        struct spn_text condition = {0};
        bool whole = add_condition(store, query->where, &condition);
        const char *text = condition.data ? condition.data : "";
        enum spn_status status =
            condition.failed ? spn_err_memory(err, "a condition")
            : whole          ? check_condition(store, query->where, text, err)
                    : spn_err_set(err, SPN_EUSAGE, "condition \"%.200s\": a bracket too many",
                                  query->where);
        spn_text_add(sql, "%s(%s\n)", query->bad_too ? "" : " AND ", text);
        spn_text_clear(&condition);
        if (status)
            return status;
    }
    if (query->order >= 0)
        spn_text_add(sql, " ORDER BY \"%s\" %s, point", store->column[query->order].name,
                     query->falling ? "DESC" : "ASC");
    else
        spn_text_add(sql, " ORDER BY point");
    if (query->limit > 0)
        spn_text_add(sql, " LIMIT %lld", (long long)query->limit);
    return sql->failed ? spn_err_memory(err, "a query") : SPN_OK;
}

static void read_cell(sqlite3_stmt *select, int i, struct spn_store_cell *cell)
{
    int type = sqlite3_column_type(select, i);
    cell->null = type == SQLITE_NULL;
    cell->number =
        type == SQLITE_INTEGER || type == SQLITE_FLOAT ? sqlite3_column_double(select, i) : NAN;
    cell->text = type == SQLITE_NULL ? "" : (const char *)sqlite3_column_text(select, i);
    cell->text = cell->text ? cell->text : "";
}

enum spn_status spn_store_select(struct spn_store *store, const struct spn_store_query *asked,
                                 bool (*visit)(void *ctx, int64_t number,
                                               const struct spn_store_cell *cells),
                                 void *ctx, struct spn_err *err)
{
    struct spn_store_query query = *asked;
    int all[SPN_STORE_MAX_COLUMNS], code = SQLITE_DONE;
    struct spn_store_cell cell[SPN_STORE_MAX_COLUMNS];
    struct spn_text sql = {0};
    sqlite3_stmt *select = NULL;
    for (int i = 0; i < store->n_columns; i++)
        all[i] = i;
    if (!query.columns) {
        query.columns = all;
        query.n_columns = store->n_columns;
    }
    enum spn_status status = build_query(store, &query, &sql, err);
    if (!status && (status = spn_store_prepare(store, sql.data, &select, err)) && query.where)
        status = bad_condition(store, query.where, err);
    while (!status && (code = sqlite3_step(select)) == SQLITE_ROW) {
        for (int i = 0; i < query.n_columns; i++)
            read_cell(select, i + 1, &cell[i]);
        if (!visit(ctx, sqlite3_column_int64(select, 0), cell)) {
            code = SQLITE_DONE;
            break;
        }
    }
    if (!status && code != SQLITE_DONE)
        status = spn_store_fail(store, "read points", err);
    sqlite3_finalize(select);
    spn_text_clear(&sql);
    return status;
}

enum spn_status spn_store_counts(struct spn_store *store, struct spn_store_counts *counts,
                                 struct spn_err *err)
{
    sqlite3_stmt *count = NULL;
    enum spn_status status = spn_store_prepare(
        store,
        "SELECT COUNT(*), COUNT(*) - COUNT(reason), COUNT(*) FILTER (WHERE reason = "
        "'" SPN_POINT_PENDING_REASON "') FROM points",
        &count, err);
    if (!status && sqlite3_step(count) != SQLITE_ROW)
        status = spn_store_fail(store, "count points", err);
    if (!status)
        *counts = (struct spn_store_counts){store->size, sqlite3_column_int64(count, 1),
                                            sqlite3_column_int64(count, 0),
                                            sqlite3_column_int64(count, 2)};
    sqlite3_finalize(count);
    return status;
}

/* ---- merging ---- */

static enum spn_status copy_schema(struct spn_store *store, struct spn_err *err)
{
    struct spn_text sql = {0};
    sqlite3_stmt *list = NULL;
    spn_text_add(&sql, "BEGIN IMMEDIATE;");
    enum spn_status status = spn_store_prepare(
        store, "SELECT sql FROM other.sqlite_master WHERE type = 'table' AND sql IS NOT NULL",
        &list, err);
    while (!status && sqlite3_step(list) == SQLITE_ROW)
        spn_text_add(&sql, "%s;", (const char *)sqlite3_column_text(list, 0));
    sqlite3_finalize(list);
    for (const char *const *t =
             (const char *const[]){"meta", "axes", "results", "objectives", NULL};
         *t; t++)
        spn_text_add(&sql, "INSERT INTO main.%s SELECT * FROM other.%s;", *t, *t);
    spn_text_add(&sql, "COMMIT;");
    if (!status && sql.failed)
        status = spn_err_memory(err, "a store");
    if (!status)
        status = spn_store_exec(store, sql.data, err);
    if (status)
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    spn_text_clear(&sql);
    return status;
}

static enum spn_status copy_points(struct spn_store *store, struct spn_err *err)
{
    sqlite3_stmt *copy = NULL, *last = NULL;
    int64_t from = -1;
    enum spn_status status =
        spn_store_prepare(store,
                          "SELECT MAX(point) FROM (SELECT point FROM other.points WHERE point > ?1 "
                          "ORDER BY point LIMIT ?2)",
                          &last, err);
    if (!status)
        status = spn_store_prepare(store,
                                   "INSERT OR IGNORE INTO main.points SELECT * FROM other.points "
                                   "WHERE point > ?1 AND point <= ?2",
                                   &copy, err);
    while (!status) {
        sqlite3_bind_int64(last, 1, from);
        sqlite3_bind_int(last, 2, MERGE_ROWS);
        int code = sqlite3_step(last);
        if (code != SQLITE_ROW) {
            status = spn_store_fail(store, "read points", err);
            break;
        }
        bool end = sqlite3_column_type(last, 0) == SQLITE_NULL;
        int64_t to = sqlite3_column_int64(last, 0);
        sqlite3_reset(last);
        if (end)
            break;
        if (to <= from) { /* what no sound file answers */
            status = spn_err_set(err, SPN_EINPUT, "%s: points out of order", store->path);
            break;
        }
        sqlite3_bind_int64(copy, 1, from);
        sqlite3_bind_int64(copy, 2, to);
        if (sqlite3_step(copy) != SQLITE_DONE)
            status = spn_store_fail(store, "store points", err);
        sqlite3_reset(copy);
        from = to;
    }
    sqlite3_finalize(copy);
    sqlite3_finalize(last);
    return status;
}

/* What was simulated for the other store holds for this one. */
static enum spn_status copy_accuracies(struct spn_store *store, struct spn_err *err)
{
    sqlite3_stmt *find = NULL;
    enum spn_status status = spn_store_prepare(
        store, "SELECT 1 FROM other.sqlite_master WHERE name = 'accuracies'", &find, err);
    bool there = !status && sqlite3_step(find) == SQLITE_ROW;
    sqlite3_finalize(find);
    return there ? spn_store_exec(store,
                                  "INSERT OR IGNORE INTO main.accuracies SELECT * FROM "
                                  "other.accuracies",
                                  err)
                 : status;
}

/* `digest` is of the space that `from` holds. */
static enum spn_status copy_all(struct spn_store *store, const char *from, const char *digest,
                                struct spn_err *err)
{
    char mine[32];
    sqlite3_stmt *attach = NULL;
    enum spn_status status = spn_store_prepare(store, "ATTACH ?1 AS other", &attach, err);
    if (!status) {
        sqlite3_bind_text(attach, 1, from, -1, SQLITE_STATIC);
        if (sqlite3_step(attach) != SQLITE_DONE)
            status = spn_store_fail(store, "open the store to merge", err);
    }
    sqlite3_finalize(attach);
    if (!status && !spn_store_meta(store, "digest", mine, sizeof mine)) {
        status = copy_schema(store, err);
        spn_text_copy(mine, sizeof mine, digest);
    }
    if (!status && strcmp(mine, digest) != 0)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: holds another space (digest %s) than %s (digest %s)", from, digest,
                           store->path, mine);
    if (!status)
        status = copy_points(store, err);
    if (!status)
        status = copy_accuracies(store, err);
    if (status) /* SQLite does not tell which of the two is meant */
        spn_err_prefix(err, "%s into ", from);
    return status;
}

enum spn_status spn_store_merge(const char *to, const char *from, struct spn_err *err)
{
    struct spn_store *store = NULL, *other = NULL;
    char digest[32];
    enum spn_status status = spn_store_read(&other, from, err); /* is it a store at all? */
    if (!status && !spn_store_meta(other, "digest", digest, sizeof digest))
        status = spn_err_set(err, SPN_EINPUT, "%s: is not a store of design points", from);
    spn_store_close(other);
    if (status)
        return status;
    const bool fresh = access(to, F_OK) != 0;
    status = spn_store_connect(&store, to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    if (!status)
        status = spn_store_refuse_others(store, err);
    if (!status)
        status = spn_store_start_log(store, err);
    if (!status)
        status = copy_all(store, from, digest, err);
    spn_store_close(store);
    if (status && fresh) /* nothing half-made; the log went with the last to close it */
        unlink(to);
    return status;
}
