/* validate_bridge.c -- from our chip to DNN+NeuroSim's, one difference at a time.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each step takes one thing as the other model has it: copies and padding by counting ours again,
 * a block by its own number. What remains are the parts that both models mean the same way; they
 * are what the last row compares.
 */
#include "explorer/validate_bridge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define UM2 1e-12
#define PJ 1e-12
#define NS 1e-9

enum { KERNEL_AREA = 9 }; /* of the layers that NeuroSim splits by kernel position */

static const char
    copies_area[] = "NeuroSim copies whole layers until its pipeline is balanced, and so has more "
                    "arrays",
    fitted_area[] = "NeuroSim: wiring and sizes of level shifters scaled to one 40 nm macro",
    shifters[] =
        "NeuroSim: three rows of level shifters of tabulated sizes; ours two, as strong as "
        "a write pulse asks",
    rows[] = "NeuroSim: a flip-flop and three transmission gates for each row, and gates on the "
             "columns; ours pass the array's current at a fifth of the voltage",
    muxes[] =
        "NeuroSim's column switches are a quarter of the column's resistance; ours a fifth of "
        "the sum",
    senses[] = "NeuroSim's sense amplifiers are drawn cells; ours are sized from the current",
    adds[] = "NeuroSim adds slices in two steps of different width; ours is one accumulator of the "
             "final width",
    slack[] =
        "NeuroSim's array is a rectangle with empty corners, ours the sum of its parts; SRAM's "
        "write drivers and precharge are in its cells here",
    wires_area[] = "NeuroSim lays out its buses beside the blocks, folded 4 times; ours run above "
                   "them and take repeaters only",
    padding[] = "NeuroSim leaves padded positions out (900 of 1024 vectors, 196 of 256, 36 of 64)",
    fitted_adds[] = "NeuroSim multiplies adders' energy by 0.15 and flip-flops' by 0.5, fitted to "
                    "one 40 nm macro",
    wires_J[] = "NeuroSim toggles inputs in 18 % of the cycles and takes half the chip as every "
                "path; ours are random words through H-trees",
    buffers_J[] = "NeuroSim's buffers are register files without lines, ours SRAM",
    rows_J[] = "NeuroSim clocks a flip-flop per row and read; its mux control is scaled by 0.05",
    current[] = "NeuroSim counts no energy of the cells' current, but in the converters",
    again[] = "NeuroSim charges the word lines anew for each column behind a converter, and no "
              "columns; ours once, and the columns",
    copies_s[] = "NeuroSim's copies of the slowest layer, and no padding",
    buffers_s[] = "NeuroSim moves a layer's words through register files of 32 bits, one a clock, "
                  "while nothing else works; ours are 128 bits and work beside the arrays",
    wires_s[] = "NeuroSim's buses, likewise after one another";

struct sums {
    double cells, rows, shifters, muxes, adc, shift_adds, trees, wires, buffers; /* m2 or J */
};

struct walk {
    const struct spn_bridge *b;
    struct spn_json_at floorplan, chip, layers;
    struct spn_validate_to to;
    const char *quantity, *unit;
    double ours, theirs; /* after the steps so far; the other model's */
    double n_arrays;     /* of the other model */
    struct sums area, energy;
    double lines_J; /* of the arrays, without current through the cells */
    double driven;  /* rows, over all reads that are not of padded positions */
};

static void put(const struct walk *w, const char *step, const char *reason)
{
    struct spn_validate_to to = w->to;
    snprintf(to.group, sizeof to.group, "%.31s", w->b->to->name);
    snprintf(to.name, sizeof to.name, "%s", step);
    spn_validate_put_as(&to, reason, w->quantity, w->unit, w->theirs, w->ours);
}

static void begin(struct walk *w, const char *quantity, const char *unit, double theirs,
                  double ours)
{
    w->quantity = quantity;
    w->unit = unit;
    w->theirs = theirs;
    w->ours = ours;
    put(w, "ours", "as it is");
}

static void step(struct walk *w, const char *name, double change, const char *reason)
{
    w->ours += change;
    put(w, name, reason);
}

static void finish(struct walk *w, const char *what)
{
    spn_validate_put_as(w->b->to, NULL, what, w->unit, w->theirs, w->ours);
}

static bool is(const struct spn_leaf *leaf, const char *component)
{
    return strcmp(leaf->component, component) == 0;
}

static double *place(struct sums *s, const struct spn_leaf *leaf)
{
    switch (leaf->category) {
    case SPN_CATEGORY_ARRAY:
        return is(leaf, "array") ? &s->cells : &s->rows;
    case SPN_CATEGORY_WRITE:
        return &s->shifters;
    case SPN_CATEGORY_ADC:
        return strncmp(leaf->component, "adc", 3) == 0 ? &s->adc : &s->muxes;
    case SPN_CATEGORY_ACCUMULATE:
        return is(leaf, "shift-add") ? &s->shift_adds : &s->trees;
    case SPN_CATEGORY_INTERCONNECT:
        return &s->wires;
    default:
        return &s->buffers;
    }
}

static double list_number(const struct spn_json_at *at, const char *key, int i)
{
    struct spn_json_at list = spn_json_get(at, key), item = spn_json_item(&list, (size_t)i);
    double value = 0;
    return spn_json_number(&item, &value) ? value : 0;
}

static double layer_number(const struct walk *w, int i, const char *key)
{
    struct spn_json_at layer = spn_json_item(&w->layers, (size_t)i);
    return spn_validate_number(&layer, key);
}

/* Layers on arrays, in order: the i-th, or NULL. */
static const struct spn_layer_result *array_layer(const struct walk *w, int i)
{
    const struct spn_result *r = w->b->ours;
    for (int k = 0; k < r->n_layers; k++)
        if (r->layer[k].on_arrays && i-- == 0)
            return &r->layer[k];
    return NULL;
}

/* Output positions with and without padding. */
static void vectors(const struct walk *w, int layer, double *ours, double *theirs)
{
    const struct spn_layer *l = &w->b->ours->net->layer[layer];
    *ours = (double)spn_layer_matrix(l).vectors;
    double side = sqrt(*ours), trimmed = l->op == SPN_OP_CONV2D ? side - (l->kernel[0] - 1) : side;
    *theirs = trimmed * trimmed;
}

/* Share of a leaf's actions that is no padded position. */
static double unpadded(const struct walk *w, const struct spn_leaf *leaf)
{
    double ours = 1, theirs = 1;
    if (leaf->layer >= 0 && w->b->ours->layer[leaf->layer].on_arrays)
        vectors(w, leaf->layer, &ours, &theirs);
    return theirs / ours;
}

static void sum_up(struct walk *w)
{
    const struct spn_result *r = w->b->ours, *dark = w->b->dark;
    for (int i = 0; i < r->n_leaves; i++) {
        const struct spn_leaf *leaf = &r->leaf[i];
        double kept = unpadded(w, leaf);
        if (leaf->phase != SPN_PHASE_FORWARD || leaf->category == SPN_CATEGORY_LEAKAGE)
            continue;
        *place(&w->area, leaf) += leaf->cost.area_m2;
        *place(&w->energy, leaf) += kept * leaf->cost.energy_J;
        w->driven += is(leaf, "driver-wordline") ? kept * leaf->n_actions : 0;
    }
    for (int i = 0; i < dark->n_leaves; i++)
        if (dark->leaf[i].phase == SPN_PHASE_FORWARD && is(&dark->leaf[i], "array"))
            w->lines_J += unpadded(w, &dark->leaf[i]) * dark->leaf[i].cost.energy_J;
}

static double size_of(const struct spn_json_at *floorplan, const char *key)
{
    struct spn_json_at at = spn_json_get(floorplan, key);
    int a = 0, b = 0, n = 1;
    const char *text = at.item ? spn_json_string(&at) : NULL;
    if (!text)
        return 0;
    if (sscanf(text, "%dx%dx%d", &n, &a, &b) != 3) {
        n = 1;
        if (sscanf(text, "%dx%d", &a, &b) != 2)
            return 0;
    }
    return (double)n * a * b;
}

static double count_arrays(const struct walk *w)
{
    double side = w->b->array_side, conventional = size_of(&w->floorplan, "tile_size_CM"),
           kernel = size_of(&w->floorplan, "tile_NM"), n = 0;
    const struct spn_layer_result *layer;
    for (int i = 0; (layer = array_layer(w, i)) != NULL; i++) {
        struct spn_matrix_shape shape = spn_layer_matrix(&w->b->ours->net->layer[layer->layer]);
        bool split =
            kernel > 0 && shape.kernel_positions == KERNEL_AREA && shape.rows >= KERNEL_AREA * side;
        n += list_number(&w->floorplan, "tiles_per_layer", i) * (split ? kernel : conventional);
    }
    return n / side / side;
}

static double block(const struct spn_json_at *array, const char *name)
{
    struct spn_json_at blocks = spn_json_get(array, "blocks"), at = spn_json_get(&blocks, name);
    return at.item ? spn_validate_number(&at, "area_m2") : 0;
}

/* Area of all arrays' blocks of these names in the other model. */
static double theirs_m2(const struct walk *w, const struct spn_json_at *array,
                        const char *const names[])
{
    double sum = 0;
    for (int i = 0; names[i]; i++)
        sum += block(array, names[i]);
    return sum * w->n_arrays;
}

static void put_area(struct walk *w)
{
    static const char *const shifter[] = {"wllevelshifter", "sllevelshifter", "bllevelshifter",
                                          NULL},
                             *const row[] = {"wlDecoder",
                                             "wlNewDecoderDriver",
                                             "wlDecoderDriver",
                                             "wlNewSwitchMatrix",
                                             "wlSwitchMatrix",
                                             "slSwitchMatrix",
                                             NULL},
                             *const mux[] = {"mux", "muxDecoder", NULL},
                             *const adc[] = {"multilevelSenseAmp", "multilevelSAEncoder", "sarADC",
                                             NULL},
                             *const add[] = {"shiftAddWeight", "shiftAddInput", "adder", "dff",
                                             NULL};
    const struct spn_json_at *array = &w->b->array;
    struct spn_json_at totals = spn_json_get(array, "totals");
    double more = w->n_arrays / w->b->ours->n_arrays;
    double fitted = theirs_m2(w, array, shifter) * (1 - theirs_m2(w, &w->b->plain, shifter) /
                                                            theirs_m2(w, &w->b->fitted, shifter));
    struct sums a = w->area;
    begin(w, "area", "m2", UM2 * spn_validate_number(&w->chip, "area_um2"), w->b->ours->area_m2);
    step(w, "as many arrays", (more - 1) * w->b->ours->area_m2, copies_area);
    if (fitted > 0)
        step(w, "its factor on level shifters", fitted, fitted_area);
    step(w, "its level shifters", theirs_m2(w, array, shifter) - fitted - more * a.shifters,
         shifters);
    step(w, "its row switches", theirs_m2(w, array, row) - more * a.rows, rows);
    step(w, "its column muxes", theirs_m2(w, array, mux) - more * a.muxes, muxes);
    step(w, "its converters", theirs_m2(w, array, adc) - more * a.adc, senses);
    step(w, "its shift-adders", theirs_m2(w, array, add) - more * a.shift_adds, adds);
    double rest = spn_validate_number(&totals, "area_m2") * w->n_arrays -
                  theirs_m2(w, array, shifter) - theirs_m2(w, array, row) -
                  theirs_m2(w, array, mux) - theirs_m2(w, array, adc) - theirs_m2(w, array, add);
    step(w, "its cells and corners", rest - more * a.cells, slack);
    step(w, "area of its wires",
         UM2 * spn_validate_number(&w->chip, "area_ic_um2") - more * a.wires, wires_area);
    finish(w, "area, accounted");
}

static double chip_J(const struct walk *w, const char *key)
{
    return PJ * spn_validate_number(&w->chip, key);
}

static double total_J(const struct spn_json_at *array, const char *key)
{
    struct spn_json_at totals = spn_json_get(array, "totals");
    return spn_validate_number(&totals, key);
}

/* The reference's sub-array was read with a quarter of its rows on; ours of the chip are as many as
 * inputs are 1. */
static double word_lines_J(const struct walk *w)
{
    struct spn_json_at config = spn_json_get(&w->b->array, "config");
    double active = spn_validate_number(&config, "active_rows");
    return total_J(&w->b->array, "energyArray_J") * w->driven / active;
}

static void put_energy(struct walk *w)
{
    struct sums e = w->energy;
    double trimmed = e.cells + e.rows + e.shifters + e.muxes + e.adc + e.shift_adds + e.trees +
                     e.wires + e.buffers;
    double accum = chip_J(w, "accum_energy_pJ"), wires = chip_J(w, "ic_energy_pJ"),
           buffers = chip_J(w, "buffer_energy_pJ");
    /* What accumulating would take without the fitted factors, by the reference's own two runs. */
    double unfitted =
        accum * total_J(&w->b->plain, "energyAccum_J") / total_J(&w->b->fitted, "energyAccum_J");
    begin(w, "energy", "J", chip_J(w, "read_dynamic_energy_pJ"), w->b->ours->inference.dynamic_J);
    step(w, "no padding", trimmed - w->ours, padding);
    step(w, "no current through cells", w->lines_J - e.cells, current);
    step(w, "its word lines", word_lines_J(w) - w->lines_J, again);
    step(w, "its adders", unfitted - e.shift_adds - e.trees, adds);
    step(w, "its factors on adders", accum - unfitted, fitted_adds);
    step(w, "its wires", wires - e.wires, wires_J);
    step(w, "its buffers", buffers - e.buffers, buffers_J);
    step(w, "its row switches and muxes",
         chip_J(w, "other_energy_pJ") - wires - buffers - e.rows - e.muxes, rows_J);
    finish(w, "energy, accounted");
}

/* Our time of a layer with the other model's copies. */
static double layer_s(const struct walk *w, int i)
{
    const struct spn_layer_result *l = array_layer(w, i);
    double ours = 1, theirs = 1;
    vectors(w, l->layer, &ours, &theirs);
    double copies = (double)l->copies_in_tile * l->copies;
    double more = fmax(1, list_number(&w->floorplan, "speedup_per_layer", i));
    return l->latency_s * fmax(1, theirs / more) / ceil(ours / copies);
}

static void put_interval(struct walk *w, bool pipelined)
{
    double compute = 0, buffers = 0, wires = 0, slowest = 0;
    for (int i = 0; array_layer(w, i); i++) {
        double s = layer_number(w, i, "read_latency_ns");
        if (pipelined && s < slowest)
            continue;
        slowest = s;
        compute = layer_s(w, i) + (pipelined ? 0 : compute);
        buffers = NS * layer_number(w, i, "buffer_latency_ns") + (pipelined ? 0 : buffers);
        wires = NS * layer_number(w, i, "ic_latency_ns") + (pipelined ? 0 : wires);
    }
    begin(w, "interval", "s", NS * spn_validate_number(&w->chip, "latency_ns"),
          w->b->ours->inference.interval_s);
    step(w, "its slowest layer, its copies", compute - w->ours, copies_s);
    step(w, "its buffers", buffers, buffers_s);
    step(w, "its wires", wires, wires_s);
    finish(w, "interval, accounted");
}

void spn_bridge_put(const struct spn_bridge *b)
{
    struct walk w = {.b = b, .to = *b->to};
    w.to.suite = SPN_VALIDATION_BRIDGE;
    w.floorplan = spn_json_get(&b->results, "floorplan");
    w.chip = spn_json_get(&b->results, "chip");
    w.layers = spn_json_get(&b->results, "layers");
    w.n_arrays = count_arrays(&w);
    sum_up(&w);
    put_area(&w);
    put_energy(&w);
    put_interval(&w, b->pipelined);
}
