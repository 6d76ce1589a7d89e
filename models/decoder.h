/* decoder.h -- a row decoder: predecoders of NAND2, NOR2 per line, a driver chain per line.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_DECODER_H
#define SPN_MODELS_DECODER_H

#include "models/component.h"

struct spn_decoder {
    int n_lines;             /* outputs; the address has ceil(log2(n_lines)) bits */
    double line_F, line_ohm; /* what each output drives */
    double pitch_m; /* distance of two lines, for the address wires; 0 = the height of a gate */
};
enum spn_decoder_action {
    SPN_DECODER_DECODE
}; /* one new address: the old line falls, the new one rises */
extern const struct spn_component_type spn_component_decoder;

#endif
