/* validate_converters.c -- SAR and flash converters over column resistance against DNN+NeuroSim
 * V1.4.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reference's curves are of 5 bits. Its flash converter is a fit to circuit simulations, ours
 * is worked out from the node's transistors: both are compared at a column that carries full scale.
 */
#include <math.h>
#include <stdio.h>

#include "explorer/validate_suites.h"
#include "models/adc.h"

static const char fit[] = "NeuroSim: fit to circuit simulations of an undisclosed sense amplifier; "
                          "ours: current mirror and latch of the node";
enum { BITS = 5 };
#define COLUMN_F 5e-15 /* of the curves */
/* A flash column of less current than the smallest cell, or of more than 128 of the largest, is of
 * no use. */
#define LEAST_OHM 300.0
#define MOST_OHM 1e5

static enum spn_status put_point(const struct spn_validate_to *to, const struct spn_env *env,
                                 const struct spn_json_at *point, double read_V,
                                 struct spn_err *err)
{
    double ohm = spn_validate_number(point, "R_ohm");
    struct spn_component_cost cost;
    struct spn_adc adc = spn_adc_default();
    adc.bits = BITS;
    adc.column_mean_A = adc.column_full_A = read_V / ohm;
    adc.read_voltage_V = read_V;
    adc.column_F = COLUMN_F;
    enum spn_status status = spn_component_adc_sar.eval(&adc, env, &cost, err);
    if (status)
        return status;
    spn_validate_put(to, "energy", "J", spn_validate_number(point, "sar_energy_J"),
                     cost.action[SPN_ADC_CONVERT].energy_J);
    return SPN_OK;
}

static enum spn_status put_flash(const struct spn_validate_to *to, const struct spn_env *env,
                                 const struct spn_json_at *point, double read_V,
                                 struct spn_err *err)
{
    double ohm = spn_validate_number(point, "R_ohm");
    struct spn_component_cost cost;
    struct spn_adc adc = spn_adc_default();
    if (ohm < LEAST_OHM || ohm > MOST_OHM)
        return SPN_OK;
    adc.bits = BITS;
    adc.column_mean_A = adc.column_full_A = read_V / ohm;
    adc.read_voltage_V = read_V;
    adc.column_F = COLUMN_F;
    enum spn_status status = spn_component_adc_flash.eval(&adc, env, &cost, err);
    if (status)
        return status;
    spn_validate_put_as(to, fit, "latency", "s",
                        spn_validate_number(point, "mlsa_latency_s_ccol5fF"),
                        cost.action[SPN_ADC_CONVERT].latency_s);
    return SPN_OK;
}

enum spn_status spn_validate_converters(struct spn_validation *v, const char *data,
                                        struct spn_err *err)
{
    struct spn_json *doc = NULL;
    struct spn_validate_node at = {0};
    struct spn_validate_to to = {.v = v, .suite = "converters"};
    enum spn_status status = spn_validate_open(&doc, data, "adc-curves.json", err);
    if (status)
        return status;
    struct spn_json_at root = spn_json_root(doc), curves = spn_json_get(&root, "curves");
    for (size_t i = 0; i < spn_json_size(&curves) && !status; i++) {
        struct spn_json_at curve = spn_json_item(&curves, i);
        if ((int)spn_validate_number(&curve, "currentMode") != 1)
            continue; /* the SAR curve is the same, and we have no voltage-mode flash */
        status = spn_validate_node(&at, (int)spn_validate_number(&curve, "technode"),
                                   (int)spn_validate_number(&curve, "deviceroadmap") == 1, err);
        if (status || !at.known)
            continue;
        const struct spn_env env = {&at.node, 300, 1e9};
        double read_V = spn_validate_number(&curve, "readVoltage");
        struct spn_json_at points = spn_json_get(&curve, "points");
        for (size_t k = 0; k < spn_json_size(&points) && !status; k++) {
            struct spn_json_at point = spn_json_item(&points, k);
            snprintf(to.name, sizeof to.name, "%s %.0f ohm", at.node.name,
                     spn_validate_number(&point, "R_ohm"));
            snprintf(to.group, sizeof to.group, "SAR");
            status = put_point(&to, &env, &point, read_V, err);
            snprintf(to.group, sizeof to.group, "flash");
            if (!status)
                status = put_flash(&to, &env, &point, read_V, err);
        }
    }
    spn_json_destroy(doc);
    return status;
}
