/* check_layers.c -- float kernels against direct double-precision sums and hand-worked values.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "base/rng.h"
#include "simulator/layers.h"
#include "simulator/tensor.h"

static void fill(float *x, size_t n, uint32_t stream)
{
    struct spn_rng rng = spn_rng_init(7, stream, 0);
    spn_rng_normals(&rng, x, n);
}

static void assert_near(double got, double want, double tolerance)
{
    ck_assert_msg(fabs(got - want) <= tolerance, "%.9g, expected %.9g within %g", got, want,
                  tolerance);
}

/* One output of a convolution, summed directly in double precision from channels-last data. */
static double direct_conv(const struct spn_window *w, const float *x, const float *weight, int p,
                          int out)
{
    const int depth = w->channels / w->groups, group = out / (w->out_channels / w->groups);
    double sum = 0.0;
    for (int ky = 0; ky < w->kernel[0]; ky++) {
        for (int kx = 0; kx < w->kernel[1]; kx++) {
            const int row = p / w->out_width * w->stride[0] - w->padding[0] + ky * w->dilation[0];
            const int column =
                p % w->out_width * w->stride[1] - w->padding[1] + kx * w->dilation[1];
            for (int c = 0;
                 c < depth && row >= 0 && row < w->height && column >= 0 && column < w->width;
                 c++) {
                sum += (double)x[(row * w->width + column) * w->channels + group * depth + c] *
                       (double)weight[((out * w->kernel[0] + ky) * w->kernel[1] + kx) * depth + c];
            }
        }
    }
    return sum;
}

static struct spn_window make_window(int channels, int out_channels, int size, const int option[4],
                                     int groups)
{
    const int kernel = option[0], stride = option[1], padding = option[2], dilation = option[3];
    const int out = (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
    return (struct spn_window){.channels = channels,
                               .height = size,
                               .width = size,
                               .out_channels = out_channels,
                               .out_height = out,
                               .out_width = out,
                               .kernel = {kernel, kernel},
                               .stride = {stride, stride},
                               .padding = {padding, padding},
                               .dilation = {dilation, dilation},
                               .groups = groups};
}

static const struct {
    int channels, out_channels, size, option[4], groups;
} conv_case[] = {
    {3, 5, 8, {3, 1, 1, 1}, 1},   {4, 6, 9, {3, 2, 1, 1}, 2},
    {4, 4, 11, {3, 1, 2, 2}, 1},  {6, 6, 7, {3, 1, 1, 1}, 6},
    {6, 6, 10, {5, 2, 2, 1}, 6},  {8, 3, 6, {1, 1, 0, 1}, 1},
    {2, 4, 12, {7, 3, 5, 1}, 1},  {4, 8, 13, {3, 2, 3, 3}, 4},
    {64, 3, 40, {3, 1, 1, 1}, 1}, /* more than one block of patches */
};

START_TEST(conv2d_is_the_direct_sum)
{
    const struct spn_window w =
        make_window(conv_case[_i].channels, conv_case[_i].out_channels, conv_case[_i].size,
                    conv_case[_i].option, conv_case[_i].groups);
    const int n_images = 2, positions = w.out_height * w.out_width;
    const size_t n_x = (size_t)(w.channels * w.height * w.width),
                 n_w = (size_t)(w.out_channels * spn_window_rows(&w));
    const size_t n_y = (size_t)(positions * w.out_channels);
    float *x = spn_tensor_floats(n_x * 2), *weight = spn_tensor_floats(n_w),
          *y = spn_tensor_floats(n_y * 2);
    float *scratch = spn_tensor_floats(spn_layers_conv2d_scratch(&w));
    fill(x, n_x * 2, 1);
    fill(weight, n_w, 2);
    spn_layers_conv2d(&w, x, n_images, weight, y, scratch);
    for (int i = 0; i < n_images; i++) {
        for (int p = 0; p < positions; p++) {
            for (int out = 0; out < w.out_channels; out++) {
                const double want = direct_conv(&w, x + (size_t)i * n_x, weight, p, out);
                assert_near((double)y[(size_t)i * n_y + (size_t)(p * w.out_channels + out)], want,
                            2e-4);
            }
        }
    }
    free(x);
    free(weight);
    free(y);
    free(scratch);
}
END_TEST

/* Adding patches back is the adjoint of taking them: <P x, c> = <x, P' c>. */
START_TEST(patches_and_their_adjoint)
{
    const struct spn_window w =
        make_window(conv_case[_i].channels, conv_case[_i].out_channels, conv_case[_i].size,
                    conv_case[_i].option, conv_case[_i].groups);
    const size_t n_x = (size_t)(w.channels * w.height * w.width);
    const struct spn_patches which = {.first = 1,
                                      .n = w.out_height * w.out_width - 1,
                                      .group = w.groups - 1,
                                      .size = sizeof(float)};
    const size_t n_c = (size_t)which.n * (size_t)spn_window_rows(&w);
    float *x = spn_tensor_floats(n_x), *back = spn_tensor_floats(n_x), *px = spn_tensor_floats(n_c),
          *c = spn_tensor_floats(n_c);
    fill(x, n_x, 1);
    fill(c, n_c, 2);
    memset(back, 0, n_x * sizeof *back);
    spn_layers_patches(&w, x, &which, px);
    spn_layers_add_patches(&w, c, &which, back);
    double left = 0.0, right = 0.0;
    for (size_t i = 0; i < n_c; i++) {
        left += (double)px[i] * (double)c[i];
    }
    for (size_t i = 0; i < n_x; i++) {
        right += (double)x[i] * (double)back[i];
    }
    assert_near(left, right, 1e-3 * sqrt((double)n_c));
    free(x);
    free(back);
    free(px);
    free(c);
}
END_TEST

/* Bytes are laid out as floats are. */
START_TEST(patches_of_codes)
{
    const int option[] = {3, 2, 1, 1};
    const struct spn_window w = make_window(3, 1, 7, option, 1);
    uint8_t x[3 * 7 * 7], p8[16 * 27];
    float xf[3 * 7 * 7], pf[16 * 27];
    for (int i = 0; i < 3 * 7 * 7; i++) {
        x[i] = (uint8_t)(i + 1);
        xf[i] = (float)(i + 1);
    }
    struct spn_patches which = {.n = 16, .size = 1};
    spn_layers_patches(&w, x, &which, p8);
    which.size = sizeof(float);
    spn_layers_patches(&w, xf, &which, pf);
    for (int i = 0; i < 16 * 27; i++) {
        ck_assert_float_eq((float)p8[i], pf[i]);
    }
}
END_TEST

START_TEST(linear_by_hand)
{
    const float x[] = {1, 2, 3, -1, 0, 0.5f}, weight[] = {1, 0, -1, 2, 1, 0.5f};
    const struct spn_linear l = {.n = 2, .n_in = 3, .n_out = 2};
    float y[4];
    spn_layers_linear(&l, x, weight, y); /* [1-3, 2+2+1.5], [-1-0.5, -2+0.25] */
    const float want[] = {-2.0f, 5.5f, -1.5f, -1.75f}, bias[] = {10, 20};
    for (int i = 0; i < 4; i++) {
        ck_assert_float_eq(y[i], want[i]);
    }
    spn_layers_add_bias(y, 2, 2, bias);
    ck_assert_float_eq(y[2], 8.5f);
    spn_layers_scale_offset(y, 2, 2, want, bias);
    ck_assert_float_eq(y[2], -7.0f); /* 8.5 * -2 + 10 */
}
END_TEST

/* Values from tables: Phi(1) = 0.841344746, logistic(1) = 0.731058579, tanh(0.5) = 0.462117157. */
START_TEST(activations_by_table)
{
    float y[] = {1.0f, -1.0f, 0.0f};
    spn_layers_gelu(y, 3);
    assert_near((double)y[0], 0.841344746, 1e-7);
    assert_near((double)y[1], -0.158655254, 1e-7);
    ck_assert_float_eq(y[2], 0.0f);
    float s[] = {1.0f, -1.0f};
    spn_layers_silu(s, 2);
    assert_near((double)s[0], 0.731058579, 1e-6);
    assert_near((double)s[1], -0.268941421, 1e-6);
    float g[] = {1.0f, 0.0f};
    spn_layers_sigmoid(g, 2);
    assert_near((double)g[0], 0.731058579, 1e-6);
    ck_assert_float_eq(g[1], 0.5f);
    float t[] = {0.5f};
    spn_layers_tanh(t, 1);
    assert_near((double)t[0], 0.462117157, 1e-6);
    float r[] = {-2.0f, 3.0f};
    spn_layers_relu(r, 2);
    ck_assert_float_eq(r[0], 0.0f);
    ck_assert_float_eq(r[1], 3.0f);
    spn_layers_mul(r, s, 2);
    ck_assert_float_eq(r[1], 3.0f * s[1]);
}
END_TEST

START_TEST(softmax_plain_and_causal)
{
    float y[] = {1, 2, 3, 1000, 1000, 1000};
    spn_layers_softmax(y, 2, 3, 0); /* e, e^2, e^3 over their sum; and no overflow */
    assert_near((double)y[0], 0.090030573, 1e-7);
    assert_near((double)y[1], 0.244728471, 1e-7);
    assert_near((double)y[2], 0.665240956, 1e-7);
    assert_near((double)y[4], 1.0 / 3.0, 1e-7);
    float causal[] = {5, 1, 1, 2, 2, 9, 0, 0, 0};
    spn_layers_softmax(causal, 3, 3, 3);
    const double want[] = {1, 0, 0, 0.5, 0.5, 0, 1.0 / 3, 1.0 / 3, 1.0 / 3};
    for (int i = 0; i < 9; i++) {
        assert_near((double)causal[i], want[i], 1e-7);
    }
}
END_TEST

START_TEST(norms_by_hand)
{
    const float gain[] = {1, 2, 3, 4}, offset[] = {0, 0, 0, 1};
    float y[] = {1, 2, 3, 4}; /* mean 2.5, variance 1.25 */
    const struct spn_norm norm = {.gain = gain, .offset = offset, .epsilon = 0.0, .features = 4};
    spn_layers_layernorm(&norm, y, 1);
    assert_near((double)y[0], -1.5 / sqrt(1.25), 1e-6);
    assert_near((double)y[3], 1.0 + 4.0 * 1.5 / sqrt(1.25), 1e-6);
    float z[] = {1, 2, 3, 4}; /* mean square 7.5 */
    const struct spn_norm rms = {.gain = gain, .epsilon = 0.5, .features = 4};
    spn_layers_rmsnorm(&rms, z, 1);
    assert_near((double)z[1], 2.0 * 2.0 / sqrt(8.0), 1e-6);
    float plain[] = {3, 4};
    const struct spn_norm none = {.features = 2};
    spn_layers_rmsnorm(&none, plain, 1);
    assert_near((double)plain[0], 3.0 / sqrt(12.5), 1e-6);
}
END_TEST

START_TEST(pools_by_hand)
{
    const int option[] = {2, 2, 1, 1};
    struct spn_window w =
        make_window(1, 1, 4, option, 1); /* 3 x 3 windows, the outer ones half outside */
    float x[16], y[9], two[2];
    for (int i = 0; i < 16; i++) {
        x[i] = (float)(-1 - i);
    }
    spn_layers_maxpool(&w, x, y);
    const float most[] = {-1, -2, -4, -5, -6, -8, -13, -14, -16};
    for (int i = 0; i < 9; i++) {
        ck_assert_float_eq(y[i], most[i]);
    }
    spn_layers_avgpool(&w, x, y);
    ck_assert_float_eq(y[0], -0.25f); /* padding counts */
    ck_assert_float_eq(y[4], -(6.0f + 7 + 10 + 11) / 4);
    spn_layers_global_avgpool(x, 8, 2, two);
    ck_assert_float_eq(two[0], -8.0f); /* -1, -3, .. -15 */
    spn_layers_global_maxpool(x, 8, 2, two);
    ck_assert_float_eq(two[1], -2.0f);
}
END_TEST

START_TEST(pad_shortcut_and_planes)
{
    struct spn_window w = {.channels = 2,
                           .height = 3,
                           .width = 4,
                           .out_channels = 6,
                           .out_height = 2,
                           .out_width = 2,
                           .stride = {2, 2}};
    float x[24], y[24], z[24];
    for (int i = 0; i < 24; i++) {
        x[i] = (float)i + 1;
    }
    spn_layers_pad_shortcut(&w, x, y);
    const float want[24] = {0, 0, 1,  2,  0, 0, 0, 0, 5,  6,  0, 0,
                            0, 0, 17, 18, 0, 0, 0, 0, 21, 22, 0, 0};
    for (int i = 0; i < 24; i++) {
        ck_assert_float_eq(y[i], want[i]);
    }
    spn_layers_to_planes(x, 2, 12, y);
    ck_assert_float_eq(y[12], 2.0f);
    spn_layers_from_planes(y, 2, 12, z);
    ck_assert_mem_eq(x, z, sizeof x);
}
END_TEST

START_TEST(rotary_turns_pairs)
{
    const struct spn_rotary r = {.tokens = 3, .heads = 2, .features = 4, .theta = 10000.0};
    float y[24], before[24];
    fill(y, 24, 3);
    memcpy(before, y, sizeof y);
    spn_layers_rotary(&r, y);
    ck_assert_mem_eq(y, before, 8 * sizeof *y);        /* token 0 stays */
    const float *b = before + 16 + 4, *a = y + 16 + 4; /* token 2, head 1: angles 2 and 2/100 */
    assert_near((double)a[0], (double)b[0] * cos(2.0) - (double)b[1] * sin(2.0), 1e-6);
    assert_near((double)a[1], (double)b[0] * sin(2.0) + (double)b[1] * cos(2.0), 1e-6);
    assert_near((double)a[3], (double)b[2] * sin(0.02) + (double)b[3] * cos(0.02), 1e-6);
}
END_TEST

/* Two key/value heads serve four query heads. */
START_TEST(attention_products)
{
    enum { H = 4, K = 2, T = 3, S = 5, D = 2 };
    float q[T * H * D], k[S * K * D], scores[H * T * S], back[T * H * D];
    fill(q, T * H * D, 1);
    fill(k, S * K * D, 2);
    struct spn_product p = {.heads = H,
                            .kv_heads = K,
                            .tokens = T,
                            .others = S,
                            .depth = D,
                            .transpose_b = true,
                            .scale = 0.5f};
    spn_layers_matmul(&p, q, k, scores);
    p.transpose_b = false;
    p.scale = 1.0f;
    spn_layers_matmul(&p, scores, k, back);
    for (int h = 0; h < H; h++) {
        for (int t = 0; t < T; t++) {
            double sum[D] = {0};
            for (int s = 0; s < S; s++) {
                double want = 0.0;
                for (int d = 0; d < D; d++) {
                    want += 0.5 * (double)q[t * H * D + h * D + d] *
                            (double)k[s * K * D + h / 2 * D + d];
                }
                assert_near((double)scores[(h * T + t) * S + s], want, 1e-5);
                for (int d = 0; d < D; d++) {
                    sum[d] += want * (double)k[s * K * D + h / 2 * D + d];
                }
            }
            for (int d = 0; d < D; d++) {
                assert_near((double)back[t * H * D + h * D + d], sum[d], 1e-5);
            }
        }
    }
}
END_TEST

/* Spans alive at the same step never overlap, and memory is used again. */
START_TEST(plan_keeps_live_spans_apart)
{
    enum { N = 200 };
    struct spn_span span[N];
    struct spn_rng rng = spn_rng_init(3, 0, 0);
    size_t total = 0, sum = 0;
    for (int i = 0; i < N; i++) {
        span[i] = (struct spn_span){.first = i,
                                    .last = i + 1 + (int)spn_rng_below(&rng, 5),
                                    .size = 1 + spn_rng_below(&rng, 1000)};
        sum += span[i].size;
    }
    struct spn_err err;
    ck_assert_ok(spn_tensor_plan(span, N, &total, &err));
    for (int i = 0; i < N; i++) {
        ck_assert_uint_eq(span[i].at % SPN_TENSOR_ALIGN, 0);
        ck_assert(span[i].at + span[i].size <= total);
        for (int k = 0; k < i; k++) {
            const bool together = span[k].last >= span[i].first;
            const bool apart =
                span[k].at + span[k].size <= span[i].at || span[i].at + span[i].size <= span[k].at;
            ck_assert(!together || apart);
        }
    }
    ck_assert(total < sum / 10);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("layers");
    TCase *tests = tcase_create("layers");
    const int n_conv = (int)(sizeof conv_case / sizeof conv_case[0]);
    tcase_add_loop_test(tests, conv2d_is_the_direct_sum, 0, n_conv);
    tcase_add_loop_test(tests, patches_and_their_adjoint, 0, n_conv);
    tcase_add_test(tests, patches_of_codes);
    tcase_add_test(tests, linear_by_hand);
    tcase_add_test(tests, activations_by_table);
    tcase_add_test(tests, softmax_plain_and_causal);
    tcase_add_test(tests, norms_by_hand);
    tcase_add_test(tests, pools_by_hand);
    tcase_add_test(tests, pad_shortcut_and_planes);
    tcase_add_test(tests, rotary_turns_pairs);
    tcase_add_test(tests, attention_products);
    tcase_add_test(tests, plan_keeps_live_spans_apart);
    suite_add_tcase(suite, tests);
    return suite;
}
