/* registry.c -- THE list of component kinds.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A new kind is its own pair of files and one row here.
 */
#include <string.h>

#include "models/adc.h"
#include "models/adder_tree.h"
#include "models/array.h"
#include "models/chip_link.h"
#include "models/cim_adder.h"
#include "models/component.h"
#include "models/dac.h"
#include "models/dac_pwm.h"
#include "models/decoder.h"
#include "models/digital.h"
#include "models/dram.h"
#include "models/driver.h"
#include "models/htree.h"
#include "models/index.h"
#include "models/level_shifter.h"
#include "models/mesh.h"
#include "models/mux.h"
#include "models/register.h"
#include "models/sample_hold.h"
#include "models/shift_add.h"
#include "models/sram.h"

/* clang-format off */
const struct spn_component_type *const spn_components[] = {
    /* the array and its periphery */
    &spn_component_array,
    &spn_component_array_charge,
    &spn_component_array_c2c,
    &spn_component_array_digital,
    &spn_component_driver_wordline,
    &spn_component_driver_bitline,
    &spn_component_switch_matrix,
    &spn_component_level_shifter,
    &spn_component_decoder,
    &spn_component_mux,
    &spn_component_sample_hold,
    &spn_component_dac,
    &spn_component_dac_pwm,
    &spn_component_adc_sar,
    &spn_component_adc_sar_cdac,
    &spn_component_adc_flash,
    &spn_component_adc_flash_voltage,
    &spn_component_adc_ramp,
    &spn_component_adc_cco,
    &spn_component_adc_tdc,
    &spn_component_adc_bound,
    /* sums */
    &spn_component_shift_add,
    &spn_component_adder_tree,
    &spn_component_cim_adder,
    /* storage */
    &spn_component_register,
    &spn_component_register_file,
    &spn_component_sram,
    &spn_component_dram,
    &spn_component_index_memory,
    &spn_component_index_decoder,
    /* interconnect */
    &spn_component_htree,
    &spn_component_xy_bus,
    &spn_component_mesh_router,
    &spn_component_mesh_link,
    &spn_component_chip_link,
    /* digital units */
    &spn_component_mac,
    &spn_component_elementwise,
    &spn_component_pool,
    &spn_component_relu,
    &spn_component_activation,
    &spn_component_softmax,
    &spn_component_norm,
    NULL};
/* clang-format on */

const struct spn_component_type *spn_component_find(const char *name)
{
    for (const struct spn_component_type *const *type = spn_components; *type; type++)
        if (strcmp((*type)->name, name) == 0)
            return *type;
    return NULL;
}
