/* gate.c -- transistors and static CMOS gates of a node.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Layout: cells of fixed height; a transistor wider than the diffusion strip left for it is folded
 * into fingers, each a contacted poly pitch wide. Drains are the diffusion strips between fingers.
 * FinFETs have whole fins: a drawn width of 2 F stands for one. The constants and closed forms are
 * those that [neurosim14] publishes; equations in docs/MODELS.md, G1-G8.
 */
#include "models/gate.h"

#include <math.h>

/* Standard-cell layout in units of F [neurosim14]. */
#define POLY_F 1.0      /* gate line */
#define DIFFUSION_F 2.8 /* contacted strip between two gates */
#define PITCH_F (POLY_F + DIFFUSION_F)
#define CELL_HEIGHT_F 28.0
#define PN_GAP_F 3.5 /* between N and P diffusion */
#define EDGE_F 3.6   /* rails and edges, both sides: 2 (1 + 0.8) */
#define MIN_WIDTH_F 2.0
#define LN2 0.69314718055994530942

/* Mean over the input states of the off-current of a gate, relative to that of all its parallel
 * transistors being off [neurosim14]. */
#define NAND2_LEAK 0.48
#define NAND3_LEAK 0.31
#define NOR2_LEAK 0.95
#define NOR3_LEAK 0.62

/* Cells of FinFETs and gate-all-around transistors [neurosim14]: height and contacted pitch in F. A
 * node between two rows takes the nearer one's. */
static const struct fin_layout {
    double feature_size_m, cell_height_F, pitch_F;
} fin_layouts[] = {{14e-9, 41.142, 5.571}, {10e-9, 33.0, 6.4}, {7e-9, 34.285, 8.1428},
                   {5e-9, 36.0, 10.2},     {3e-9, 48.0, 16.0}, {2e-9, 57.0, 22.5},
                   {1e-9, 80.0, 40.0}};

struct layout { /* what folding needs, in metres */
    double height_m, pitch_m, diffusion_m;
    double strip_m; /* diffusion height for both polarities together (planar) */
    int fins;       /* most fins, or stacks of sheets, in a finger; 0 for planar */
};

static struct layout layout_of(const struct spn_node *node)
{
    const double f = node->feature_size_m;
    if (node->transistor == SPN_TRANSISTOR_PLANAR)
        return (struct layout){.height_m = CELL_HEIGHT_F * f,
                               .pitch_m = PITCH_F * f,
                               .diffusion_m = DIFFUSION_F * f,
                               .strip_m = (CELL_HEIGHT_F - PN_GAP_F - EDGE_F) * f};
    const struct fin_layout *best = &fin_layouts[0];
    for (size_t i = 1; i < sizeof fin_layouts / sizeof fin_layouts[0]; i++)
        if (fabs(f - fin_layouts[i].feature_size_m) < fabs(f - best->feature_size_m))
            best = &fin_layouts[i];
    return (struct layout){.height_m = best->cell_height_F * f,
                           .pitch_m = best->pitch_F * f,
                           .diffusion_m = best->pitch_F * f - node->gate_length_m,
                           .fins = node->n_fins > 1 ? node->n_fins : 1};
}

/* [M:G1] I(T), linear between tabulated temperatures. */
static double at_temperature(const struct spn_node *node, const double *value, double temperature_K)
{
    const int last = node->n_temperatures - 1;
    if (temperature_K <= node->temperature_K[0])
        return value[0];
    if (temperature_K >= node->temperature_K[last])
        return value[last];
    int i = 0;
    while (temperature_K >= node->temperature_K[i + 1])
        i++;
    const double t = (temperature_K - node->temperature_K[i]) /
                     (node->temperature_K[i + 1] - node->temperature_K[i]);
    return value[i] + t * (value[i + 1] - value[i]);
}

double spn_gate_on_A_per_m(const struct spn_env *env, enum spn_channel channel)
{
    const struct spn_node *n = env->node;
    return at_temperature(n, channel == SPN_CHANNEL_N ? n->nmos_on_A_per_m : n->pmos_on_A_per_m,
                          env->temperature_K);
}

double spn_gate_off_A_per_m(const struct spn_env *env, enum spn_channel channel)
{
    const struct spn_node *n = env->node;
    return at_temperature(n, channel == SPN_CHANNEL_N ? n->nmos_off_A_per_m : n->pmos_off_A_per_m,
                          env->temperature_K);
}

static int n_fins(const struct spn_node *node, double width_m)
{
    /* the margin keeps 2 F, computed elsewhere, from becoming two fins by rounding */
    const double slack = 1e-9;
    return (int)ceil(width_m / (MIN_WIDTH_F * node->feature_size_m) - slack);
}

/* Channel width of one fin, or of one stack of sheets. */
static double unit_channel_m(const struct spn_node *node)
{
    return node->n_sheets > 1 ? node->n_sheets * node->fin_channel_m : node->fin_channel_m;
}

/* Channel width that carries current: the drawn width, or that of whole fins. */
static double channel_m(const struct spn_node *node, double width_m)
{
    if (node->transistor == SPN_TRANSISTOR_PLANAR)
        return width_m;
    return n_fins(node, width_m) * unit_channel_m(node);
}

double spn_gate_channel_m(const struct spn_env *env, double width_m)
{
    return channel_m(env->node, width_m);
}

double spn_gate_drawn_m(const struct spn_env *env, double channel_m)
{
    const double slack = 1e-9; /* a channel of whole fins takes no more than those */
    if (env->node->transistor == SPN_TRANSISTOR_PLANAR)
        return channel_m;
    return ceil(channel_m / unit_channel_m(env->node) - slack) * MIN_WIDTH_F *
           env->node->feature_size_m;
}

double spn_gate_min_width_m(const struct spn_env *env)
{
    return MIN_WIDTH_F * env->node->feature_size_m;
}

double spn_gate_min_pmos_m(const struct spn_env *env)
{
    return spn_gate_min_width_m(env) * env->node->pn_ratio;
}

/* [M:G2] R = k Vdd / (Ion(T) W); k = 1 for a pass gate held on. */
double spn_gate_pass_ohm(const struct spn_env *env, enum spn_channel channel, double width_m)
{
    return env->node->vdd_V / (spn_gate_on_A_per_m(env, channel) * channel_m(env->node, width_m));
}

double spn_gate_on_ohm(const struct spn_env *env, enum spn_channel channel, double width_m)
{
    return env->node->resistance_multiplier * spn_gate_pass_ohm(env, channel, width_m);
}

/* [M:G3] C = (Cideal + Coverlap + Cfringe) W. */
double spn_gate_input_F(const struct spn_env *env, double width_m)
{
    const struct spn_node *n = env->node;
    return (n->gate_ideal_F_per_m + n->gate_overlap_F_per_m + n->gate_fringe_F_per_m) *
           channel_m(n, width_m);
}

struct fingers {
    int n;
    double each_m; /* width of one finger; FinFET: fins in one finger */
};

/* available_m: strip for this polarity (planar). */
static struct fingers fold(const struct spn_node *node, const struct layout *l, double width_m,
                           double available_m)
{
    const double slack = 1e-9; /* a transistor that just fits is not folded */
    struct fingers f = {1, width_m};
    if (node->transistor == SPN_TRANSISTOR_PLANAR) {
        if (width_m > available_m * (1 + slack)) {
            f.n = (int)ceil(width_m / available_m - slack);
            f.each_m = available_m; /* folded diffusion fills its strip [neurosim14] */
        }
        return f;
    }
    const int fins = n_fins(node, width_m);
    f.n = fins > l->fins ? (fins + l->fins - 1) / l->fins : 1;
    f.each_m = fins > 0 ? ceil((double)fins / f.n) : 0;
    return f;
}

/* [M:G4] `strips` drain diffusions, `edges` of whose vertical sides face isolation, fingers gates
 * facing them. */
static double diffusion_F(const struct spn_node *node, const struct layout *l, double finger_m,
                          double strips, double edges, double fingers)
{
    const double length_m = strips * l->diffusion_m;
    if (node->transistor != SPN_TRANSISTOR_PLANAR) { /* finger_m counts fins */
        if (node->drain_total_F_per_m > 0)
            return node->drain_total_F_per_m * unit_channel_m(node) * finger_m * strips;
        return node->junction_F_per_m2 * length_m * node->fin_width_m * finger_m;
    }
    return node->junction_F_per_m2 * length_m * finger_m +
           node->sidewall_F_per_m * (2 * length_m + edges * finger_m) +
           node->drain_channel_F_per_m * fingers * finger_m;
}

/* One transistor, or n in parallel of one finger each: they share every second diffusion strip. */
static double parallel_drain_F(const struct spn_node *node, const struct layout *l,
                               struct fingers f, int n_inputs)
{
    if (f.each_m <= 0)
        return 0;
    if (f.n == 1)
        return diffusion_F(node, l, f.each_m, (n_inputs + 1) / 2, n_inputs % 2, 1);
    /* folded: drains on the outside, as published */
    const int strips = (f.n + 2) / 2;
    return n_inputs * diffusion_F(node, l, f.each_m, strips, 1 + (f.n + 1) % 2, f.n);
}

/* n in series: the output's strip and those between the transistors. */
static double series_drain_F(const struct spn_node *node, const struct layout *l, struct fingers f,
                             int n_inputs)
{
    if (f.each_m <= 0)
        return 0;
    if (f.n == 1)
        return diffusion_F(node, l, f.each_m, n_inputs, 1, 1);
    return parallel_drain_F(node, l, f, n_inputs);
}

/* Strip left to each polarity: all but the edges if alone, else split as the widths are. */
static double strip_m(const struct spn_node *node, const struct layout *l, double width_m,
                      double other_m)
{
    if (other_m <= 0)
        return (CELL_HEIGHT_F - EDGE_F) * node->feature_size_m;
    return l->strip_m * (width_m / (width_m + other_m));
}

double spn_gate_fill(const struct spn_env *env, double wn_m, double wp_m)
{
    const struct layout l = layout_of(env->node);
    if (env->node->transistor == SPN_TRANSISTOR_PLANAR)
        return fmax(l.strip_m / (wn_m + wp_m), 1);
    const int fins_n = n_fins(env->node, wn_m), fins_p = n_fins(env->node, wp_m);
    const int most = fins_n > fins_p ? fins_n : fins_p;
    return most > 0 && l.fins > most ? (double)(l.fins / most) : 1;
}

double spn_gate_least_row_frac(const struct spn_env *env)
{
    if (env->node->transistor != SPN_TRANSISTOR_PLANAR)
        return 1;
    return (PN_GAP_F + EDGE_F + MIN_WIDTH_F * (1 + env->node->pn_ratio)) / CELL_HEIGHT_F;
}

double spn_gate_drain_F(const struct spn_env *env, enum spn_channel channel, double width_m)
{
    (void)channel; /* both are alike in the nodes' data */
    const struct layout l = layout_of(env->node);
    const struct fingers f = fold(env->node, &l, width_m, strip_m(env->node, &l, width_m, 0));
    return parallel_drain_F(env->node, &l, f, 1);
}

struct sizing {
    struct layout l;
    struct fingers n, p;
};

/* Size and area of an n-input gate; both polarities get the fingers that the wider one needs, as
 * they share their gates. [M:G5] */
static struct sizing size_gate(const struct spn_env *env, int n_inputs, double wn_m, double wp_m,
                               struct spn_gate *gate)
{
    const struct spn_node *node = env->node;
    struct sizing s = {.l = layout_of(node)};
    s.n = fold(node, &s.l, wn_m, strip_m(node, &s.l, wn_m, wp_m));
    s.p = fold(node, &s.l, wp_m, strip_m(node, &s.l, wp_m, wn_m));
    const int fingers = s.n.n > s.p.n ? s.n.n : s.p.n;
    gate->height_m = s.l.height_m;
    gate->width_m = n_inputs * (fingers + 1) * s.l.pitch_m;
    if (fingers == 1)
        gate->width_m -= (n_inputs - 1) * s.l.pitch_m;
    gate->area_m2 = gate->height_m * gate->width_m;
    gate->input_F = spn_gate_input_F(env, wn_m) + spn_gate_input_F(env, wp_m);
    gate->pull_down_ohm = wn_m > 0 ? spn_gate_on_ohm(env, SPN_CHANNEL_N, wn_m) : INFINITY;
    gate->pull_up_ohm = wp_m > 0 ? spn_gate_on_ohm(env, SPN_CHANNEL_P, wp_m) : INFINITY;
    return s;
}

/* [M:G6] Leakage of a transistor that is off at the supply. */
static double off_W(const struct spn_env *env, enum spn_channel channel, double width_m)
{
    return spn_gate_off_A_per_m(env, channel) * channel_m(env->node, width_m) * env->node->vdd_V;
}

struct spn_gate spn_gate_inverter(const struct spn_env *env, double wn_m, double wp_m)
{
    struct spn_gate g;
    const struct sizing s = size_gate(env, 1, wn_m, wp_m, &g);
    g.output_F =
        parallel_drain_F(env->node, &s.l, s.n, 1) + parallel_drain_F(env->node, &s.l, s.p, 1);
    g.leakage_W = (off_W(env, SPN_CHANNEL_N, wn_m) + off_W(env, SPN_CHANNEL_P, wp_m)) / 2;
    return g;
}

struct spn_gate spn_gate_nand(const struct spn_env *env, int n_inputs, double wn_m, double wp_m)
{
    struct spn_gate g;
    const struct sizing s = size_gate(env, n_inputs, wn_m, wp_m, &g);
    g.output_F = series_drain_F(env->node, &s.l, s.n, n_inputs) +
                 parallel_drain_F(env->node, &s.l, s.p, n_inputs);
    g.leakage_W =
        (n_inputs == 2 ? NAND2_LEAK : NAND3_LEAK) * n_inputs * off_W(env, SPN_CHANNEL_P, wp_m);
    g.pull_down_ohm *= n_inputs;
    return g;
}

struct spn_gate spn_gate_nor(const struct spn_env *env, int n_inputs, double wn_m, double wp_m)
{
    struct spn_gate g;
    const struct sizing s = size_gate(env, n_inputs, wn_m, wp_m, &g);
    g.output_F = parallel_drain_F(env->node, &s.l, s.n, n_inputs) +
                 series_drain_F(env->node, &s.l, s.p, n_inputs);
    g.leakage_W =
        (n_inputs == 2 ? NOR2_LEAK : NOR3_LEAK) * n_inputs * off_W(env, SPN_CHANNEL_N, wn_m);
    g.pull_up_ohm *= n_inputs;
    return g;
}

/* Both transistors side by side over the cell's edges; leaks only between its own two sides, which
 * the caller knows, so leakage is 0. */
struct spn_gate spn_gate_transmission(const struct spn_env *env, double wn_m, double wp_m)
{
    struct spn_gate g;
    const struct sizing s = size_gate(env, 1, wn_m, wp_m, &g);
    g.output_F =
        parallel_drain_F(env->node, &s.l, s.n, 1) + parallel_drain_F(env->node, &s.l, s.p, 1);
    g.leakage_W = 0;
    const double n_S = 1 / spn_gate_pass_ohm(env, SPN_CHANNEL_N, wn_m);
    const double p_S = 1 / spn_gate_pass_ohm(env, SPN_CHANNEL_P, wp_m);
    g.pull_down_ohm = g.pull_up_ohm = 1 / (n_S + p_S);
    return g;
}

struct spn_gate spn_gate_min_inverter(const struct spn_env *env)
{
    return spn_gate_inverter(env, spn_gate_min_width_m(env), spn_gate_min_pmos_m(env));
}

/* Series transistors twice as wide, so that the stack drives like one. */
struct spn_gate spn_gate_min_nand2(const struct spn_env *env)
{
    return spn_gate_nand(env, 2, 2 * spn_gate_min_width_m(env), spn_gate_min_pmos_m(env));
}

struct spn_gate spn_gate_min_nor2(const struct spn_env *env)
{
    return spn_gate_nor(env, 2, spn_gate_min_width_m(env), 2 * spn_gate_min_pmos_m(env));
}

/* [M:G7] t = tau sqrt(ln(1/2)^2 + 2 alpha b (1 - 1/2)), alpha = 1/(ramp tau), b = 1/2
 * [horowitz1983]; ramp out = (1/2)/t. */
double spn_gate_horowitz_s(double tau_s, double ramp_in_per_s, double *ramp_out_per_s)
{
    const double switch_frac = 0.5, slope_b = 0.5;
    if (!(tau_s > 0)) {
        if (ramp_out_per_s)
            *ramp_out_per_s = SPN_GATE_STEP;
        return 0;
    }
    const double alpha = 1 / (ramp_in_per_s * tau_s);
    const double t = tau_s * sqrt(LN2 * LN2 + 2 * alpha * slope_b * (1 - switch_frac));
    if (ramp_out_per_s)
        *ramp_out_per_s = (1 - switch_frac) / t;
    return t;
}

/* [M:G8] Equal stage effort h = (C_load/C_in)^(1/N), N = the whole number nearest to log_4 of the
 * path effort [sutherland1999]: least delay with the inverter's own drain load. */
static struct spn_chain chain_of(const struct spn_env *env, double first_width_m, double load_F,
                                 int n_stages, double taper)
{
    struct spn_chain c = {.n_stages = n_stages};
    double width_m = first_width_m, ramp = SPN_GATE_STEP;
    struct spn_gate stage = spn_gate_inverter(env, width_m, width_m * env->node->pn_ratio);
    c.input_F = stage.input_F;
    for (int i = 0; i < n_stages; i++) {
        struct spn_gate next = stage;
        double next_F = load_F;
        if (i + 1 < n_stages) {
            width_m *= taper;
            next = spn_gate_inverter(env, width_m, width_m * env->node->pn_ratio);
            next_F = next.input_F;
            c.internal_F += next_F;
        }
        c.internal_F += stage.output_F;
        c.area_m2 += stage.area_m2;
        c.leakage_W += stage.leakage_W;
        c.drive_ohm =
            stage.pull_down_ohm > stage.pull_up_ohm ? stage.pull_down_ohm : stage.pull_up_ohm;
        c.delay_s += spn_gate_horowitz_s(c.drive_ohm * (stage.output_F + next_F), ramp, &ramp);
        stage = next;
    }
    return c;
}

#define MAX_STAGES 12 /* 4^12 times the first inverter */

static int n_stages_for(double effort)
{
    const double log2_4 = 2;
    const double n = effort > 1 ? log2(effort) / log2_4 : 1;
    return n < 1 ? 1 : n > MAX_STAGES ? MAX_STAGES : (int)lround(n);
}

struct spn_chain spn_gate_chain(const struct spn_env *env, double first_width_m, double load_F)
{
    return spn_gate_chain_strong(env, first_width_m, load_F, INFINITY);
}

struct spn_chain spn_gate_chain_strong(const struct spn_env *env, double first_width_m,
                                       double load_F, double max_ohm)
{
    const double first_F = spn_gate_input_F(env, first_width_m) +
                           spn_gate_input_F(env, first_width_m * env->node->pn_ratio);
    double effort = load_F / first_F;
    int n = n_stages_for(effort);
    double taper = effort > 1 ? exp(log(effort) / n) : 1;
    /* the last stage's width is first * taper^(n-1) */
    const double first_ohm =
        fmax(spn_gate_on_ohm(env, SPN_CHANNEL_N, first_width_m),
             spn_gate_on_ohm(env, SPN_CHANNEL_P, first_width_m * env->node->pn_ratio));
    double last = 1;
    for (int i = 1; i < n; i++)
        last *= taper;
    if (first_ohm > max_ohm * last) {
        const double needed = first_ohm / max_ohm;
        n = n_stages_for(needed) + 1;
        taper = exp(log(needed) / (n - 1));
    }
    return chain_of(env, first_width_m, load_F, n, taper);
}
