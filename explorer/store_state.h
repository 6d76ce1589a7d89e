/* store_state.h -- what an open store holds. Private to the explorer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_EXPLORER_STORE_STATE_H
#define SPN_EXPLORER_STORE_STATE_H

#include <sqlite3.h>

#include "explorer/store.h"

#define SPN_STORE_FORMAT "1"

enum { SPN_STORE_MAX_COLUMNS = SPN_SPACE_MAX_AXES + SPN_SPACE_MAX_COLUMNS, SPN_STORE_OWNER = 64 };

struct spn_store {
    sqlite3 *db;
    char path[SPN_MAX_PATH];
    const struct spn_space *space; /* NULL: opened for reading */
    struct spn_shard shard;
    int64_t next_batch, n_batches;
    int batch_size;
    char owner[SPN_STORE_OWNER]; /* "pid start" */
    sqlite3_stmt *begin, *commit, *insert, *replace, *present, *claimant, *claim, *release;
    char space_name[64];
    int64_t size;
    int n_columns;
    struct spn_store_column column[SPN_STORE_MAX_COLUMNS];
};

/* SPN_EINTERNAL or SPN_EINPUT with the file and what SQLite says. */
enum spn_status spn_store_fail(const struct spn_store *store, const char *what,
                               struct spn_err *err);
enum spn_status spn_store_exec(struct spn_store *store, const char *sql, struct spn_err *err);
enum spn_status spn_store_prepare(struct spn_store *store, const char *sql,
                                  sqlite3_stmt **statement, struct spn_err *err);
/* Before anything is written: a file with tables of another program stays as it is. SPN_EINPUT. */
enum spn_status spn_store_refuse_others(struct spn_store *store, struct spn_err *err);
enum spn_status spn_store_start_log(struct spn_store *store, struct spn_err *err);
/* Value of a key of "meta"; false if it is not there. */
bool spn_store_meta(struct spn_store *store, const char *key, char *out, size_t size);
/* Fill space_name, size and columns from the file. */
enum spn_status spn_store_describe(struct spn_store *store, struct spn_err *err);
enum spn_status spn_store_connect(struct spn_store **store, const char *path, int flags,
                                  struct spn_err *err);

/* store_claim.c */
void spn_store_name_owner(struct spn_store *store);
bool spn_store_owner_lives(const char *owner);

#endif
