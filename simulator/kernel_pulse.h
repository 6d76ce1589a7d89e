/* kernel_pulse.h -- pulses on a row of cells, written once over the vector type of the including
 * kernel.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Included after kernel_body.h, whose operations and random numbers it uses. No include guard on
 * purpose. [M:U4]
 */

/* The affine piece of the law at m: a in *a; returns b. down: sign bits. */
static inline TARGET VF law_piece(const struct spn_kernel_pulse *p, VF m, VI down, VF gain, VF *a)
{
    const VF last = SETF((float)(SPN_PULSE_NODES - 1));
    VF place = FMA(m, last, SETF(-0.5f)); /* ties meet at a node, where both pieces agree */
    VI i = F2I(MINF(MAXF(place, SETF(0.0f)), SUBF(last, SETF(1.0f))));
    *a = MULF(gain, PICK(p->table, 0, down, i));
    return MULF(gain, PICK(p->table, 1, down, i));
}

/* Four vectors of columns at a time: their steps do not wait for each other. `n` is a constant. */
enum { PULSE_SETS = 4 };
struct pulse_set {
    VF x, v, a, b, gain, growth;
    VI count, down;
};

/* The most pulses in each lane. */
static inline TARGET VI most_pulses(const struct pulse_set *set, int n)
{
    VI most = set[0].count;
    for (int i = 1; i < n; i++)
        most = MAXI(most, set[i].count);
    return most;
}

static inline TARGET void hold_piece(const struct spn_kernel_pulse *p, struct pulse_set *set)
{
    VF b = set->b, two = ADDF(SETF(2.0f), b); /* (1 + b)^2 + s^2 b^2 - 1 */
    set->growth = MULF(b, FMA(SETF(p->step_variance), b, two));
}

/* The pulses of a set, to its mean x and its variance v. */
static inline TARGET void jump(const struct spn_kernel_pulse *p, struct pulse_set *set, int n,
                               bool curved)
{
    const VF step_variance = SETF(p->step_variance), pulse_variance = SETF(p->pulse_variance);
    const VI most = most_pulses(set, n), one = SETI(1);
    VI done = SETI(0);
    while (ANY_MORE(most, done)) {
        if (curved)
#pragma GCC unroll 4
            for (int i = 0; i < n; i++) {
                set[i].b = law_piece(p, set[i].x, set[i].down, set[i].gain, &set[i].a);
                hold_piece(p, &set[i]);
            }
        for (int k = 0; k < p->pulses_at_once; k++, done = ADDI(done, one)) {
            if (k > 0 && k % 2 == 0 && !ANY_MORE(most, done))
                break;
#pragma GCC unroll 4
            for (int i = 0; i < n; i++) {
                VF step = FMA(set[i].b, set[i].x, set[i].a);
                VF more = FMA(step_variance, MULF(step, step), pulse_variance);
                WHERE left = MORE(set[i].count, done);
                set[i].v = ADD_WHERE(left, set[i].v, FMA(set[i].growth, set[i].v, more));
                set[i].x = ADD_WHERE(left, set[i].x, step);
            }
        }
    }
}

/* n vectors of columns from `at` on, of the vector whose column words these are. */
static inline TARGET void pulse_columns(const struct spn_kernel_pulse *p, const uint32_t *column,
                                        VI row, int at, int n, bool curved, VI words[4],
                                        const struct normal_table *table)
{
    struct pulse_set set[PULSE_SETS];
    const bool noisy = p->step_variance > 0 || p->pulse_variance > 0;
#pragma GCC unroll 4
    for (int i = 0; i < n; i++) {
        const int c = at + i * SPN_KERNEL_COLUMNS;
        VI other = LOADI((const int32_t *)(const void *)(column + c));
        set[i].down = XORI(row, other);
        set[i].count = POPCOUNT(ANDI(ANDI(row, other), SETI(SPN_PULSE_SLOTS)));
        set[i].gain = set[i].a = BLEND(set[i].down, LOADF(p->law[2] + c), LOADF(p->law[0] + c));
        set[i].b = SETF(0.0f);
        if (!curved)
            set[i].b = BLEND(set[i].down, LOADF(p->law[3] + c), LOADF(p->law[1] + c));
        hold_piece(p, &set[i]);
        set[i].x = LOADF(p->state + c);
        set[i].v = SETF(0.0f);
    }
    jump(p, set, n, curved);
#pragma GCC unroll 4
    for (int i = 0; i < n; i++) {
        VF x = set[i].x;
        if (noisy)
            x = FMA(SQRTF(set[i].v), invert_words(next_words(words), table), x);
        STOREF(p->state + at + i * SPN_KERNEL_COLUMNS, MINF(MAXF(x, SETF(0.0f)), SETF(1.0f)));
    }
}

static inline TARGET void pulse_vectors(const struct spn_kernel_pulse *p, bool curved)
{
    enum { TOGETHER = PULSE_SETS * SPN_KERNEL_COLUMNS };
    struct normal_table table;
    load_table(&table);
    for (int lane = 0; lane < SPN_KERNEL_COLUMNS; lane += LANES) {
        int32_t(*state)[SPN_KERNEL_COLUMNS] = p->stream->state;
        VI words[4] = {LOADI(state[0] + lane), LOADI(state[1] + lane), LOADI(state[2] + lane),
                       LOADI(state[3] + lane)};
        for (int k = 0; k < p->n_vectors; k++) {
            const uint32_t *column = p->column + (size_t)k * p->column_stride;
            VI row = SETI(p->row[k]);
            if ((p->row[k] & SPN_PULSE_SLOTS) == 0)
                continue;
            int c = lane;
            for (; c - lane + TOGETHER <= p->n_columns; c += TOGETHER)
                pulse_columns(p, column, row, c, PULSE_SETS, curved, words, &table);
            for (; c < p->n_columns; c += SPN_KERNEL_COLUMNS)
                pulse_columns(p, column, row, c, 1, curved, words, &table);
        }
    }
}

static inline TARGET void pulse_row(const struct spn_kernel_pulse *p)
{
    p->table != NULL ? pulse_vectors(p, true) : pulse_vectors(p, false);
}
