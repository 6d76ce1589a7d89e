/* equations.h -- from the number of an equation to its text, and from a reference's key to its
 * title.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Read from docs/MODELS.md and docs/REFERENCES.bib, which are installed with the data.
 */
#ifndef SPN_CLI_EQUATIONS_H
#define SPN_CLI_EQUATIONS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

/* The paragraph of docs/MODELS.md that states equation `name` ("A20", or "A20-A22"), the section it
 * stands in, and the references that it cites. False if no equation has this name. */
bool spn_equation_add(const char *name, struct spn_text *out);
/* Authors, title, place and year behind `key` ("neurosim14"). False if it is no reference's key. */
bool spn_reference_add(const char *key, struct spn_text *out);

#endif
