/* store.h -- evaluated points in an SQLite file that survives whatever stops the program.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One row per point in table "points": its number, a column per axis (NULL where the axis takes no
 * part), a column per result, and the reason why it is no good (NULL if it is; results are NULL if
 * it cannot be built). Tables "meta", "axes", "results" and "objectives" describe them. Points
 * belong to batches of equal size; a batch is written in one transaction (WAL), so that a program
 * killed at any moment loses the batches in work, one per thread, and nothing else. Table "claims"
 * says who works on which batch; claims of programs that no longer run are taken over. Where a
 * space asks for accuracy, table "accuracies" holds what was simulated.
 *
 *     spn_store_open(&store, "out.sqlite", space, err);        // makes it, or continues it
 *     while (!(s = spn_store_next(store, &work, err)) && work.n)
 *         ... evaluate work.number[0 .. n-1] ...; spn_store_put(store, &work, points, err);
 *     spn_store_close(store);
 *
 * One connection; calls must not overlap (the sweep locks). Several processes may have the same
 * file open.
 */
#ifndef SPN_EXPLORER_STORE_H
#define SPN_EXPLORER_STORE_H

#include "explorer/evaluate.h"

enum { SPN_STORE_BATCH = 1024 }; /* points, at most */

struct spn_store;

struct spn_shard {
    int index, n; /* batch b belongs to shard b mod n; {0, 1}: all */
};

/* A batch to compute: the points of it that are not stored yet. */
struct spn_work {
    int64_t batch;
    int n;
    int64_t number[SPN_STORE_BATCH];
};

/* Points in a batch of a space: at most SPN_STORE_BATCH, fewer in small spaces so that all threads
 * get some. */
int spn_batch_size(const struct spn_space *space);

/* SPN_EINPUT if the file holds another space, another version's results or is no store. */
enum spn_status spn_store_open(struct spn_store **store, const char *path,
                               const struct spn_space *space, struct spn_shard shard,
                               struct spn_err *err);
void spn_store_close(struct spn_store *store);
/* Points stored already. */
enum spn_status spn_store_count(struct spn_store *store, int64_t *n, struct spn_err *err);
/* Claim the next batch that needs work; n = 0 if none is left. Batches that a living process works
 * on are passed over. */
enum spn_status spn_store_next(struct spn_store *store, struct spn_work *work, struct spn_err *err);
/* Points [work->n] in the order of work->number. SPN_EINTERNAL if the disk is full: nothing of this
 * batch is stored then, and the file is valid. */
enum spn_status spn_store_put(struct spn_store *store, const struct spn_work *work,
                              const struct spn_point *points, struct spn_err *err);

/* Write points anew that are there, in one transaction: their accuracy is known now. */
enum spn_status spn_store_replace(struct spn_store *store, const struct spn_point *points, int n,
                                  struct spn_err *err);

/* Simulated accuracies by class [M:X8], each written at once; NaN: cannot be simulated. Only of a
 * space that asks for accuracy. */
enum spn_status spn_store_put_accuracy(struct spn_store *store, int64_t class_number,
                                       double accuracy, struct spn_err *err);
/* Tell the lab all that are stored. */
enum spn_status spn_store_tell_lab(struct spn_store *store, struct spn_lab *lab,
                                   struct spn_err *err);

/* ---- reading ---- */

/* Opens for reading; needs no space file. */
enum spn_status spn_store_read(struct spn_store **store, const char *path, struct spn_err *err);

enum spn_store_kind { SPN_STORE_AXIS, SPN_STORE_RESULT };
struct spn_store_column {
    char name[SPN_SPACE_NAME], unit[16];
    enum spn_store_kind kind;
    bool numeric;
    int objective;       /* 0, -1 to be minimised, 1 to be maximised */
    int objective_place; /* first, second, ... objective of the space, from 0 */
};
int spn_store_n_columns(const struct spn_store *store); /* axes first */
const struct spn_store_column *spn_store_column(const struct spn_store *store, int i);
/* The column that `name` is meant to be (adc.bits: chip.adc.bits), or NULL. */
const char *spn_store_nearest(const struct spn_store *store, const char *name);
int spn_store_find_column(const struct spn_store *store, const char *name); /* or -1 */
/* SPN_EINPUT unless the file holds this space. */
enum spn_status spn_store_holds(struct spn_store *store, const struct spn_space *space,
                                struct spn_err *err);
const char *spn_store_space_name(const struct spn_store *store);

struct spn_store_cell {
    bool null;
    double number;    /* NaN for text */
    const char *text; /* during the visit */
};
struct spn_store_query {
    const char *where; /* SQL over the columns, or NULL; chip.adc.bits needs no quotes */
    bool bad_too;      /* also points with a reason */
    int order;         /* column, or -1: by number */
    bool falling;
    int64_t limit;      /* 0: all */
    const int *columns; /* [n_columns]; NULL: all */
    int n_columns;
};
/* Visit rows: cells [n_columns] in the order asked. The visit returns false to stop. SPN_EUSAGE
 * with SQLite's message, and the nearest column, if `where` is no condition. */
enum spn_status spn_store_select(struct spn_store *store, const struct spn_store_query *query,
                                 bool (*visit)(void *ctx, int64_t number,
                                               const struct spn_store_cell *cells),
                                 void *ctx, struct spn_err *err);

struct spn_store_counts {
    int64_t n_points, n_good, n_stored;
    int64_t n_pending; /* good but for their accuracy, which nobody needs or has simulated yet */
};
enum spn_status spn_store_counts(struct spn_store *store, struct spn_store_counts *counts,
                                 struct spn_err *err);

/* Add all points of store `from` to store `to` (made if it is not there). SPN_EINPUT unless both
 * hold the same space. */
enum spn_status spn_store_merge(const char *to, const char *from, struct spn_err *err);

#endif
