/* repair.c -- spare columns of arrays that stand in for the ones with the worst defects.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two passes over the rows of each stripe of arrays: the error of every column; then that of every
 * spare in the place of each of the worst. Where the defects are is taken as known, from reading
 * the array after erasing and after programming it.
 */
#include "simulator/repair.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "simulator/defects.h"

struct spn_repair {
    int n_blocks, width, n_spares, array_rows;
    uint32_t key[2], tag;
    int16_t *spare; /* [stripe][block][column of cells]: its spare, or -1 */
    int n_replaced;
};

struct work { /* of one stripe */
    struct spn_repair *r;
    struct spn_program *p;
    const struct spn_program_maker *m;
    int stripe;
    double *error;   /* [block][column] */
    int *worst;      /* [block][spare]: columns, the worst first; -1: none left */
    double *instead; /* [block][place in worst][spare] */
};

static void spare_words(const struct spn_repair *r, int block, int spare, int row,
                        uint32_t words[4])
{
    const uint32_t counter[4] = {(uint32_t)(block * r->n_spares + spare), (uint32_t)row, 0, r->tag};
    spn_rng_philox(counter, r->key, words);
    words[3] = SPN_DEFECT_NONE;
}

static int16_t *place_of(const struct spn_repair *r, int stripe, struct spn_program_column at)
{
    const size_t block = (size_t)stripe * (size_t)r->n_blocks + (size_t)at.block;
    return r->spare + block * (size_t)r->width + at.column;
}

bool spn_repair_words(const struct spn_repair *r, struct spn_program_column column, int row,
                      uint32_t words[4])
{
    const int spare = *place_of(r, row / r->array_rows, column);
    if (spare >= 0)
        spare_words(r, column.block, spare, row, words);
    return spare >= 0;
}

int spn_repair_count(const struct spn_repair *r)
{
    return r != NULL ? r->n_replaced : 0;
}

/* What the defect of a cell with these words changes. */
static double square_error(const struct work *w, const struct spn_program_place *at, int side,
                           const uint32_t words[4])
{
    const struct spn_program_digit *d = &w->p->digit[at->digit];
    const struct spn_program_maker *m = w->m;
    const bool kept = m->kept[at->column] || (side == 1 && w->p->reference != NULL);
    struct spn_cell_model whole = m->cell;
    whole.defects = false;
    const double aim = m->aim[side][at->column];
    const double e = spn_cell_program(&m->cell, aim, 0, words, kept).g -
                     spn_cell_program(&whole, aim, 0, words, kept).g;
    return d->weight * d->levels * e * d->weight * d->levels * e;
}

/* A reference column is met with each of its weights, and counts once. */
static bool is_first(const struct work *w, const struct spn_program_place *at, int side)
{
    return side == 0 || w->p->reference == NULL || at->column % w->m->weights_per_array == 0;
}

typedef void cell_body(struct work *w, const struct spn_program_place *at, int side, int row);

/* All cells of the stripe. */
static void for_cells(struct work *w, cell_body *body)
{
    const int first = w->stripe * w->r->array_rows;
    const int end =
        first + w->r->array_rows < w->p->n_rows ? first + w->r->array_rows : w->p->n_rows;
    for (int row = first; row < end; row++)
        for (int d = 0; d < w->p->n_digits; d++) {
            const int group = spn_program_group(w->p, row);
            struct spn_program_place at = {d, group, row - w->p->groups[group].first, 0};
            spn_program_aim_row(w->p, w->m, &at);
            for (; at.column < w->p->n_columns; at.column++)
                for (int side = 0; side < spn_program_sides(w->p); side++)
                    if (is_first(w, &at, side))
                        body(w, &at, side, row);
        }
}

static void add_error(struct work *w, const struct spn_program_place *at, int side, int row)
{
    const struct spn_program_column c = spn_program_column(w->p, w->m, at, side);
    uint32_t words[4];
    (void)row;
    spn_program_defect_words(w->p, w->m, at, side, words);
    w->error[(size_t)c.block * (size_t)w->r->width + (size_t)c.column] +=
        square_error(w, at, side, words);
}

static void add_instead(struct work *w, const struct spn_program_place *at, int side, int row)
{
    const struct spn_program_column c = spn_program_column(w->p, w->m, at, side);
    const int n = w->r->n_spares;
    const int *worst = w->worst + c.block * n;
    for (int k = 0; k < n; k++) {
        if (worst[k] != c.column)
            continue;
        for (int s = 0; s < n; s++) {
            uint32_t words[4];
            spare_words(w->r, c.block, s, row, words);
            words[3] = spn_program_defect(w->p, w->m, c, row, true);
            w->instead[((size_t)c.block * (size_t)n + (size_t)k) * (size_t)n + (size_t)s] +=
                square_error(w, at, side, words);
        }
    }
}

/* The columns of a block with the largest errors, at most as many as there are spares. */
static void choose_worst(struct work *w, int block)
{
    const int n = w->r->n_spares;
    double *error = w->error + (size_t)block * (size_t)w->r->width;
    int *worst = w->worst + block * n;
    for (int k = 0; k < n; k++)
        worst[k] = -1;
    for (int k = 0; k < n && (k == 0 || worst[k - 1] >= 0); k++) {
        for (int c = 0; c < w->r->width; c++) {
            bool taken = false;
            for (int i = 0; i < k; i++)
                taken = taken || worst[i] == c;
            if (!taken && error[c] > 0 && (worst[k] < 0 || error[c] > error[worst[k]]))
                worst[k] = c;
        }
    }
}

/* The worst first, each by the unused spare that leaves the least. */
static void replace(struct work *w, int block)
{
    const int n = w->r->n_spares;
    const int *worst = w->worst + block * n;
    for (int k = 0; k < n && worst[k] >= 0; k++) {
        const double *left = w->instead + ((size_t)block * (size_t)n + (size_t)k) * (size_t)n;
        const double now = w->error[(size_t)block * (size_t)w->r->width + (size_t)worst[k]];
        int best = -1;
        for (int s = 0; s < n; s++) {
            bool used = false;
            for (int c = 0; c < w->r->width; c++)
                used =
                    used || *place_of(w->r, w->stripe, (struct spn_program_column){block, c}) == s;
            if (!used && left[s] < now && (best < 0 || left[s] < left[best]))
                best = s;
        }
        if (best < 0)
            continue;
        *place_of(w->r, w->stripe, (struct spn_program_column){block, worst[k]}) = (int16_t)best;
        w->r->n_replaced++;
    }
}

static enum spn_status repair_all(struct work *w, int n_stripes, struct spn_err *err)
{
    const size_t blocks = (size_t)w->r->n_blocks, n = (size_t)w->r->n_spares;
    const size_t columns = blocks * (size_t)w->r->width;
    w->error = malloc(columns * sizeof(*w->error));
    w->worst = malloc(blocks * n * sizeof(*w->worst));
    w->instead = malloc(blocks * n * n * sizeof(*w->instead));
    enum spn_status status = w->error && w->worst && w->instead
                                 ? SPN_OK
                                 : spn_err_memory(err, "spare columns of a core");
    for (w->stripe = 0; w->stripe < n_stripes && status == SPN_OK; w->stripe++) {
        memset(w->error, 0, columns * sizeof(*w->error));
        memset(w->instead, 0, blocks * n * n * sizeof(*w->instead));
        for_cells(w, add_error);
        for (int b = 0; b < w->r->n_blocks; b++)
            choose_worst(w, b);
        for_cells(w, add_instead);
        for (int b = 0; b < w->r->n_blocks; b++)
            replace(w, b);
    }
    free(w->error);
    free(w->worst);
    free(w->instead);
    return status;
}

enum spn_status spn_repair_create(struct spn_repair **out, struct spn_program *p,
                                  const struct spn_program_maker *m, struct spn_err *err)
{
    const int n_spares = m->chip->array.spare_columns, rows = m->chip->array.rows;
    *out = NULL;
    if (n_spares < 1 || !m->cell.defects)
        return SPN_OK;
    struct spn_repair *r = calloc(1, sizeof *r);
    if (r == NULL)
        return spn_err_memory(err, "spare columns of a core");
    const int n_stripes = (p->n_rows - 1) / rows + 1;
    *r = (struct spn_repair){.n_blocks = (p->n_columns - 1) / m->weights_per_array + 1,
                             .width = m->weights_per_array * p->cells_per_weight +
                                      (p->reference != NULL ? p->n_digits : 0),
                             .n_spares = n_spares,
                             .array_rows = rows,
                             .key = {m->key[0], m->key[1]},
                             .tag = (uint32_t)SPN_CORE_STREAM_SPARE << 24 | m->layer};
    const size_t n = (size_t)n_stripes * (size_t)r->n_blocks * (size_t)r->width;
    r->spare = malloc(n * sizeof(*r->spare));
    enum spn_status status =
        r->spare != NULL ? SPN_OK : spn_err_memory(err, "spare columns of a core");
    for (size_t i = 0; i < n && status == SPN_OK; i++)
        r->spare[i] = -1;
    struct work w = {.r = r, .p = p, .m = m};
    if (status == SPN_OK)
        status = repair_all(&w, n_stripes, err);
    if (status != SPN_OK)
        spn_repair_destroy(r);
    else
        *out = r;
    return status;
}

void spn_repair_destroy(struct spn_repair *r)
{
    if (r == NULL)
        return;
    free(r->spare);
    free(r);
}
