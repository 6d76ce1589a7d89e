/* kernel_pulse.h -- pulses on a row of cells, written once over the vector type of the including
 * kernel.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Included after kernel_body.h, whose operations and random numbers it uses. A count rises from
 * -n, so that its sign says whether a cell has pulses left. No include guard on purpose. [M:U4]
 */

/* The affine piece of the law at m: a in *a; returns b. down: sign bits. */
static inline TARGET VF law_piece(const struct spn_kernel_pulse *p, VF m, VI down, VF gain, VF *a)
{
    const VF last = SETF((float)(SPN_PULSE_NODES - 1));
    VF place = FMA(m, last, SETF(-0.5f)); /* ties meet at a node, where both pieces agree */
    VI i = F2I(MINF(MAXF(place, SETF(0.0f)), SUBF(last, SETF(1.0f))));
    const float(*table)[SPN_PULSE_NODES] = p->table;
    *a = MULF(gain, BLEND(down, PICK(table[2], i), PICK(table[0], i)));
    return MULF(gain, BLEND(down, PICK(table[3], i), PICK(table[1], i)));
}

/* Two vectors of columns at a time: their steps do not wait for each other. `n` is a constant. */
enum { PULSE_SETS = 2 };
struct pulse_set {
    VF x, v, a, b, gain, keep, growth;
    VI count, down;
};

static inline TARGET bool any_pulse_left(const struct pulse_set *set, int n)
{
    return n == 1 ? ANY_NEGATIVE(set[0].count) : ANY_NEGATIVE(OR_INT(set[0].count, set[1].count));
}

static inline TARGET void hold_piece(const struct spn_kernel_pulse *p, struct pulse_set *set)
{
    VF b = set->b;
    set->keep = ADDF(SETF(1.0f), b);
    set->growth = FMA(SETF(p->step_variance), MULF(b, b), MULF(set->keep, set->keep));
}

/* The pulses of a set, to its mean x and its variance v. */
static inline TARGET void jump(const struct spn_kernel_pulse *p, struct pulse_set *set, int n,
                               bool curved)
{
    const VF step_variance = SETF(p->step_variance), pulse_variance = SETF(p->pulse_variance);
    while (any_pulse_left(set, n)) {
        if (curved)
#pragma GCC unroll 2
            for (int i = 0; i < n; i++) {
                set[i].b = law_piece(p, set[i].x, set[i].down, set[i].gain, &set[i].a);
                hold_piece(p, &set[i]);
            }
        for (int k = 0; k < p->pulses_at_once; k++)
#pragma GCC unroll 2
            for (int i = 0; i < n; i++) {
                VF step = FMA(set[i].b, set[i].x, set[i].a);
                VF more = FMA(step_variance, MULF(step, step), pulse_variance);
                set[i].v = FMA_WHERE(set[i].count, set[i].v, set[i].growth, more);
                set[i].x = FMA_WHERE(set[i].count, set[i].x, set[i].keep, set[i].a);
                set[i].count = ADDI(set[i].count, SETI(1));
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
#pragma GCC unroll 2
    for (int i = 0; i < n; i++) {
        const int c = at + i * SPN_KERNEL_COLUMNS;
        VI other = LOADI((const int32_t *)(const void *)(column + c));
        set[i].down = XORI(row, other);
        set[i].count = NEGATE(POPCOUNT(ANDI(ANDI(row, other), SETI(SPN_PULSE_SLOTS))));
        set[i].gain = set[i].a = BLEND(set[i].down, LOADF(p->law[2] + c), LOADF(p->law[0] + c));
        set[i].b = SETF(0.0f);
        if (!curved)
            set[i].b = BLEND(set[i].down, LOADF(p->law[3] + c), LOADF(p->law[1] + c));
        hold_piece(p, &set[i]);
        set[i].x = LOADF(p->state + c);
        set[i].v = SETF(0.0f);
    }
    jump(p, set, n, curved);
#pragma GCC unroll 2
    for (int i = 0; i < n; i++) {
        VF x = set[i].x;
        if (noisy)
            x = FMA(SQRTF(set[i].v), invert_words(next_words(words), table), x);
        STOREF(p->state + at + i * SPN_KERNEL_COLUMNS, MINF(MAXF(x, SETF(0.0f)), SETF(1.0f)));
    }
}

static inline TARGET void pulse_vectors(const struct spn_kernel_pulse *p, bool curved)
{
    enum { PAIR = PULSE_SETS * SPN_KERNEL_COLUMNS };
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
            for (; c - lane + PAIR <= p->n_columns; c += PAIR)
                pulse_columns(p, column, row, c, PULSE_SETS, curved, words, &table);
            if (c < p->n_columns)
                pulse_columns(p, column, row, c, 1, curved, words, &table);
        }
    }
}

static inline TARGET void pulse_row(const struct spn_kernel_pulse *p)
{
    p->table != NULL ? pulse_vectors(p, true) : pulse_vectors(p, false);
}
