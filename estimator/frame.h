/* frame.h -- what the parts of one estimate share. Private to the estimator.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_ESTIMATOR_FRAME_H
#define SPN_ESTIMATOR_FRAME_H

#include "estimator/blocks.h"
#include "estimator/cost.h"
#include "estimator/count.h"
#include "estimator/estimate.h"
#include "estimator/map.h"
#include "estimator/place.h"
#include "estimator/scheme.h"
#include "models/conductance.h"
#include "models/programming.h"

#define SPN_PLAN_MAX_BITS                                                                          \
    8 /* input widths whose moments are kept; wider ones are computed per point */

/* Sums over the slices of an input of `bits` bits cut every `dac_bits`. */
struct spn_input_moments {
    double mean, mean_square; /* of a slice, averaged over slices */
    double toggle;            /* of the lines of a word, 2 p (1 - p) averaged over its bits */
    double serial;            /* of a line that brings a word bit by bit */
};

struct spn_plan_layer {
    bool fused;       /* takes its input straight from its producer */
    bool writes_back; /* its output goes to the global buffer */
    bool needs_error; /* something before it learns */
    double n_in;      /* input elements, all inputs */
    double n_cached;  /* elements of the cache that it reads; and the new ones that it is given to
                         keep */
    double n_kept;
    int matrix; /* number among the layers on arrays, or -1 */
    int stage;  /* of a pipeline; fused layers are in that of their producer */
    int root;   /* that whose results it has or passes on as they are made, or -1 */
    int reader; /* a matrix that takes its results as they are, plus 1; 0 = none */
};

struct spn_plan_matrix {
    int layer;        /* in the network */
    int from;         /* matrix whose results it takes as they come, or -1: from the buffer */
    bool direct_only; /* its results go to such layers alone */
    struct spn_input_moments input[SPN_PLAN_MAX_BITS]
                                  [SPN_PLAN_MAX_BITS]; /* [bits - 1][dac_bits - 1] */
};

struct spn_plan {
    struct spn_plan *products;   /* matrix: products of two activations; NULL without */
    struct spn_plan *transposed; /* matrix: layers that errors pass; NULL without */
    bool uniform;                /* inputs are uniform codes */
    const struct spn_network *net;
    const struct spn_profile *profile;
    int kernel_area, n_matrix;
    struct spn_plan_layer *layer;       /* [net->n_layers] */
    struct spn_plan_matrix *matrix;     /* [n_matrix] */
    double peak_elements, sum_elements; /* activations alive at once; of all layers */
    double cache_elements;              /* of all layers, the new ones included */
    double pipelined_elements;          /* of all layers and the images in between */
    struct spn_blocks_need need;        /* what follows from the network alone */
};

/* Conductances of a cell that follow from the weights' distribution and the coding. */
struct spn_coding_key {
    struct spn_chip_weight weight;
    double on_S, off_S, mask_on_S, mask_off_S;
    int input_bits, dac_bits, scheme, valid;
};

bool spn_coding_same(const struct spn_coding_key *a, const struct spn_coding_key *b);

/* What decides how cells are written. */
struct spn_programming_key {
    struct spn_coding_key coding;
    struct spn_chip_write write;
    struct spn_device_pulse pulse;
    double programming_sd_frac, read_noise_frac;
    int cell;
};

/* One layer on arrays, for the present design point. */
struct spn_matrix_work {
    struct spn_layer_map map;
    struct spn_map_memory map_memory;
    struct spn_layer_counts forward, error;
    struct spn_input_moments input, error_input;
    struct spn_layer_blocks forward_blocks, error_blocks;
    struct spn_layer_conductance cell;              /* that holds a value, and that does not */
    struct spn_programming_count load, load_pruned; /* likewise: to write it once, from erased */
    double sparsity, index_bit, index_entries;      /* of one copy */
    double polarity_bit;                            /* likewise; 0: not kept */
    double hops_in, hops_out, hops_port; /* on a mesh: of inputs, of results, from the buffer */
    double link_bit;                     /* over the busiest link, tile to tile */
    double load_s[3]; /* its part of the critical path of loads: DRAM, bus, writing */
    double own_s, sum_tail_s, most_tail_s; /* in the present phase, for an image: its time; and of
                                              the digital layers until the next, sum and slowest */
    int first, parts; /* load (or chip) that the layer begins on, and how many it takes; 0, 1 if all
                         fits */
};

/* When a layer starts and ends, and which input it waits for. */
struct spn_way {
    double start_s, end_s;    /* of an image that enters at 0 */
    double of_start, of_end;  /* what these weigh in the latest end, on the way back */
    int first_from, end_from; /* inputs that set them; -1: the network's, or (end) its own start */
};

struct spn_workspace {
    struct spn_workspace *products, *transposed; /* of the plan's; their results are this one's;
                                                    the second NULL until it is needed */
    struct spn_chip chip;                        /* of such a part */
    const struct spn_plan *plan;
    struct spn_surroundings around;
    struct spn_map_rules rules;
    struct spn_blocks_need need;
    struct spn_blocks blocks;
    struct spn_coding_key coding;
    struct spn_programming programming; /* of a cell, and what it was computed for */
    struct spn_programming_key programming_key;
    struct spn_matrix_work *matrix;             /* [plan->n_matrix] */
    struct spn_layer_blocks_entry *layer_entry; /* of their blocks */
    struct spn_layer_result *result;            /* [net->n_layers] */
    struct spn_leaf *leaf;
    int leaf_capacity;
    int *copies, *trial, *most;  /* [plan->n_matrix]: of fit.c */
    int *layer_chip, *sent_to;   /* [net->n_layers]: of link.c */
    struct spn_port_group *port; /* [plan->n_matrix]: of traffic.c */
    struct spn_flow *flow;       /* [2 plan->n_matrix] */
    struct spn_way *way;         /* [net->n_layers]: of path.c */
    struct spn_place *place;     /* NULL until tiles are placed one by one */
    double bit_hop, row_major_bit_hop, busiest_bit;
    int n_loads;    /* one after the other; 1 = the weights stay */
    int load_tiles; /* that one of several loads has */
};

struct spn_frame {
    const struct spn_plan *plan;
    const struct spn_chip *chip;
    const struct spn_estimate_options *options;
    const struct spn_scheme_type *scheme;
    const struct spn_index_format *format; /* NULL without index */
    struct spn_workspace *work;
    struct spn_blocks_input in;
    struct spn_cost_tree tree;
    double floor_s;              /* no layer need be faster, while copies are chosen */
    bool direct;                 /* results go from tile to tile */
    bool copies;                 /* its arrays are copies of arrays that are trained */
    double busy_s[SPN_N_BLOCKS]; /* of what all layers share, in the present phase */
};

static inline const struct spn_block *spn_frame_block(const struct spn_frame *f,
                                                      enum spn_block_id id)
{
    return &f->work->blocks.block[id];
}

/* Energy and latency of one action, 0 for a block that the chip has not (spn_block_none). */
static inline const struct spn_cost *spn_frame_action(const struct spn_frame *f,
                                                      enum spn_block_id id, int action)
{
    return &f->work->blocks.block[id].cost.action[action];
}

/* Energy of one of a block's first two actions with data that change more often than random ones by
 * this share (-1: never). [M:N11] */
static inline double spn_frame_data_J(const struct spn_frame *f, enum spn_block_id id, int action,
                                      double more)
{
    const struct spn_block *block = spn_frame_block(f, id);
    return block->n > 0 ? block->cost.action[action].energy_J + more * block->cost.toggled_J[action]
                        : 0;
}

/* A leaf: n actions of a block, of which each costs `unit`; latency_s is its part of the critical
 * path. */
struct spn_frame_item {
    int layer;
    enum spn_phase phase;
    enum spn_category category;
    bool inference;
    const struct spn_block *block;
    double n, unit_J, latency_s;
};
static inline void spn_frame_add(struct spn_frame *f, const struct spn_frame_item *item)
{
    const struct spn_block *block = item->block;
    const double energy_J = item->n * item->unit_J;

    if (!block->type || (energy_J == 0 && item->latency_s == 0)) /* a NaN is kept for the check */
        return;
    struct spn_leaf *leaf = spn_cost_tree_next(&f->tree);
    if (!leaf)
        return;
    leaf->layer = item->layer;
    leaf->component = block->type->name;
    leaf->phase = item->phase;
    leaf->category = item->category;
    leaf->inference = item->inference;
    leaf->n_actions = item->n;
    leaf->n_instances = block->n;
    leaf->cost = (struct spn_cost){.energy_J = energy_J, .latency_s = item->latency_s};
    leaf->model = block->type->model;
    if (item->inference)
        f->work->result[item->layer].energy_J += energy_J;
    else if (item->phase == SPN_PHASE_UPDATE || item->phase == SPN_PHASE_INDEX)
        f->work->result[item->layer].update_energy_J += energy_J;
}
/* The common item with n actions of a block. */
void spn_frame_add_action(struct spn_frame *f, const struct spn_frame_item *common,
                          enum spn_block_id id, int action, double n);

/* estimate.c: rules, scheme and surroundings; counts and blocks of one layer. */
enum spn_status spn_frame_init(struct spn_frame *f, struct spn_err *err);
enum spn_status spn_layer_set(struct spn_frame *f, int matrix, struct spn_err *err);

/* plan.c */
struct spn_input_moments spn_plan_input(const struct spn_plan *plan, int matrix,
                                        const struct spn_chip_input *input);

/* traffic.c: whether results go from tile to tile. */
bool spn_frame_direct(const struct spn_frame *f);
/* Whether a layer's inputs come to its tiles once: from other tiles always, from the buffer with
 * chip.tile.line_buffer. [M:E75] */
bool spn_frame_once(const struct spn_frame *f, int matrix);
/* For that, of a tile's input buffer: the lines of its channels that a window spans. */
double spn_frame_line_bit(const struct spn_frame *f, int matrix);

/* pass.c: one image through one weight layer, forward or back. Returns what it adds to the critical
 * path. */
struct spn_pass {
    int matrix;
    enum spn_phase phase;
    bool transposed; /* columns are driven, rows converted */
    const struct spn_layer_counts *counts;
    const struct spn_block *array, *adc;
    const struct spn_input_moments *input;
};
double spn_pass_add(struct spn_frame *f, const struct spn_pass *pass);

/* digital_layers.c: one image through a layer that is not on arrays (and what a layer on arrays
 * writes back). */
double spn_digital_add(struct spn_frame *f, int layer, enum spn_phase phase);

/* Time to move bits over the bus between tiles and global buffer, and their energy. */
double spn_global_bus_s(const struct spn_frame *f, double bits);
/* One bit over so many hops (on a mesh; any number on an H-tree) to the first of n tiles, and on to
 * the others; latency of the way. */
struct spn_cost spn_global_bit(const struct spn_frame *f, double hops, double n);
/* Its energy with data that change more often than random ones by this share. */
double spn_global_bit_J(const struct spn_frame *f, double hops, double n, double more);
/* Energy of one bit from the root of a tree block to n neighbouring leaves. [M:E14] */
double spn_tree_bit_J(const struct spn_frame *f, enum spn_block_id id, double n);
double spn_buffer_word_s(const struct spn_frame *f, enum spn_block_id id, int action);

#endif
