/* train_net.h -- a network being trained: parameters, gradients, activations, one forward and one
 * backward pass.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Private to the trainer. Work on a batch is cut into parts that depend on shapes alone, never on
 * the number of threads.
 */
#ifndef SPN_SIMULATOR_TRAIN_NET_H
#define SPN_SIMULATOR_TRAIN_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "networks/network.h"
#include "networks/weights.h"
#include "simulator/layers.h"

/* A trained tensor in kernel order, with what the optimiser keeps beside it. */
struct spn_param {
    size_t n;
    float *value, *grad, *first, *second; /* second: Adam only */
    float *seen;      /* what the forward pass uses: quantised, noisy; or `value` itself */
    uint8_t *mask;    /* 1 = kept; matrices only */
    float *written;   /* tuned on the chip: what its cells were last written to, */
    uint32_t *writes; /* and how often; else NULL */
};

struct spn_train_layer {
    struct spn_window window;
    struct spn_param weight, bias;                     /* matrices; gain and offset of batchnorm */
    float *running_mean, *running_var, *mean, *inv_sd; /* batchnorm */
    float *y, *dy;                                     /* [batch][n_out] */
    bool in_place;                                     /* y and dy are those of the input */
    float *coded;    /* inputs of a matrix layer rounded to activation_bits, or NULL */
    float range;     /* running maximum of |input| */
    float sum_range; /* running mean of each batch's largest |sum| before a converter */
    size_t n_in, n_out;
    int channels; /* last dimension in memory */
};

struct spn_train_hardware;

struct spn_train_net {
    const struct spn_network *net;
    int n_layers, batch, n_threads; /* n_layers without a last softmax */
    struct spn_train_layer *layer;
    float *x; /* [batch][n_input], channels-last, filled by the caller */
    size_t n_input;
    float *columns; /* patches of a chunk of images */
    size_t n_columns;
    float **scratch; /* [n_threads] for convolutions */
    double *sums;    /* [parts][2][channels] */
    int activation_bits;
    bool adam;
    const struct spn_train_hardware *hardware; /* or NULL */
    int first_trained;                         /* layer; those before it stay as they are */
    int n_active; /* matrix layers, from the first on, that sit on the chip in the loop */
    float *
        *adc_scratch; /* [n_threads]: patches and sums of a block of positions; NULL without ADC */
    float *item_top;  /* [batch] */
};

/* What a trainer needs to know to allocate. */
struct spn_train_net_config {
    const struct spn_network *net;
    const struct spn_weights *start; /* or NULL: He's normal initialisation [he2015rectifiers] */
    int batch, n_threads, activation_bits;
    bool adam, separate_view; /* separate_view: the forward pass sees other weights than the trained
                                 ones */
    uint64_t seed;
    const struct spn_train_hardware *hardware; /* or NULL; borrowed by the net */
};
enum spn_status spn_train_net_create(struct spn_train_net **net,
                                     const struct spn_train_net_config *config,
                                     struct spn_err *err);
void spn_train_net_destroy(struct spn_train_net *net);

/* y of all layers for the n images in x. training: batch statistics, else running ones. */
void spn_train_forward(struct spn_train_net *net, int n, bool training);
/* Gradients of all parameters from dy of the last layer, which the caller has filled. */
void spn_train_backward(struct spn_train_net *net, int n);

bool spn_train_can(int op);        /* whether it has a backward pass */
enum { SPN_TRAIN_SUM_PARTS = 16 }; /* parts of a batch's statistics */

/* Matrix product of a layer and its gradients, in train_matrix.c. */
void spn_train_matrix_forward(struct spn_train_net *net, int i, int n, bool training);
void spn_train_matrix_backward(struct spn_train_net *net, int i, int n);
size_t spn_train_matrix_columns(const struct spn_window *w,
                                int batch); /* floats of n_columns that it needs */

/* Inputs of layer i: the network's or another layer's; gradient NULL for the network's input. */
const float *spn_train_input(const struct spn_train_net *net, int i, int k);
float *spn_train_input_gradient(const struct spn_train_net *net, int i, int k);

/* Random streams of the trainer, beside the seed. */
enum spn_train_stream {
    SPN_TRAIN_STREAM_INIT = 0x7472,
    SPN_TRAIN_STREAM_ORDER,
    SPN_TRAIN_STREAM_AUGMENT,
    SPN_TRAIN_STREAM_NOISE,
    SPN_TRAIN_STREAM_CELLS,
    SPN_TRAIN_STREAM_STUCK,
    SPN_TRAIN_STREAM_REFERENCE
};

#endif
