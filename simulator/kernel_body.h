/* kernel_body.h -- ADC conversion, results and normal numbers, written once over the vector
 * type of the including kernel.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The includer defines LANES, TARGET, VF and VI (vectors of LANES floats and 32-bit integers) and
 * the operations used below. Order and kind of every operation are fixed here, so all kernels round
 * alike. No include guard on purpose. LOOKUP_NEAR may be a faster LOOKUP for octaves where ALL_NEAR
 * says so.
 *
 * Normals by inversion [M:S9]: |z| = -Phi^-1 on octaves of a 31-bit uniform, by polynomials of
 * degree 6 (normal_table.c). |z| <= 6.34; absolute error under 1e-6.
 */

/* One word of xoshiro128++ from each stream. */
static inline TARGET VI next_words(VI s[4])
{
    VI sum = ADDI(s[0], s[3]);
    VI word = ADDI(ROTL(sum, 7), s[0]);
    VI s0 = XOR3(s[0], s[3], s[1]), s1 = XOR3(s[1], s[2], s[0]);
    s[2] = XOR3(s[2], s[0], SLLI(s[1], 9));
    s[3] = ROTL(XORI(s[3], s[1]), 11);
    s[0] = s0;
    s[1] = s1;
    return word;
}

#define HORNER(look, table, t, octave)                                                             \
    FMA(FMA(FMA(FMA(FMA(FMA(look(table, 6, octave), t, look(table, 5, octave)), t,                 \
                        look(table, 4, octave)),                                                   \
                    t, look(table, 3, octave)),                                                    \
                t, look(table, 2, octave)),                                                        \
            t, look(table, 1, octave)),                                                            \
        t, look(table, 0, octave))

/* The top bit is the sign; the other 31, as f = m + 1/2 < 2^31, choose an octave and a place in it.
 */
static inline TARGET VF invert_words(VI word, const struct normal_table *table)
{
    VF f = ADDF(I2F(ANDI(word, SETI(0x7fffffff))), SETF(0.5f));
    VI bits = AS_I(MINF(f, SETF(2147483520.0f))); /* the conversion may have rounded up to 2^31 */
    VI octave = SRLI(bits, 23);
    VF t = SUBF(AS_F(AND_OR(bits, SETI(0x7fffff), SETI(0x3f800000))), SETF(1.5f));
    VF z;
    if (ALL_NEAR(octave))
        z = HORNER(LOOKUP_NEAR, table, t, octave);
    else
        z = HORNER(LOOKUP, table, t, octave);
    return AS_F(XOR_AND(AS_I(z), word, SETI(0x80000000u)));
}

static inline TARGET void normal_rows(struct spn_kernel_stream *streams, int n, int n_rows,
                                      bool add, float *out)
{
    struct normal_table table;
    load_table(&table);
    for (int k = 0; k < n; k++)
        for (int lane = 0; lane < SPN_KERNEL_COLUMNS; lane += LANES) {
            int32_t(*state)[SPN_KERNEL_COLUMNS] = streams[k].state;
            VI s[4] = {LOADI(state[0] + lane), LOADI(state[1] + lane), LOADI(state[2] + lane),
                       LOADI(state[3] + lane)};
            float *to = out + k * n_rows * SPN_KERNEL_COLUMNS + lane;
            for (int r = 0; r < n_rows; r++, to += SPN_KERNEL_COLUMNS) {
                VF z = invert_words(next_words(s), &table);
                STOREF(to, add ? ADDF(LOADF(to), z) : z);
            }
            STOREI(state[0] + lane, s[0]);
            STOREI(state[1] + lane, s[1]);
            STOREI(state[2] + lane, s[2]);
            STOREI(state[3] + lane, s[3]);
        }
}

/* Codes of one vector's slices in one vector of columns, shifted and added. The flags are constants
 * at each call. */
static inline TARGET void convert_lanes(const struct spn_kernel_convert *c, int vector, int lane,
                                        bool low, int noise)
{
    size_t row = (size_t)vector * (size_t)c->n_slices;
    VF step = SETF(c->inverse_step), low_code = SETF(c->low_code), high_code = SETF(c->high_code);
    VI total = SETI(0);
    for (int s = c->n_slices - 1; s >= 0; s--) {
        size_t at = (row + (size_t)s) * SPN_KERNEL_COLUMNS + (size_t)lane;
        VI sum = LOADI(c->sums + at);
        if (low)
            sum = ADDI(SLLI(sum, 8), LOADI(c->low + at));
        VF z = SETF(0.0f);
        if (noise != 0) {
            z = LOADF(c->normals + (size_t)vector * c->normal_stride +
                      (size_t)(s * SPN_KERNEL_COLUMNS + lane));
            if (c->shared != NULL)
                z = ADDF(z, SETF(c->shared[row + (size_t)s]));
            if (noise == 1)
                z = MULF(z, SETF(c->deviation[(size_t)vector * c->deviation_stride + (size_t)s] *
                                 c->noise_scale));
            else
                z = MULF(z, MULF(SQRTF(I2F(LOADI(c->variance + at))), SETF(c->noise_scale)));
        }
        VI code;
        if (c->ideal) {
            code = noise != 0 ? ADDI(sum, F2I_WIDE(z)) : sum;
        } else {
            VF t = MULF(I2F(sum), step);
            if (noise != 0)
                t = ADDF(t, z);
            code = F2I(MINF(MAXF(t, low_code), high_code));
        }
        if (c->slice_bits == 1)
            total = ADDI(ADDI(total, total), code);
        else
            total = ADDI(SHIFT(total, c->slice_bits), code);
    }
    int32_t *out = c->codes + vector * SPN_KERNEL_COLUMNS + lane;
    STOREI(out, ADDI(LOADI(out), total));
}

static inline TARGET void convert_vectors(const struct spn_kernel_convert *c, bool low, int noise)
{
    for (int v = 0; v < c->n_vectors; v++)
        for (int lane = 0; lane < SPN_KERNEL_COLUMNS; lane += LANES)
            convert_lanes(c, v, lane, low, noise);
}

static inline TARGET void convert_block(const struct spn_kernel_convert *c)
{
    bool low = c->low != NULL;
    if (c->normals == NULL)
        low ? convert_vectors(c, true, 0) : convert_vectors(c, false, 0);
    else if (c->variance == NULL)
        low ? convert_vectors(c, true, 1) : convert_vectors(c, false, 1);
    else
        low ? convert_vectors(c, true, 2) : convert_vectors(c, false, 2);
}

/* Plain C over 16 columns: the compiler's vectors do the same operations. */
static inline TARGET void finish_block(const struct spn_kernel_finish *f)
{
    for (int v = 0; v < f->n_vectors; v++) {
        const int32_t *codes = f->codes + v * SPN_KERNEL_COLUMNS;
        double *total = f->total + v * SPN_KERNEL_COLUMNS, sum[SPN_KERNEL_COLUMNS];
        for (int c = 0; c < SPN_KERNEL_COLUMNS; c++)
            sum[c] = f->scale * codes[c];
        if (!f->first)
            for (int c = 0; c < SPN_KERNEL_COLUMNS; c++)
                sum[c] += total[c];
        float *y = f->y + (size_t)v * f->y_stride;
        if (!f->last)
            for (int c = 0; c < SPN_KERNEL_COLUMNS; c++)
                total[c] = sum[c];
        else if (f->n_columns == SPN_KERNEL_COLUMNS)
            for (int c = 0; c < SPN_KERNEL_COLUMNS; c++)
                y[c] = (float)sum[c];
        else
            for (int c = 0; c < f->n_columns; c++)
                y[c] = (float)sum[c];
    }
}
