/* store_accuracy.c -- simulated accuracies in a store: one row per class of designs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>

#include "explorer/store_state.h"

enum spn_status spn_store_put_accuracy(struct spn_store *store, int64_t class_number,
                                       double accuracy, struct spn_err *err)
{
    sqlite3_stmt *put = NULL;
    enum spn_status status =
        spn_store_prepare(store, "INSERT OR REPLACE INTO accuracies VALUES(?1, ?2)", &put, err);
    if (status)
        return status;
    sqlite3_bind_int64(put, 1, class_number);
    sqlite3_bind_double(put, 2, accuracy); /* a NaN is bound as NULL */
    if (sqlite3_step(put) != SQLITE_DONE)
        status = spn_store_fail(store, "store an accuracy", err);
    sqlite3_finalize(put);
    return status;
}

enum spn_status spn_store_tell_lab(struct spn_store *store, struct spn_lab *lab,
                                   struct spn_err *err)
{
    sqlite3_stmt *get = NULL;
    int code = SQLITE_DONE;
    enum spn_status status =
        spn_store_prepare(store, "SELECT class, accuracy FROM accuracies", &get, err);
    while (!status && (code = sqlite3_step(get)) == SQLITE_ROW)
        status = spn_lab_tell(
            lab, sqlite3_column_int64(get, 0),
            sqlite3_column_type(get, 1) == SQLITE_NULL ? NAN : sqlite3_column_double(get, 1), err);
    if (!status && code != SQLITE_DONE)
        status = spn_store_fail(store, "read accuracies", err);
    sqlite3_finalize(get);
    return status;
}
