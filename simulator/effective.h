/* effective.h -- the conductances that a linear array with resistive wires shows from outside.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * With ideal sources and sense nodes, sense current j = sum_i T_ij V_i. T is computed once for
 * programmed cells; from then on a product with exact IR drop is a plain product with T in the
 * place of the cells.
 *
 *     spn_effective_create(&work, &array, err);            // one per thread
 *     spn_effective_compute(work, cells_S, T_S);
 */
#ifndef SPN_SIMULATOR_EFFECTIVE_H
#define SPN_SIMULATOR_EFFECTIVE_H

#include "base/err.h"
#include "simulator/irdrop.h"
#include "tech/device.h"

struct spn_effective;

/* For row-driven, linear arrays of this shape; array is copied. Two-sided lines count both ends. */
enum spn_status spn_effective_create(struct spn_effective **work,
                                     const struct spn_irdrop_array *array, struct spn_err *err);
void spn_effective_destroy(struct spn_effective *work);
/* Other resistances from now on; open ends must stay open, and others not become so. */
void spn_effective_set_wires(struct spn_effective *work, const struct spn_irdrop_wires *wires);

/* cells_S, T_S [rows][columns], in siemens; may be the same array. Cells must be finite and >= 0.
 */
void spn_effective_compute(struct spn_effective *work, const double *cells_S, double *T_S);

/* First-order estimate in closed form [M:R5]: T_ij = G_ij / (1 + s_ij), with s_ij the resistances
 * between (i, j) and the other cells of its row and column times their conductances. cells_S and
 * T_S must differ. */
/* s_ij itself, for cells of 1 S (in ohm) if cells_S is NULL. */
void spn_effective_drops(const struct spn_irdrop_array *array, const double *cells_S, double *drop);
void spn_effective_estimate(const struct spn_irdrop_array *array, const double *cells_S,
                            double *T_S);

/* Cells of a bent I-V curve, conductances at the read voltage, to those of lines through their mean
 * operating points behind these wires, in place. scratch [3][rows][columns]. [M:R11] */
void spn_effective_bend(const struct spn_irdrop_array *array, const struct spn_device *device,
                        double *cells_S, double *scratch);

#endif
