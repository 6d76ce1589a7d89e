/* accuracy.h -- simulated accuracy of design points: each class of designs once, whoever asks.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Many designs differ only in inputs that the simulated network never sees (clock, buses, buffers,
 * ...). Designs that agree in all others form a class and have the same accuracy [M:X8]. A space
 * asks for accuracy by naming it among its columns, objectives or expressions; its section
 * "accuracy" says how it is simulated:
 *
 *     "accuracy": {"fidelity": "device", "images": 500, "calibration": 32, "seed": 1,
 *                  "bound": "float", "resolution": 0.002, "dataset": "mnist", "data": "/data"}
 */
#ifndef SPN_EXPLORER_ACCURACY_H
#define SPN_EXPLORER_ACCURACY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "explorer/space.h"
#include "tech/chip.h"

enum spn_accuracy_bound {
    SPN_BOUND_FLOAT, /* the accuracy in floating point on the same images; noise may exceed it */
    SPN_BOUND_ONE    /* 1: certain, and spares little */
};

struct spn_accuracy_options {
    int fidelity; /* enum spn_fidelity */
    int images, calibration;
    double seed;       /* a whole number */
    double resolution; /* differences up to this are none: see explorer/lazy.h */
    int bound;         /* enum spn_accuracy_bound: what no design is believed to exceed */
    bool estimate_ir_drop;
    char dataset[64], data[SPN_MAX_PATH]; /* "": the network's; none */
};
extern const struct spn_field spn_accuracy_fields[];
struct spn_accuracy_options spn_accuracy_options_default(void);

/* Whether the space asks for accuracy, and how many classes its designs form. */
bool spn_space_simulated(const struct spn_space *space);
const struct spn_accuracy_options *spn_space_accuracy(const struct spn_space *space);
int64_t spn_space_n_classes(const struct spn_space *space);
int64_t spn_space_class(const struct spn_space *space, const int digit[SPN_SPACE_MAX_AXES]);
/* Values of this axis make designs of different classes. */
bool spn_space_axis_matters(const struct spn_space *space, int axis);
/* A column that needs the accuracy: itself, or derived from it. */
bool spn_space_column_simulated(const struct spn_space *space, int column);
/* Nothing at this path ("chip.clock_Hz") changes what the simulator computes. */
bool spn_accuracy_blind(const char *path);

/* Where accuracies are simulated and remembered; shared by threads. */
struct spn_lab;

/* save (may be NULL) is called, by one thread at a time, with each class that was simulated. */
struct spn_lab_options {
    int n_threads; /* of one simulation: 1 where several are asked for at once */
    enum spn_status (*save)(void *ctx, int64_t class_number, double accuracy, struct spn_err *err);
    void *ctx;
};
/* The space must ask for accuracy. Weights and images are loaded when first needed. */
enum spn_status spn_lab_create(struct spn_lab **lab, const struct spn_space *space,
                               const struct spn_lab_options *options, struct spn_err *err);
void spn_lab_destroy(struct spn_lab *lab);

/* Is the accuracy of a class known? Then *accuracy. */
bool spn_lab_known(struct spn_lab *lab, int64_t class_number, double *accuracy);
/* What is known from before, e.g. from a store. SPN_EINTERNAL without memory. */
enum spn_status spn_lab_tell(struct spn_lab *lab, int64_t class_number, double accuracy,
                             struct spn_err *err);
/* Known, or simulated now with this chip and network (plan: number of the space's network). A
 * second thread that asks for the same class waits. */
enum spn_status spn_lab_accuracy(struct spn_lab *lab, int64_t class_number, int plan,
                                 const struct spn_chip *chip, double *accuracy,
                                 struct spn_err *err);
/* What no design with this network and scheme is believed to exceed. */
enum spn_status spn_lab_bound(struct spn_lab *lab, int plan, int scheme, double *bound,
                              struct spn_err *err);
int64_t spn_lab_n_simulated(struct spn_lab *lab);

#endif
