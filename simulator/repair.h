/* repair.h -- spare columns of arrays that stand in for the ones with the worst defects.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_SIMULATOR_REPAIR_H
#define SPN_SIMULATOR_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "simulator/program_maker.h"

struct spn_repair;

/* Which columns of which arrays are replaced by which spare: the worst first, each by the unused
 * spare that leaves the least error, as long as that is less. A column's error is the sum over its
 * rows of (what a defect changes, in units of the weight)^2; spare columns have defects of their
 * own [M:S41]. *repair is NULL where there is nothing to repair. Uses the maker's row buffers. */
enum spn_status spn_repair_create(struct spn_repair **repair, struct spn_program *p,
                                  const struct spn_program_maker *m, struct spn_err *err);
void spn_repair_destroy(struct spn_repair *repair);

/* The random words of the spare cell that stands in, or false. row: of the matrix. */
bool spn_repair_words(const struct spn_repair *repair, struct spn_program_column column, int row,
                      uint32_t words[4]);
int spn_repair_count(const struct spn_repair *repair); /* columns replaced */

#endif
