/* kernel_body.h -- ADC conversion, results and Box-Muller normals, written once over the vector
 * type of the including kernel.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The includer defines LANES, TARGET, VF and VI (vectors of LANES floats and 32-bit integers) and
 * the operations used below. Order and kind of every operation are fixed here, so all kernels round
 * alike. No include guard on purpose.
 *
 * Box-Muller: z = sqrt(-2 ln u) (cos, sin)(2 pi v), u = (w0 + 1/2) 2^-32, v = w1 2^-32 [box1958].
 * ln by its argument's exponent and a polynomial on [sqrt 1/2, sqrt 2) (own Chebyshev
 * interpolation, absolute error 5e-8), sine and cosine on
 * +-pi/4 (1e-8). |z| <= 6.77; absolute error of z under 1e-6. [M:S9]
 */

static inline TARGET VF normal_radius(VI w)
{
    VF u = MULF(ADDF(U2F(w), SETF(0.5f)), SETF(0x1p-32f));
    VI bits = AS_I(u);
    VI exponent =
        SRAI(SUBI(bits, SETI(0x3f3504f3)), 23); /* so that the mantissa is in [sqrt 1/2, sqrt 2) */
    VF t = SUBF(AS_F(SUBI(bits, SLLI(exponent, 23))), SETF(1.0f));
    VF p = SETF(9.048784419e-02f);
    p = ADDF(MULF(p, t), SETF(-1.403089220e-01f));
    p = ADDF(MULF(p, t), SETF(1.470389917e-01f));
    p = ADDF(MULF(p, t), SETF(-1.660271885e-01f));
    p = ADDF(MULF(p, t), SETF(1.998422325e-01f));
    p = ADDF(MULF(p, t), SETF(-2.500070255e-01f));
    p = ADDF(MULF(p, t), SETF(3.333341540e-01f));
    VF t2 = MULF(t, t);
    VF ln = ADDF(MULF(MULF(p, t), t2), SUBF(t, MULF(t2, SETF(0.5f))));
    ln = ADDF(ln, MULF(I2F(exponent), SETF(0.693147181f)));
    return SQRTF(MULF(ln, SETF(-2.0f)));
}

static inline TARGET void normal_pair(VI w0, VI w1, VF *z0, VF *z1)
{
    VF radius = normal_radius(w0);
    VI v = ADDI(w1, SETI(0x20000000)); /* top two bits: the quadrant about 0, pi/2, pi, 3 pi/2 */
    VI rest = SUBI(ANDI(v, SETI(0x3fffffff)), SETI(0x20000000));
    VF a = MULF(I2F(rest), SETF(1.46291808e-09f)); /* (pi / 2) / 2^30 */
    VF a2 = MULF(a, a);
    VF s = SETF(-1.958789088e-04f);
    s = ADDF(MULF(s, a2), SETF(8.332748271e-03f));
    s = ADDF(MULF(s, a2), SETF(-1.666666466e-01f));
    s = ADDF(MULF(MULF(s, a2), a), a);
    VF c = SETF(2.454794209e-05f);
    c = ADDF(MULF(c, a2), SETF(-1.388830304e-03f));
    c = ADDF(MULF(c, a2), SETF(4.166666466e-02f));
    c = ADDF(MULF(MULF(c, a2), a2), SUBF(SETF(1.0f), MULF(a2, SETF(0.5f))));
    VF sine = SELECT_BIT30(v, c, s), cosine = SELECT_BIT30(v, s, c);
    VI sign = SIGN_BIT(v), cosine_sign = SIGN_BIT(ADDI(v, SETI(0x40000000)));
    *z0 = MULF(radius, AS_F(XORI(AS_I(cosine), cosine_sign)));
    *z1 = MULF(radius, AS_F(XORI(AS_I(sine), sign)));
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
