/* register.h -- flip-flop banks and register files.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_REGISTER_H
#define SPN_MODELS_REGISTER_H

#include "models/component.h"

enum { SPN_REGISTER_WRITE, SPN_REGISTER_READ, SPN_REGISTER_CLOCK };

struct spn_register {
    int bits;
    double toggle_frac; /* of data bits from one write to the next, 0.5 for random data */
};

/* "register", role "buffer". write: all bits clocked and loaded, one clock. read: outputs drive one
 * gate each. clock: one clock that keeps the data (idle, without clock gating). */
extern const struct spn_component_type spn_component_register;

enum { SPN_REGISTER_FILE_WRITE, SPN_REGISTER_FILE_READ };

struct spn_register_file {
    int words, word_bit;
    double toggle_frac;
};

/* "register-file", role "buffer": words of flip-flops with clock gating per word, write decoder and
 * read multiplexer; one read and one write port. One word per action, one clock (more if the
 * multiplexer is slower than the clock). */
extern const struct spn_component_type spn_component_register_file;

#endif
