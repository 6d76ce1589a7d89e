/* core.h -- the analog core: one weight matrix programmed into arrays, multiplied bit-serially
 * through ADCs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A matrix of signed weight codes is cut into digits (cells), cut into arrays of at most `rows`
 * rows, and programmed. A product drives `dac_bits` of every input at a time onto `rows_read` rows,
 * digitises each column's sum (or the difference to its pair or reference column) with the ADC, and
 * adds the codes shifted by their digit's and input slice's weight. Sums are integers (conductances
 * are held as fixed-point codes, see core.c), so results do not depend on threads, batch order or
 * instruction set.
 *
 *     spn_core_create(&core, &config, weights, NULL, err);
 *     spn_core_calibrate(core, x, n);                       // only for SPN_RANGE_CALIBRATED
 *     spn_core_multiply(core, x, n, y, scratch, first_read);
 */
#ifndef SPN_SIMULATOR_CORE_H
#define SPN_SIMULATOR_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "tech/chip.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Which error classes act; Han et al.'s five. Quantization is the bit widths themselves. */
enum spn_error_class {
    SPN_ERROR_QUANTIZATION = 1, /* finite weight, input and ADC bits; off: the ADC is ideal */
    SPN_ERROR_FLUCTUATION = 2,  /* programming error, differences between cells, read noise, drift,
                                   temperature */
    SPN_ERROR_DEFECTS = 4,      /* stuck cells, failed mask cells, broken lines */
    SPN_ERROR_NONLINEARITY = 8, /* I-V, DACs and drivers where a read has more than two input
                                   levels; gain, offset and INL of ADCs */
    SPN_ERROR_IR_DROP = 16,     /* resistance of the arrays' wires, solved exactly */
    SPN_ERROR_ON_OFF = 32       /* finite on/off ratio and leaking pruned cells */
};

/* How cells are programmed against the drop on their wires. */
enum spn_correction {
    SPN_CORRECTION_NONE,
    SPN_CORRECTION_GAIN,        /* cells as they are, converters set to what is left of the sums */
    SPN_CORRECTION_CLOSED_FORM, /* [M:R7] */
    SPN_CORRECTION_EXACT,       /* and then iterated on the exact effective conductances [M:R8] */
    SPN_N_CORRECTIONS
};
extern const char *const spn_correction_names[]; /* NULL-terminated */

struct spn_programming;
struct spn_defect_map;

struct spn_core_config {
    int n_rows, n_columns;       /* of the weight matrix */
    const struct spn_chip *chip; /* array, weight, input, adc, device; must outlive the core */
    int scheme;                  /* enum spn_scheme: how pruned weights are held */
    unsigned errors;             /* enum spn_error_class bits */
    uint64_t seed;               /* of the chip: frozen errors and noise streams */
    uint32_t layer;              /* substream */
    int write;                   /* which writing of this chip: 0 the first; its own errors */
    double time_s;               /* since then; 0: no drift */
    const struct spn_defect_map *defects; /* of the chip's arrays, or NULL */
    int first_array;                      /* of the network, for the map */
    bool estimate_ir_drop; /* to first order in closed form, hundreds of times faster */
    int correction; /* enum spn_correction of the drop on the wires; NONE where they are ideal */
    const struct spn_programming *programming; /* of the closed loop that writes cells, shared;
                                                  NULL = errors as the device says */
    int n_threads;                             /* for solving the wires; 0 = 1, < 0: all CPUs */
};

struct spn_core;

/* weights [n_rows][n_columns], codes within +-(2^(bits-1) - 1), bits <= 8. mask likewise, 1 = kept,
 * 0 = pruned; NULL = zeros are ordinary weights. Pruned weights count as zero, in ordinary cells
 * (external index) or behind their mask transistor (index-free); the dense scheme keeps all weights
 * and ignores the mask. Nothing borrowed but the chip. SPN_EINFEASIBLE: index-free without a mask
 * transistor or with offset encoding. Two's complement takes a column for the sign bit and cuts the
 * other bits into cells. */
enum spn_status spn_core_create(struct spn_core **core, const struct spn_core_config *config,
                                const int8_t *weights, const uint8_t *mask, struct spn_err *err);
void spn_core_destroy(struct spn_core *core);

/* Scratch for one thread and up to `batch` vectors a call. */
struct spn_core_scratch;
enum spn_status spn_core_scratch_create(struct spn_core_scratch **scratch,
                                        const struct spn_core *core, int batch,
                                        struct spn_err *err);
void spn_core_scratch_destroy(struct spn_core_scratch *scratch);

/* Set the ADC's range from sample inputs: the clip_percentile of |column sum| over all reads of all
 * x [n][n_rows] given so far. Before the first multiply; until then the range is full. No-op for
 * other ranges. */
enum spn_status spn_core_calibrate(struct spn_core *core, const uint8_t *x, int n,
                                   struct spn_err *err);

/* y [n][n_columns] = what the chip returns for x [n][n_rows] (unsigned input codes), in units of
 * weight code x input code, so that an ideal core returns the integer product. first_read numbers
 * the vectors for read noise: vector i draws from stream position first_read + i. Thread-safe on
 * one core with different scratch. */
void spn_core_multiply(const struct spn_core *core, const uint8_t *x, int n, float *y,
                       struct spn_core_scratch *scratch, uint64_t first_read);

/* Force a kernel ("avx512", "avx2", "portable"; NULL = best for this CPU). SPN_EUSAGE if the CPU
 * lacks it. For tests. */
enum spn_status spn_core_select_kernel(struct spn_core *core, const char *name,
                                       struct spn_err *err);
const char *spn_core_kernel(const struct spn_core *core);

/* The matrix that targets show through their wires, beside gain x targets: what the correction has
 * left, and what there would be without. All arrays of a core share one gain, by which the
 * references of their converters are lowered. Programming errors come on top. */
struct spn_core_correction {
    double gain;                     /* 0: nothing was corrected */
    double rms_frac, plain_rms_frac; /* of the rms of gain x target */
    double n_cells, n_clipped;
};

/* What was programmed, for reports. */
struct spn_core_info {
    int n_arrays, n_digits, rows_per_read;
    double adc_step;        /* in units of weight code x input slice code; 0 = ideal */
    int n_columns_repaired; /* columns of cells that a spare one stands in for */
    struct spn_core_correction correction;
};
struct spn_core_info spn_core_info(const struct spn_core *core);
/* Arrays that a matrix takes. */
int spn_core_arrays(const struct spn_chip *chip, int n_rows, int n_columns);

#ifdef __cplusplus
}
#endif

#endif
