/* sram.c -- SRAM buffer: banks of 6T cells with decoder, precharge, sense amplifiers and write
 * drivers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A bank is cut into mats of at most 256 x 256 cells. One access opens one word line in each of the
 * mats that share the word: all bit-line pairs of those mats droop by the read swing, the chosen
 * columns are sensed, or driven full swing. Address and data travel between the port and the mat
 * over an H-tree of repeated wires. [weste2011, ch. 12; rabaey2003, ch. 12; M:B11-B14] Not
 * modelled: redundancy, self-timing margin, write-back margin, sleep modes.
 */
#include "models/sram.h"

#include <math.h>

#include "models/decoder.h"
#include "models/gate.h"
#include "models/htree.h"
#include "models/logic.h"
#include "models/wire.h"

static const double mat_max_rows = 256, mat_max_columns = 256, mat_max_word_bit = 128;
/* 6T widths in F: pull-down, pull-up, access [neurosim21]; FinFET nodes: one fin each. */
static const double pull_down_F = 2.08, pull_up_F = 1.23, access_F = 1.31;
static const double bit_line_contact_frac = 0.5; /* two cells share one drain contact */
static const double precharge_transistors = 3;   /* two pull-ups and the equaliser, per pair */
static const double precharge_rows = 64; /* rows per least PMOS width of each, at least 2 widths */
static const double sense_widths = 4;    /* least widths of the latch's transistors */
static const double settled_frac = 0.01; /* of Vdd, left on a precharged pair */

const struct spn_field spn_sram_fields[] = {
    SPN_F_INT64(struct spn_sram, capacity_bit, "bit", 1, 1e12, "what it holds"),
    SPN_F_INT(struct spn_sram, word_bit, "bit", 1, 65536, "bits per access"),
    SPN_F_INT(struct spn_sram, banks, "", 1, 65536, "banks, one of which is accessed"),
    SPN_F_INT(struct spn_sram, rows, "", 0, 4096, "word lines of a mat; 0: near square"),
    SPN_F_DOUBLE(struct spn_sram, one_frac, "", 0, 1, "probability of a 1 in the data"),
    SPN_F_DOUBLE(struct spn_sram, read_swing_frac, "", 0.02, 0.9, "sensed swing over Vdd"),
    SPN_F_END};
static const char *const actions[] = {"read", "write", NULL};

struct geometry {
    double rows, columns, select; /* of a mat; columns per word bit */
    double word_mats, word_bit;   /* mats that share a word, and bits of it in each */
    double mats;                  /* in all banks */
    double cell_height_m, cell_width_m;
};

struct mat {                          /* costs and delays of one mat */
    double access_J, read_J, write_J; /* of its part of a word; access is part of both */
    double open_s, read_s, write_s;   /* decode and word line; then to data out, or cell written */
    double area_m2, leakage_W;
};

struct spn_sram spn_sram_default(int64_t capacity_bit, int word_bit)
{
    /* Random data; 0.1 Vdd is what a latch senses reliably [weste2011, ch. 12]. */
    return (struct spn_sram){.capacity_bit = capacity_bit,
                             .word_bit = word_bit,
                             .banks = 1,
                             .one_frac = 0.5,
                             .read_swing_frac = 0.1};
}

static void example(void *params)
{
    *(struct spn_sram *)params = spn_sram_default(1 << 16, 64);
}

/* Near square where it may choose: rows x height = columns x width. [M:B11] */
static struct geometry lay_out(const struct spn_sram *p, const struct spn_node *node)
{
    struct geometry g = {.cell_height_m = node->sram_cell_height_F * node->feature_size_m,
                         .cell_width_m = node->sram_cell_width_F * node->feature_size_m};
    double bank_bit = ceil((double)p->capacity_bit / p->banks);
    g.word_mats = ceil(p->word_bit / mat_max_word_bit);
    g.word_bit = ceil(p->word_bit / g.word_mats);
    double slice_words = ceil(bank_bit / (g.word_mats * g.word_bit));
    double wanted = p->rows;
    if (p->rows == 0)
        wanted =
            fmin(sqrt(slice_words * g.word_bit * g.cell_width_m / g.cell_height_m), mat_max_rows);
    double select_max = fmax(floor(mat_max_columns / g.word_bit), 1);
    g.select = fmin(fmax(ceil(slice_words / wanted), 1), select_max);
    double depth = ceil(slice_words / (g.select * (p->rows ? p->rows : mat_max_rows)));
    g.rows = p->rows ? p->rows : ceil(slice_words / (g.select * depth));
    g.columns = g.select * g.word_bit;
    g.mats = depth * g.word_mats * p->banks;
    return g;
}

static double cell_width_m(const struct spn_env *env, double planar_F)
{
    if (env->node->transistor == SPN_TRANSISTOR_PLANAR)
        return planar_F * env->node->feature_size_m;
    return spn_gate_min_width_m(env);
}

/* One pull-down, one pull-up and the access transistor beside the 0 are off with Vdd across.
 * [M:B12] */
static double cell_leakage_W(const struct spn_env *env)
{
    double n_m = spn_gate_channel_m(env, cell_width_m(env, pull_down_F)) +
                 spn_gate_channel_m(env, cell_width_m(env, access_F)),
           p_m = spn_gate_channel_m(env, cell_width_m(env, pull_up_F));
    return env->node->vdd_V * (spn_gate_off_A_per_m(env, SPN_CHANNEL_N) * n_m +
                               spn_gate_off_A_per_m(env, SPN_CHANNEL_P) * p_m);
}

/* Circuits at the foot of the columns: precharge, select, sense, write. [M:B13] */
static void price_columns(const struct spn_logic *logic, const struct spn_sram *p,
                          const struct geometry *g, struct mat *mat)
{
    const struct spn_env *env = logic->env;
    double least_m = spn_gate_min_width_m(env), access_m = cell_width_m(env, access_F);
    double vdd_V = logic->vdd_V, swing = p->read_swing_frac;
    struct spn_wire line = spn_wire_local(env, g->rows * g->cell_height_m);
    line.F += g->rows * bit_line_contact_frac * spn_gate_drain_F(env, SPN_CHANNEL_N, access_m);

    double pull_widths = fmax(g->rows / precharge_rows, 2);
    struct spn_gate pull = spn_gate_inverter(env, 0, pull_widths * spn_gate_min_pmos_m(env));
    struct spn_gate latch =
        spn_gate_inverter(env, sense_widths * least_m, sense_widths * spn_gate_min_pmos_m(env));
    struct spn_chain driver = spn_gate_chain(env, least_m, line.F);
    double select_F = g->select > 1 ? 2 * g->word_bit * logic->transmission.input_F : 0;
    double precharge_F = g->columns * precharge_transistors * pull.input_F;
    double latch_F = latch.input_F + latch.output_F + 2 * latch.input_F; /* and its two switches */
    double cell_ohm = spn_gate_on_ohm(env, SPN_CHANNEL_N, access_m) +
                      spn_gate_on_ohm(env, SPN_CHANNEL_N, cell_width_m(env, pull_down_F));

    mat->access_J += spn_gate_cycle_J(select_F + precharge_F, vdd_V) +
                     g->columns * line.F * swing * vdd_V * vdd_V;
    mat->read_J = g->word_bit * spn_gate_cycle_J(latch_F, vdd_V);
    mat->write_J = g->word_bit * spn_gate_cycle_J((1 - swing) * line.F + driver.internal_F, vdd_V);

    /* Precharge restores the swing while decoding; a written pair is pulled up by its driver. */
    double refill_s = pull.pull_up_ohm * line.F * log(swing / settled_frac);
    mat->open_s = fmax(mat->open_s, refill_s);
    mat->read_s = -log1p(-swing) * spn_wire_elmore_s(cell_ohm, line, 0) +
                  latch.pull_down_ohm * latch_F * log(1 / swing);
    mat->write_s = driver.delay_s + spn_wire_delay_s(0, line, 0) + logic->inverter.delay_s * 2;

    double pass_m2 = g->select > 1 ? 2 * logic->transmission.area_m2 : 0;
    mat->area_m2 += g->columns * (precharge_transistors * pull.area_m2 + pass_m2) +
                    g->word_bit * 2 * (latch.area_m2 + driver.area_m2);
    mat->leakage_W += g->word_bit * 2 * (latch.leakage_W + driver.leakage_W);
}

static enum spn_status price_mat(const struct spn_logic *logic, const struct spn_sram *p,
                                 const struct geometry *g, struct mat *mat, struct spn_err *err)
{
    const struct spn_env *env = logic->env;
    struct spn_wire word = spn_wire_local(env, g->columns * g->cell_width_m);
    word.F += g->columns * 2 * spn_gate_input_F(env, cell_width_m(env, access_F));
    struct spn_decoder lines = {.n_lines = (int)fmax(g->rows, 2),
                                .line_F = word.F,
                                .line_ohm = word.ohm,
                                .pitch_m = g->cell_height_m};
    struct spn_component_cost decoder;
    enum spn_status status = spn_component_decoder.eval(&lines, env, &decoder, err);
    if (status)
        return status;
    double cells = g->rows * g->columns;
    *mat = (struct mat){.access_J = decoder.action[SPN_DECODER_DECODE].energy_J +
                                    spn_gate_cycle_J(word.F, logic->vdd_V),
                        .open_s = decoder.action[SPN_DECODER_DECODE].latency_s,
                        .area_m2 = cells * g->cell_height_m * g->cell_width_m + decoder.area_m2,
                        .leakage_W = cells * cell_leakage_W(env) + decoder.leakage_W};
    price_columns(logic, p, g, mat);
    return SPN_OK;
}

/* Address and data between the port and the mats, which stand in a near-square grid. [M:B14] */
static struct spn_cost price_tree(const struct spn_logic *logic, const struct spn_sram *p,
                                  const struct geometry *g, double mat_area_m2, double *data_J)
{
    *data_J = 0;
    if (g->mats < 2)
        return (struct spn_cost){0};
    double height_m = fmax(g->rows * g->cell_height_m, sqrt(mat_area_m2) / 2);
    double width_m = mat_area_m2 / height_m;
    double across = ceil(sqrt(g->mats * height_m / width_m));
    struct spn_htree tree = {.rows = (int)ceil(g->mats / across),
                             .columns = (int)across,
                             .leaf_height_m = height_m,
                             .leaf_width_m = width_m,
                             .bus_bit = p->word_bit};
    double path_m = spn_htree_path_m(&tree);
    struct spn_repeated_wire wire = spn_wire_repeated(
        logic->env, spn_wire_multiple(logic->env, path_m), SPN_HTREE_TOLERANCE_FRAC);
    double address_bit = spn_logic_log2_ceil((double)p->capacity_bit / p->word_bit);
    double data_toggles = p->word_bit * 2 * p->one_frac * (1 - p->one_frac);
    double wires_m = spn_htree_total_m(&tree) * (p->word_bit + address_bit);
    *data_J = data_toggles * path_m * wire.energy_J_per_m;
    return (struct spn_cost){
        .energy_J =
            (data_toggles + address_bit * SPN_TOGGLE_RANDOM_FRAC) * path_m * wire.energy_J_per_m,
        .latency_s = path_m * wire.delay_s_per_m,
        .area_m2 = wires_m * wire.area_m2_per_m,
        .leakage_W = wires_m * wire.leakage_W_per_m,
    };
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_sram *p = params;
    enum spn_status status = spn_logic_check(&spn_component_sram, params, env, err);
    if (status)
        return status;
    if (p->word_bit > p->capacity_bit)
        return spn_err_set(err, SPN_EINPUT, "sram.word_bit = %d above capacity_bit = %lld",
                           p->word_bit, (long long)p->capacity_bit);
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    struct geometry g = lay_out(p, env->node);
    struct mat mat;
    status = price_mat(&logic, p, &g, &mat, err);
    if (status)
        return status;
    double data_J;
    struct spn_cost tree = price_tree(&logic, p, &g, mat.area_m2, &data_J);
    struct spn_cost read = {.energy_J = g.word_mats * (mat.access_J + mat.read_J) + tree.energy_J,
                            .latency_s = tree.latency_s + mat.open_s + mat.read_s};
    struct spn_cost write = {.energy_J = g.word_mats * (mat.access_J + mat.write_J) + tree.energy_J,
                             .latency_s = tree.latency_s + mat.open_s + mat.write_s};
    *out = (struct spn_component_cost){.area_m2 = g.mats * mat.area_m2 + tree.area_m2,
                                       .leakage_W = g.mats * mat.leakage_W + tree.leakage_W};
    out->action[SPN_SRAM_READ] = spn_logic_action(&logic, read, 1);
    out->action[SPN_SRAM_WRITE] = spn_logic_action(&logic, write, 1);
    out->toggled_J[SPN_SRAM_READ] = out->toggled_J[SPN_SRAM_WRITE] = data_J;
    return SPN_OK;
}

const struct spn_component_type spn_component_sram = {
    .name = "sram",
    .role = "buffer",
    .doc = "6T SRAM buffer",
    .size = sizeof(struct spn_sram),
    .fields = spn_sram_fields,
    .actions = actions,
    .model = "B11-B14",
    .example = example,
    .eval = eval,
};
