/* dac.h -- multi-bit input converters: an R-2R ladder per line. One-bit inputs need only the switch
 * matrix.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_DAC_H
#define SPN_MODELS_DAC_H

#include "models/component.h"

struct spn_dac {
    int bits;
    double full_scale_V;
    double line_F;      /* driven to the output voltage through a follower */
    double load_A;      /* largest current into the line, e.g. that of its cells; 0 = none */
    double settle_s;    /* time to settle to half a step */
    double hold_s;      /* how long the output stays, e.g. the read time */
    double mean_square; /* of the output, as fraction of full scale */
};
enum spn_dac_action { SPN_DAC_CONVERT };
extern const struct spn_component_type spn_component_dac; /* "dac-r2r" */

#endif
