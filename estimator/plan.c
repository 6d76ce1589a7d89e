/* plan.c -- what follows from a network alone, worked out once: who feeds whom, and the moments of
 * inputs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdlib.h>

#include "estimator/frame.h"

/* Leaves of one layer at most: forward 24, error 24, gradient 8, update 2 x 14, index 10, load 14,
 * link 2, and the write-back. */
#define LEAVES_PER_LAYER 128
#define LEAVES_OF_CHIP 192

static bool is_shape_only(int op)
{
    return op == SPN_OP_RESHAPE || op == SPN_OP_FLATTEN || op == SPN_OP_TOKENS ||
           op == SPN_OP_BATCHNORM;
}

/* Works on results as they come. */
static bool is_streaming(int op)
{
    return is_shape_only(op) || op == SPN_OP_RELU || op == SPN_OP_GELU || op == SPN_OP_SILU ||
           op == SPN_OP_SIGMOID || op == SPN_OP_TANH || op == SPN_OP_MAXPOOL2D ||
           op == SPN_OP_AVGPOOL2D || op == SPN_OP_GLOBAL_AVGPOOL || op == SPN_OP_GLOBAL_MAXPOOL;
}

/* Images whose copy of a result is alive at once in a pipeline: those in the stages from its own to
 * the last that reads it, e.g. 2 between neighbours, more for shortcuts. [M:E13] */
static double buffers_of(const struct spn_plan *plan, const int *last_use, int layer)
{
    int own = layer >= 0 ? plan->layer[layer].stage : 0, last = last_use[layer + 1];
    int until = last > layer && last >= 0 ? plan->layer[last].stage : own;

    return until > own ? until - own + 1 : 2;
}

/* In-flight activations: outputs live until their last consumer. */
static void set_elements(struct spn_plan *plan, const int *last_use)
{
    const struct spn_network *net = plan->net;
    double live = (double)spn_shape_size(&net->input), peak = live;

    plan->sum_elements = live;
    plan->pipelined_elements = live * buffers_of(plan, last_use, SPN_NETWORK_INPUT);
    for (int i = 0; i < net->n_layers; i++) {
        live += (double)net->layer[i].n_out;
        peak = live > peak ? live : peak;
        if (plan->layer[i].writes_back) {
            plan->sum_elements += (double)net->layer[i].n_out;
            plan->pipelined_elements += (double)net->layer[i].n_out * buffers_of(plan, last_use, i);
        }
        for (int k = 0; k < net->layer[i].n_in; k++) {
            int from = net->layer[i].in[k];
            bool again = false;
            for (int j = 0; j < k; j++)
                again = again || net->layer[i].in[j] == from;
            if (!again && last_use[from + 1] == i)
                live -=
                    from < 0 ? (double)spn_shape_size(&net->input) : (double)net->layer[from].n_out;
        }
    }
    plan->peak_elements = peak;
}

static int larger_int(int a, int b)
{
    return a > b ? a : b;
}

static void set_need(struct spn_blocks_need *need, const struct spn_layer *layer)
{
    int last = layer->out_shape.n > 0 ? layer->out_shape.dim[layer->out_shape.n - 1] : 1;
    int64_t window =
        layer->op == SPN_OP_MAXPOOL2D || layer->op == SPN_OP_AVGPOOL2D
            ? (int64_t)layer->kernel[0] * layer->kernel[1]
            : spn_shape_size(&layer->in_shape[0]) / (layer->n_out > 0 ? layer->n_out : 1);

    switch (layer->op) {
    case SPN_OP_RELU:
        need->relu = true;
        break;
    case SPN_OP_GELU:
    case SPN_OP_SILU:
    case SPN_OP_SIGMOID:
    case SPN_OP_TANH:
        need->table = true;
        break;
    case SPN_OP_MAXPOOL2D:
    case SPN_OP_AVGPOOL2D:
    case SPN_OP_GLOBAL_AVGPOOL:
    case SPN_OP_GLOBAL_MAXPOOL:
        need->max_window = larger_int(need->max_window, window > 0 ? (int)window : 1);
        break;
    case SPN_OP_SOFTMAX:
        need->max_softmax = larger_int(need->max_softmax, last);
        break;
    case SPN_OP_LAYERNORM:
    case SPN_OP_RMSNORM:
        need->max_norm = larger_int(need->max_norm, last);
        break;
    case SPN_OP_ADD:
    case SPN_OP_MUL:
    case SPN_OP_POSITION:
    case SPN_OP_ROTARY:
        need->elementwise = true;
        break;
    case SPN_OP_MATMUL:
        need->dynamic_mac = true;
        break;
    case SPN_OP_EMBEDDING:
        need->dram = true;
        break;
    default:
        break;
    }
}

/* Consumers and order of the graph. */
static enum spn_status set_graph(struct spn_plan *plan, struct spn_err *err)
{
    const struct spn_network *net = plan->net;
    size_t n = (size_t)net->n_layers + 1; /* [0] is the network's input */
    int *uses = calloc(n, sizeof *uses), *last_use = calloc(n, sizeof *last_use);
    bool *learns = calloc(n, sizeof *learns);
    int stage = 0;
    enum spn_status status = SPN_OK;

    if (!uses || !last_use || !learns) {
        status = spn_err_memory(err, "plan");
        goto out;
    }
    for (int i = 0; i < net->n_layers; i++) {
        for (int k = 0; k < net->layer[i].n_in; k++) {
            uses[net->layer[i].in[k] + 1]++;
            last_use[net->layer[i].in[k] + 1] = i;
        }
    }
    for (int i = 0; i < net->n_layers; i++) {
        const struct spn_layer *layer = &net->layer[i];
        struct spn_plan_layer *p = &plan->layer[i];
        p->matrix = spn_layer_is_matrix(layer) ? plan->n_matrix++ : -1;
        p->writes_back = true;
        for (int k = 0; k < layer->n_in; k++) {
            int from = layer->in[k];
            p->n_in +=
                from < 0 ? (double)spn_shape_size(&net->input) : (double)net->layer[from].n_out;
            p->needs_error = p->needs_error || learns[from + 1];
        }
        if (layer->op == SPN_OP_MATMUL && layer->cache > 0) {
            p->n_cached = (double)layer->cache * layer->in_shape[1].dim[1];
            p->n_kept = (double)layer->in_shape[1].dim[0] * layer->in_shape[1].dim[1];
            plan->cache_elements += p->n_cached + p->n_kept;
        }
        learns[i + 1] = p->needs_error || p->matrix >= 0;
        int from = layer->n_in == 1 ? layer->in[0] : SPN_NETWORK_INPUT;
        p->fused = from >= 0 && is_streaming(layer->op) && uses[from + 1] == 1;
        if (p->fused)
            plan->layer[from].writes_back = false;
        bool beside = p->fused || is_shape_only(layer->op); /* no stage of its own */
        p->stage = beside ? (from >= 0 ? plan->layer[from].stage : stage) : ++stage;
        set_need(&plan->need, layer);
    }
    set_elements(plan, last_use);
out:
    free(uses);
    free(last_use);
    free(learns);
    return status;
}

/* Of one read; signed words move once, as sign and magnitude, whose bits are 1 where those of
 * either read are. */
static struct spn_input_moments moments_of(const struct spn_layer_profile *profile, int bits,
                                           int dac_bits, bool is_signed)
{
    struct spn_input_moments sum = {0};
    int n = 0;

    for (int first = 0; first < bits; first += dac_bits, n++) {
        struct spn_moments m = spn_profile_input_digit(
            profile, bits, first, first + dac_bits > bits ? bits - first : dac_bits);
        sum.mean += m.mean;
        sum.mean_square += m.mean_square;
    }
    sum.mean /= n;
    sum.mean_square /= n;
    for (int bit = 0; bit < bits; bit++) { /* [M:N11] */
        double p = (is_signed ? 2 : 1) * spn_profile_input_bit(profile, bits, bit);
        p = p < 1 ? p : 1;
        sum.toggle += 2 * p * (1 - p) / bits;
    }
    sum.serial = spn_profile_serial_toggle(profile, bits);
    return sum;
}

struct spn_input_moments spn_plan_input(const struct spn_plan *plan, int matrix,
                                        const struct spn_chip_input *input)
{
    const struct spn_plan_matrix *m = &plan->matrix[matrix];
    int dac = input->dac_bits < input->bits ? input->dac_bits : input->bits;
    double steps = exp2(dac) - 1;

    if (plan->uniform) /* [M:E9] */
        return (struct spn_input_moments){0.5, (2 * steps + 1) / (6 * steps), 0.5, 0.5};
    if (input->bits <= SPN_PLAN_MAX_BITS)
        return m->input[input->bits - 1][dac - 1];
    return moments_of(&plan->profile->layer[m->layer], input->bits, dac,
                      plan->net->layer[m->layer].signed_in);
}

static void set_matrix(struct spn_plan *plan)
{
    for (int i = 0; i < plan->net->n_layers; i++) {
        if (plan->layer[i].matrix < 0)
            continue;
        struct spn_plan_matrix *m = &plan->matrix[plan->layer[i].matrix];
        m->layer = i;
        for (int bits = 1; bits <= SPN_PLAN_MAX_BITS; bits++)
            for (int dac = 1; dac <= bits; dac++)
                m->input[bits - 1][dac - 1] =
                    moments_of(&plan->profile->layer[i], bits, dac, plan->net->layer[i].signed_in);
    }
}

/* Whose results are the inputs of a layer on arrays, as they are or only arranged differently. */
static void set_readers(struct spn_plan *plan)
{
    for (int m = plan->n_matrix - 1; m >= 0; m--) {
        const struct spn_layer *layer = &plan->net->layer[plan->matrix[m].layer];
        while (layer->n_in == 1 && layer->in[0] >= 0) {
            int from = layer->in[0];
            plan->layer[from].reader = m + 1;
            layer = &plan->net->layer[from];
            if (!is_shape_only(layer->op))
                break;
        }
    }
}

/* The layer on arrays whose results each layer has or passes on as they are made, through fused
 * layers only; and who takes them. */
static void set_direct(struct spn_plan *plan)
{
    const struct spn_network *net = plan->net;

    for (int i = 0; i < net->n_layers; i++) {
        struct spn_plan_layer *p = &plan->layer[i];
        int first = net->layer[i].n_in > 0 ? net->layer[i].in[0] : SPN_NETWORK_INPUT;
        int before = first >= 0 ? plan->layer[first].root : -1;
        p->root = p->matrix >= 0 ? p->matrix : p->fused ? before : -1;
        if (p->matrix >= 0)
            plan->matrix[p->matrix].from = before;
        if (p->matrix >= 0 && before >= 0)
            plan->matrix[before].direct_only = true;
    }
    /* Anything else that reads them takes them from the buffer. */
    for (int i = 0; i < net->n_layers; i++)
        for (int k = 0; k < net->layer[i].n_in; k++) {
            int from = net->layer[i].in[k], root = from >= 0 ? plan->layer[from].root : -1;
            if (root >= 0 && plan->layer[i].root < 0)
                plan->matrix[root].direct_only = false;
        }
}

/* Products of two activations as a plan of their own. */
static enum spn_status set_products(struct spn_plan *plan, struct spn_err *err)
{
    const struct spn_network *net = plan->net;
    struct spn_plan *own;
    int n = 0;

    for (int i = 0; i < net->n_layers; i++)
        n += net->layer[i].op == SPN_OP_MATMUL;
    if (n == 0)
        return SPN_OK;
    own = plan->products = calloc(1, sizeof *own);
    if (!own)
        return spn_err_memory(err, "plan");
    own->net = net;
    own->profile = plan->profile;
    own->layer = calloc((size_t)net->n_layers + 1, sizeof *own->layer);
    own->matrix = calloc((size_t)n + 1, sizeof *own->matrix);
    if (!own->layer || !own->matrix)
        return spn_err_memory(err, "plan");
    for (int i = 0; i < net->n_layers; i++)
        own->layer[i].matrix = net->layer[i].op == SPN_OP_MATMUL ? own->n_matrix++ : -1;
    set_matrix(own);
    for (int m = 0; m < n; m++)
        own->matrix[m].from = -1;
    return SPN_OK;
}

/* Layers that errors pass as a plan of their own. */
static enum spn_status set_transposed(struct spn_plan *plan, struct spn_err *err)
{
    const struct spn_network *net = plan->net;
    struct spn_plan *own;
    int n = 0;

    for (int i = 0; i < net->n_layers; i++)
        n += plan->layer[i].matrix >= 0 && plan->layer[i].needs_error;
    if (n == 0)
        return SPN_OK;
    own = plan->transposed = calloc(1, sizeof *own);
    if (!own)
        return spn_err_memory(err, "plan");
    own->net = net;
    own->profile = plan->profile;
    own->uniform = true;
    own->layer = calloc((size_t)net->n_layers + 1, sizeof *own->layer);
    own->matrix = calloc((size_t)n + 1, sizeof *own->matrix);
    if (!own->layer || !own->matrix)
        return spn_err_memory(err, "plan");
    for (int i = 0; i < net->n_layers; i++) {
        bool passed = plan->layer[i].matrix >= 0 && plan->layer[i].needs_error;
        own->layer[i].matrix = passed ? own->n_matrix : -1;
        if (!passed)
            continue;
        own->matrix[own->n_matrix].layer = i;
        own->matrix[own->n_matrix++].from = -1;
    }
    return SPN_OK;
}

enum spn_status spn_plan_create(struct spn_plan **out, const struct spn_network *net,
                                const struct spn_profile *profile, struct spn_err *err)
{
    struct spn_plan *plan = calloc(1, sizeof *plan);
    enum spn_status status = SPN_OK;

    if (!plan)
        return spn_err_memory(err, "plan");
    plan->net = net;
    plan->profile = profile;
    if (profile->n_layers != net->n_layers) {
        status = spn_err_set(err, SPN_EINTERNAL, "profile of %d layers for network %s of %d",
                             profile->n_layers, net->name, net->n_layers);
        goto out;
    }
    plan->layer = calloc((size_t)net->n_layers + 1, sizeof *plan->layer);
    if (!plan->layer) {
        status = spn_err_memory(err, "plan");
        goto out;
    }
    plan->kernel_area = spn_map_kernel_area(net);
    status = set_graph(plan, err);
    if (status)
        goto out;
    plan->matrix = calloc((size_t)plan->n_matrix + 1, sizeof *plan->matrix);
    if (!plan->matrix) {
        status = spn_err_memory(err, "plan");
        goto out;
    }
    set_matrix(plan);
    set_readers(plan);
    set_direct(plan);
    status = set_products(plan, err);
    if (!status)
        status = set_transposed(plan, err);
    if (status)
        goto out;
    *out = plan;
    plan = NULL;
out:
    spn_plan_destroy(plan);
    return status;
}

void spn_plan_destroy(struct spn_plan *plan)
{
    if (!plan)
        return;
    spn_plan_destroy(plan->products);
    spn_plan_destroy(plan->transposed);
    free(plan->layer);
    free(plan->matrix);
    free(plan);
}

static enum spn_status create_memory(struct spn_workspace *work, int n_matrix, struct spn_err *err)
{
    const int n_sets = spn_layer_blocks_sets(n_matrix), n = n_sets * SPN_MEMORY_WAYS;

    work->layer_entry = calloc(2 * (size_t)(n_matrix + 1) * (size_t)n, sizeof *work->layer_entry);
    if (!work->layer_entry)
        return spn_err_memory(err, "workspace");
    for (int i = 0; i < n_matrix; i++) {
        struct spn_layer_blocks_entry *entry = work->layer_entry + 2 * (size_t)i * (size_t)n;
        work->matrix[i].forward_blocks =
            (struct spn_layer_blocks){.entry = entry, .n_sets = n_sets};
        work->matrix[i].error_blocks =
            (struct spn_layer_blocks){.entry = entry + n, .n_sets = n_sets};
    }
    return spn_blocks_create(&work->blocks, err);
}

enum spn_status spn_workspace_create(struct spn_workspace **out, const struct spn_plan *plan,
                                     struct spn_err *err)
{
    struct spn_workspace *work = calloc(1, sizeof *work);
    enum spn_status status = SPN_OK;

    if (!work)
        return spn_err_memory(err, "workspace");
    work->plan = plan;
    work->leaf_capacity =
        LEAVES_OF_CHIP + LEAVES_PER_LAYER * plan->n_matrix + 16 * plan->net->n_layers;
    work->leaf = calloc((size_t)work->leaf_capacity, sizeof *work->leaf);
    work->matrix = calloc((size_t)plan->n_matrix + 1, sizeof *work->matrix);
    work->result = calloc((size_t)plan->net->n_layers + 1, sizeof *work->result);
    size_t n_matrix = (size_t)plan->n_matrix + 1, n_layers = (size_t)plan->net->n_layers + 1;
    work->copies = calloc(3 * n_matrix, sizeof *work->copies);
    work->layer_chip = calloc(2 * n_layers, sizeof *work->layer_chip);
    work->port = calloc(n_matrix, sizeof *work->port);
    work->flow = calloc(2 * n_matrix, sizeof *work->flow);
    work->way = calloc(n_layers, sizeof *work->way);
    if (!work->leaf || !work->matrix || !work->result || !work->copies || !work->layer_chip ||
        !work->port || !work->flow || !work->way) {
        status = spn_err_memory(err, "workspace");
        goto out;
    }
    status = create_memory(work, plan->n_matrix, err);
    if (status)
        goto out;
    if (plan->products) {
        status = spn_workspace_create(&work->products, plan->products, err);
        if (status)
            goto out;
        free(work->products->result); /* its results are ours */
        work->products->result = NULL;
    }
    work->trial = work->copies + n_matrix;
    work->most = work->trial + n_matrix;
    work->sent_to = work->layer_chip + n_layers;
    *out = work;
    work = NULL;
out:
    spn_workspace_destroy(work);
    return status;
}

void spn_workspace_destroy(struct spn_workspace *work)
{
    if (!work)
        return;
    if (work->products)
        work->products->result = NULL;
    if (work->transposed)
        work->transposed->result = NULL;
    spn_workspace_destroy(work->products);
    spn_workspace_destroy(work->transposed);
    spn_blocks_destroy(&work->blocks);
    free(work->layer_entry);
    free(work->leaf);
    free(work->matrix);
    free(work->result);
    free(work->copies);
    free(work->layer_chip);
    free(work->port);
    free(work->flow);
    free(work->way);
    spn_place_destroy(work->place);
    free(work);
}
