/* check_space.c -- numbering of points by hand and by enumeration, values where they belong, every
 * error of a space file.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include <stdio.h>

#include "explorer/evaluate.h"
#include "explorer/expr.h"

static struct spn_err err;

static enum spn_status parse(struct spn_space **space, const char *text)
{
    return spn_space_parse(space, text, strlen(text), "test.json", &err);
}

static struct spn_space *space_of(const char *text)
{
    struct spn_space *space = NULL;
    ck_assert_ok(parse(&space, text));
    return space;
}

/* ---- numbering ---- */

START_TEST(points_are_mixed_radix)
{
    struct spn_space *space = space_of("{\"network\": \"lenet5\", \"axes\": {\"chip.adc.bits\": "
                                       "[4, 5, 6], \"chip.pe.arrays\": [4, 16]}}");
    int digit[SPN_SPACE_MAX_AXES];
    ck_assert_int_eq(spn_space_size(space), 6);
    spn_space_digits(space, 3, digit); /* 3 = 1 * 2 + 1 */
    ck_assert_int_eq(digit[0], 1);
    ck_assert_int_eq(digit[1], 1);
    ck_assert_str_eq(spn_space_axis_name(space, 0), "chip.adc.bits");
    ck_assert_str_eq(spn_space_axis_label(space, 0, 2), "6");
    ck_assert(spn_space_axis_number(space, 1, 1) == 16);
    spn_space_destroy(space);
}
END_TEST

static const char conditional[] =
    "{\"network\": \"lenet5\", \"axes\": {"
    "\"chip.adc.bits\": [4, 5],"
    "\"scheme\": [\"dense\", \"external-index\", \"index-free\"],"
    "\"chip.sparsity.index_format\": {\"values\": [\"bitmap\", \"csr\", \"rle\"], \"when\": "
    "{\"scheme\": \"external-index\"}},"
    "\"chip.sparsity.index_place\": {\"values\": [\"dram\", \"tile-buffer\"],"
    "   \"when\": {\"scheme\": [\"external-index\"], \"chip.sparsity.index_format\": [\"bitmap\", "
    "\"csr\"]}},"
    "\"chip.clock_Hz\": [1e9, 2e9]}}";

START_TEST(conditions_leave_no_holes)
{
    struct spn_space *space = space_of(conditional);
    int digit[SPN_SPACE_MAX_AXES], n_inactive = 0;
    /* dense 1, index-free 1, external: bitmap 2, csr 2, rle 1 = 7; times 2 bits and 2 clocks */
    ck_assert_int_eq(spn_space_size(space), 28);
    bool seen[3][4][3][2][2];
    memset(seen, 0, sizeof seen);
    for (int64_t p = 0; p < 28; p++) {
        spn_space_digits(space, p, digit);
        bool external = digit[1] == 1;
        ck_assert_int_eq(digit[2] >= 0, external);
        ck_assert_int_eq(digit[3] >= 0, external && digit[2] < 2);
        n_inactive += digit[2] < 0;
        bool *here = &seen[digit[1]][digit[2] + 1][digit[3] + 1][digit[0]][digit[4]];
        ck_assert(!*here);
        *here = true;
        ck_assert_int_eq(spn_space_point(space, digit), p);
    }
    ck_assert_int_eq(n_inactive, 8);
    digit[1] = 0; /* digits of axes that take no part do not matter */
    digit[2] = 2;
    digit[3] = 1;
    int64_t point = spn_space_point(space, digit);
    digit[2] = digit[3] = -1;
    ck_assert_int_eq(spn_space_point(space, digit), point);
    spn_space_destroy(space);
}
END_TEST

START_TEST(ranges_hit_their_ends)
{
    struct spn_space *space = space_of(
        "{\"network\": \"lenet5\", \"axes\": {"
        "\"network.sparsity\": {\"from\": 0, \"to\": 0.9, \"step\": 0.1},"
        "\"device.on_conductance_S\": {\"from\": 1e-6, \"to\": 1e-4, \"count\": 5, \"log\": true},"
        "\"chip.temperature_K\": {\"from\": 300, \"to\": 350, \"count\": 3},"
        "\"chip.array.rows\": {\"from\": 4, \"to\": 32, \"count\": 40, \"log\": true}}}");
    ck_assert_int_eq(spn_space_axis_size(space, 0), 10);
    ck_assert_rel(spn_space_axis_number(space, 0, 3), 0.3, 1e-12);
    ck_assert_rel(spn_space_axis_number(space, 0, 9), 0.9, 1e-12);
    ck_assert_rel(spn_space_axis_number(space, 1, 1), 3.16227766017e-6, 1e-11); /* 10^-5.5 */
    ck_assert(spn_space_axis_number(space, 1, 4) == 1e-4);
    ck_assert(spn_space_axis_number(space, 2, 1) == 325);
    int n = spn_space_axis_size(space, 3); /* whole numbers, each once */
    ck_assert_int_lt(n, 30);
    for (int i = 1; i < n; i++)
        ck_assert(spn_space_axis_number(space, 3, i) >= spn_space_axis_number(space, 3, i - 1) + 1);
    ck_assert(spn_space_axis_number(space, 3, n - 1) == 32);
    spn_space_destroy(space);
}
END_TEST

/* ---- evaluation ---- */

/* The same design loaded by hand, with overrides, and estimated. */
static void estimate_by_hand(const char *network, const struct spn_override *overrides, size_t n,
                             const char *sparsity, int scheme, double *energy_J, double *update_s)
{
    char path[SPN_MAX_PATH];
    struct spn_chip chip;
    struct spn_network *net = NULL;
    struct spn_profile profile;
    struct spn_plan *plan = NULL;
    struct spn_workspace *work = NULL;
    struct spn_result result;
    struct spn_network_override sparse = {"sparsity", sparsity};
    snprintf(path, sizeof path, "%s/networks/%s.json",
             getenv("SPINDLE_DATA") ? getenv("SPINDLE_DATA") : ".", network);
    ck_assert_ok(spn_chip_load(&chip, "ning2025", overrides, n, &err));
    ck_assert_ok(spn_network_load(&net, path, &sparse, sparsity ? 1 : 0, &err));
    ck_assert_ok(spn_profile_default(&profile, net, &err));
    ck_assert_ok(spn_plan_create(&plan, net, &profile, &err));
    ck_assert_ok(spn_workspace_create(&work, plan, &err));
    struct spn_estimate_options how = {.scheme = scheme, .training = true};
    ck_assert_ok(spn_estimate(plan, &chip, &how, work, &result, &err));
    *energy_J = result.inference.energy_J;
    *update_s = result.training.update.latency_s;
    spn_workspace_destroy(work);
    spn_plan_destroy(plan);
    spn_profile_clear(&profile);
    spn_network_destroy(net);
}

START_TEST(a_point_is_the_design_it_says)
{
    struct spn_space *space = space_of(
        "{\"network\": [\"lenet5\", \"vgg8\"], \"chip\": \"ning2025\", \"scheme\": [\"dense\", "
        "\"external-index\"],"
        " \"set\": {\"chip.clock_Hz\": 5e8, \"device.read_voltage_V\": 0.15},"
        " \"axes\": {\"process\": {\"set\": [\"node\", \"device\"],"
        "     \"values\": [[\"32nm-lstp\", \"mos2-2fefet\"], [\"22nm-lstp\", \"fefet-32nm\"]]},"
        "   \"array\": {\"set\": [\"chip.array.rows\", \"chip.array.columns\"], \"values\": [64, "
        "128]},"
        "   \"network.sparsity\": [0.5, 0.9]},"
        " \"derived\": {\"twice\": \"2 * energy_J\", \"both\": \"twice + array\"},"
        " \"columns\": [\"energy_J\", \"update_latency_s\"]}");
    struct spn_evaluator *evaluator = NULL;
    struct spn_point point;
    double energy_J, update_s;
    const struct spn_override overrides[] = {
        {"chip.node", "22nm-lstp"}, {"chip.device", "fefet-32nm"},
        {"chip.array.rows", "128"}, {"chip.array.columns", "128"},
        {"chip.clock_Hz", "5e8"},   {"device.read_voltage_V", "0.15"}};
    ck_assert_ok(spn_evaluator_create(&evaluator, space, &err));
    /* network vgg8, external-index, second process, 128, 0.9: the last of all */
    int64_t last = spn_space_size(space) - 1;
    ck_assert_int_eq(last, 31);
    ck_assert_ok(spn_evaluate(evaluator, last, &point, &err));
    ck_assert_int_eq(point.state, SPN_POINT_GOOD);
    estimate_by_hand("vgg8", overrides, 6, "0.9", SPN_SCHEME_EXTERNAL_INDEX, &energy_J, &update_s);
    ck_assert(point.value[spn_space_find_column(space, "energy_J")] == energy_J);
    ck_assert(point.value[spn_space_find_column(space, "update_latency_s")] == update_s);
    ck_assert_rel(point.value[spn_space_find_column(space, "twice")], 2 * energy_J, 1e-15);
    ck_assert_rel(point.value[spn_space_find_column(space, "both")], 2 * energy_J + 128, 1e-15);
    ck_assert_str_eq(spn_evaluator_chip(evaluator)->device_name, "fefet-32nm");
    ck_assert_str_eq(spn_evaluator_network(evaluator)->name, "vgg8");
    ck_assert_fails(spn_evaluate(evaluator, 32, &point, &err), SPN_EUSAGE, "outside [0, 31]");
    ck_assert_fails(spn_evaluate(evaluator, -1, &point, &err), SPN_EUSAGE, "point -1");
    spn_evaluator_destroy(evaluator);
    spn_space_destroy(space);
}
END_TEST

START_TEST(what_is_no_good_says_why)
{
    struct spn_space *space =
        space_of("{\"network\": \"lenet5\", \"chip\": \"ning2025\", \"axes\": {"
                 "\"chip.adc.columns_per_adc\": [8, 7], \"chip.adc.bits\": [4, 6]},"
                 "\"constraints\": [\"chip.adc.bits < 5\", \"area_m2 > 0\"]}");
    struct spn_evaluator *evaluator = NULL;
    struct spn_point point;
    ck_assert_ok(spn_evaluator_create(&evaluator, space, &err));
    ck_assert_ok(spn_evaluate(evaluator, 0, &point, &err));
    ck_assert_int_eq(point.state, SPN_POINT_GOOD);
    ck_assert_str_eq(point.reason, "");
    ck_assert_ok(spn_evaluate(evaluator, 1, &point, &err));
    ck_assert_int_eq(point.state, SPN_POINT_EXCLUDED);
    ck_assert_str_eq(point.reason, "does not hold: chip.adc.bits < 5");
    ck_assert(isfinite(point.value[0]));
    ck_assert_ok(spn_evaluate(evaluator, 2, &point, &err));
    ck_assert_int_eq(point.state, SPN_POINT_INFEASIBLE);
    ck_assert_ptr_nonnull(strstr(point.reason, "columns_per_adc = 7"));
    ck_assert(isnan(point.value[0]));
    spn_evaluator_destroy(evaluator);
    spn_space_destroy(space);
}
END_TEST

START_TEST(uncertain_inputs_scatter_about_their_value)
{
    struct spn_space *space = space_of(
        "{\"network\": \"lenet5\", \"chip\": \"ning2025\", \"uncertain\": {"
        "\"chip.clock_Hz\": {\"distribution\": \"normal\", \"relative_sd\": 0.1},"
        "\"device.read_voltage_V\": {\"distribution\": \"uniform\", \"relative_from\": 0.8, "
        "\"relative_to\": 1.2},"
        "\"device.off_conductance_S\": {\"distribution\": \"lognormal\", \"factor\": 2}}}");
    struct spn_evaluator *evaluator = NULL;
    struct spn_point point = {.number = 0};
    int digit[SPN_SPACE_MAX_AXES] = {0};
    ck_assert_int_eq(spn_space_size(space), 1);
    ck_assert_int_eq(spn_space_n_inputs(space), 3);
    ck_assert_ok(spn_evaluator_create(&evaluator, space, &err));
    ck_assert_ok(spn_evaluate_at(evaluator, digit, NULL, &point, &err));
    struct spn_chip nominal = *spn_evaluator_chip(evaluator);
    /* 0.975 of a normal distribution is 1.959963984540054 standard deviations; one sd of the
     * lognormal is a factor 2 */
    ck_assert_ok(spn_evaluate_at(evaluator, digit,
                                 (const double[]){0.975, 0.25, 0.84134474606854293}, &point, &err));
    const struct spn_chip *chip = spn_evaluator_chip(evaluator);
    ck_assert_rel(chip->clock_Hz, nominal.clock_Hz * 1.1959963984540054, 1e-12);
    ck_assert_rel(chip->device.read_voltage_V, nominal.device.read_voltage_V * 0.9, 1e-12);
    ck_assert_rel(chip->device.off_conductance_S, nominal.device.off_conductance_S * 2, 1e-9);
    spn_evaluator_destroy(evaluator);
    spn_space_destroy(space);
}
END_TEST

/* ---- errors ---- */

static const struct {
    const char *text, *words;
} bad[] = {
    {"[]", "object"},
    {"{\"axes\": {}}", "\"network\" is missing"},
    {"{\"network\": \"vgg9\"}", "vgg8"},
    {"{\"network\": \"vgg8\", \"axis\": {}}", "did you mean \"axes\""},
    {"{\"network\": \"vgg8\", \"axes\": []}", "must be an object of axes"},
    {"{\"network\": \"vgg8\", \"axes\": {\"chip.adc.bit\": [1]}}", "did you mean \"bits\""},
    {"{\"network\": \"vgg8\", \"axes\": {\"chip.adc\": [1]}}", "group of fields"},
    {"{\"network\": \"vgg8\", \"axes\": {\"chop.adc.bits\": [1]}}", "did you mean \"chip\""},
    {"{\"network\": \"vgg8\", \"axes\": {\"nodes\": [\"x\"]}}", "did you mean \"node\""},
    {"{\"network\": \"vgg8\", \"axes\": {\"node.temperature_K\": [300]}}",
     "list cannot be an axis"},
    {"{\"network\": \"vgg8\", \"axes\": {\"chip.adc.bits\": [4, 99]}}", "99 bit is outside"},
    {"{\"network\": \"vgg8\", \"axes\": {\"chip.adc.bits\": [4.5]}}", "4.5"},
    {"{\"network\": \"vgg8\", \"axes\": {\"chip.adc.bits\": [4, 4]}}", "4 is there twice"},
    {"{\"network\": \"vgg8\", \"axes\": {\"chip.adc.bits\": []}}", "at least one value"},
    {"{\"network\": \"vgg8\", \"axes\": {\"chip.adc.bits\": 4}}", "must be a list of values"},
    {"{\"network\": \"vgg8\", \"axes\": {\"chip.adc.bits\": [null]}}", "must be a number, a text"},
    {"{\"network\": \"vgg8\", \"axes\": {\"chip.adc.bits\": {\"from\": 4, \"to\": 9}}}",
     "either \"step\" or \"count\""},
    {"{\"network\": \"vgg8\", \"axes\": {\"chip.adc.bits\": {\"from\": 9, \"to\": 4, \"step\": "
     "1}}}",
     "upwards"},
    {"{\"network\": \"vgg8\", \"axes\": {\"chip.adc.bits\": {\"from\": 4, \"to\": 9, \"stop\": "
     "1}}}",
     "did you mean \"step\""},
    {"{\"network\": \"vgg8\", \"axes\": {\"chip.clock_Hz\": {\"from\": 0, \"to\": 9, \"count\": 3, "
     "\"log\": true}}}",
     "above 0"},
    {"{\"network\": \"vgg8\", \"axes\": {\"chip.clock_Hz\": {\"from\": 1e6, \"to\": 1e9, \"step\": "
     "1}}}",
     "at most 10000"},
    {"{\"network\": \"vgg8\", \"axes\": {\"a\": {\"set\": [\"node\", \"device\"], \"values\": "
     "[[\"32nm-lstp\"]]}}}",
     "1 values for 2"},
    {"{\"network\": \"vgg8\", \"axes\": {\"a\": {\"set\": [], \"values\": [1]}}}", "0 fields"},
    {"{\"network\": \"vgg8\", \"axes\": {\"a b\": {\"set\": [\"node\"], \"values\": [1]}}}",
     "letters, digits"},
    {"{\"network\": \"vgg8\", \"axes\": {\"energy_J\": {\"set\": [\"chip.clock_Hz\"], \"values\": "
     "[1e9]}}}",
     "name of a result"},
    {"{\"network\": \"vgg8\", \"axes\": {\"Point\": {\"set\": [\"chip.clock_Hz\"], \"values\": "
     "[1e9]}}}",
     "taken"},
    {"{\"network\": \"vgg8\", \"axes\": {\"scheme\": [\"dense\"], \"chip.sparsity.scheme\": "
     "[\"dense\"]}}",
     "already"},
    {"{\"network\": \"vgg8\", \"axes\": {\"scheme\": [\"dens\"]}}", "did you mean \"dense\""},
    {"{\"network\": \"vgg8\", \"axes\": {\"node\": [\"31nm\"]}}", "31nm"},
    {"{\"network\": \"vgg8\", \"axes\": {\"chip.adc.bits\": {\"values\": [4], \"when\": "
     "{\"scheme\": \"dense\"}}}}",
     "stands before"},
    {"{\"network\": \"vgg8\", \"scheme\": [\"dense\"], \"axes\": {\"chip.adc.bits\": {\"values\": "
     "[4], \"when\": {\"scheme\": \"index-free\"}}}}",
     "no value index-free"},
    {"{\"network\": \"vgg8\", \"axes\": {\"network.sparsity.conv9\": [0.5]}}", "no such layer"},
    {"{\"network\": \"vgg8\", \"axes\": {\"network.sequence\": [8]}}", "sequence"},
    {"{\"network\": \"vgg8\", \"set\": {\"chip.adc.bits\": 99}}", "99 bit is outside"},
    {"{\"network\": \"vgg8\", \"set\": {\"chip\": \"x\"}}", "not in \"set\""},
    {"{\"network\": \"vgg8\", \"derived\": {\"edp\": \"energy_j * 2\"}}",
     "did you mean \"energy_J\""},
    {"{\"network\": \"vgg8\", \"derived\": {\"edp\": \"energy_J *\"}}", "expression"},
    {"{\"network\": \"vgg8\", \"derived\": {\"edp\": \"energy_J = 2\"}}", "'='"},
    {"{\"network\": \"vgg8\", \"derived\": {\"edp\": \"1, 2\"}}", "','"},
    {"{\"network\": \"vgg8\", \"derived\": {\"edp\": \"(1\"}}", "expression"},
    {"{\"network\": \"vgg8\", \"derived\": {\"1x\": \"1\"}}", "name of a result"},
    {"{\"network\": \"vgg8\", \"derived\": {\"area_m2\": \"1\"}}", "taken"},
    {"{\"network\": \"vgg8\", \"derived\": {\"reason\": \"1\"}}", "taken"},
    {"{\"network\": \"vgg8\", \"constraints\": [\"area < 1\"]}", "area"},
    {"{\"network\": \"vgg8\", \"objectives\": [\"energy_J\"]}", "min RESULT"},
    {"{\"network\": \"vgg8\", \"objectives\": [\"min energy\"]}", "energy"},
    {"{\"network\": \"vgg8\", \"objectives\": [\"min energy_J\", \"max energy_J\"]}", "already"},
    {"{\"network\": \"vgg8\", \"columns\": [\"latency\"]}", "no result is called"},
    {"{\"network\": \"vgg8\", \"uncertain\": {\"chip.adc.bits\": {\"distribution\": \"normal\", "
     "\"sd\": 1}}}",
     "real number"},
    {"{\"network\": \"vgg8\", \"uncertain\": {\"chip.clock_Hz\": {\"distribution\": \"normal\"}}}",
     "\"relative_sd\""},
    {"{\"network\": \"vgg8\", \"uncertain\": {\"chip.clock_Hz\": {\"distribution\": \"gauss\"}}}",
     "gauss"},
    {"{\"network\": \"vgg8\", \"uncertain\": {\"chip.clock_Hz\": {\"distribution\": \"uniform\", "
     "\"from\": 2, \"to\": 1}}}",
     "\"from\" <="},
    {"{\"network\": \"vgg8\", \"uncertain\": {\"chip.clock_Hz\": {\"distribution\": "
     "\"lognormal\"}}}",
     "factor"},
};

START_TEST(errors_name_place_and_value)
{
    struct spn_space *space = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        enum spn_status status = parse(&space, bad[i].text);
        ck_assert_msg(status == SPN_EINPUT, "%s: status %d", bad[i].text, (int)status);
        ck_assert_msg(strstr(err.msg, bad[i].words) != NULL, "%s: \"%s\" lacks \"%s\"", bad[i].text,
                      err.msg, bad[i].words);
        ck_assert_ptr_null(space);
    }
}
END_TEST

/* 24 axes of 10 values are 1e24 points; 13 networks x 500 sparsities more plans than are allowed.
 */
START_TEST(sizes_are_bounded)
{
    struct spn_space *space = NULL;
    char text[8192];
    int n = snprintf(text, sizeof text, "{\"network\": \"lenet5\", \"axes\": {");
    static const char *const field[] = {"chip.clock_Hz",
                                        "chip.training.batch",
                                        "chip.training.mac_units",
                                        "chip.write.pulses_per_update",
                                        "chip.array.rows",
                                        "chip.tile.bus_bit",
                                        "chip.global.bus_bit",
                                        "chip.sparsity.index_bus_bit",
                                        "chip.array.columns",
                                        "chip.pe.arrays",
                                        "chip.tile.pes",
                                        "chip.write.row_pulses_per_update",
                                        "chip.sparsity.decode_bit_per_cycle",
                                        "chip.tile.input_buffer_bit",
                                        "chip.tile.output_buffer_bit",
                                        "chip.global.buffer_bit",
                                        "chip.training.gradient_bits"};
    for (int i = 0; i < 17; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s\"%s\": [%s]", i ? ", " : "", field[i],
                      i == 0 ? "1e6,2e6,3e6,4e6,5e6,6e6,7e6,8e6,9e6,1e7" : "1,2,3,4,5,6,7,8,9,10");
    snprintf(text + n, sizeof text - (size_t)n, "}}");
    ck_assert_fails(parse(&space, text), SPN_EINPUT, "2^53");
    ck_assert_fails(
        parse(
            &space,
            "{\"network\": \"lenet5\", \"axes\": {\"network.sparsity\": {\"from\": 0, \"to\": 0.5, "
            "\"step\": 0.0001}}}"),
        SPN_EINPUT, "4096 different networks");
}
END_TEST

START_TEST(the_digest_tells_inputs_apart)
{
    static const char *const text[] = {
        "{\"network\": \"lenet5\", \"axes\": {\"chip.adc.bits\": [4, 5]}}",
        "{\"network\": \"lenet5\", \"axes\": {\"chip.adc.bits\": [4, 6]}}",
        "{\"network\": \"lenet5\", \"set\": {\"chip.clock_Hz\": 2e8}, \"axes\": "
        "{\"chip.adc.bits\": [4, 5]}}",
        "{\"network\": \"lenet5\", \"set\": {\"network.sparsity\": 0.77}, \"axes\": "
        "{\"chip.adc.bits\": [4, 5]}}",
        "{\"network\": \"lenet5\", \"constraints\": [\"area_m2 < 1\"], \"axes\": "
        "{\"chip.adc.bits\": [4, 5]}}",
        "{\"network\": \"lenet5\", \"device\": \"rram-22nm\", \"axes\": {\"chip.adc.bits\": [4, "
        "5]}}",
        "{\"network\": \"lenet5\", \"axes\": {\"device\": [\"rram-22nm\", \"fefet-32nm\"]}}",
        "{\"network\": \"lenet5\", \"set\": {\"device.read_voltage_V\": 0.11}, \"axes\": "
        "{\"device\": [\"rram-22nm\", \"fefet-32nm\"]}}",
    };
    enum { N = sizeof text / sizeof *text };
    uint64_t digest[N];
    for (int i = 0; i < N; i++) {
        struct spn_space *space = space_of(text[i]), *again = space_of(text[i]);
        digest[i] = spn_space_digest(space);
        ck_assert_uint_eq(digest[i], spn_space_digest(again));
        for (int j = 0; j < i; j++)
            ck_assert_msg(digest[i] != digest[j], "%d and %d", i, j);
        spn_space_destroy(space);
        spn_space_destroy(again);
    }
}
END_TEST

START_TEST(expressions_compute)
{
    double x = 3, y = 0.5;
    const struct spn_expr_name names[] = {{"x", &x}, {"chip.y", &y}};
    struct spn_expr *expr = NULL;
    ck_assert_ok(spn_expr_create(&expr, "x > 2 && chip.y < 1 ? x ^ 2 + sqrt(chip.y * 2) : -1",
                                 names, 2, &err));
    ck_assert_rel(spn_expr_value(expr), 10.0, 1e-15);
    ck_assert(spn_expr_uses(expr, "chip.y") && !spn_expr_uses(expr, "z"));
    x = 1;
    ck_assert_rel(spn_expr_value(expr), -1.0, 1e-15);
    spn_expr_destroy(expr);
    ck_assert_ok(spn_expr_create(&expr, "1 / (x - 1)", names, 2, &err));
    ck_assert(!isfinite(spn_expr_value(expr)));
    spn_expr_destroy(expr);
    ck_assert_fails(spn_expr_create(&expr, "", names, 2, &err), SPN_EINPUT, "expression");
    ck_assert_fails(spn_expr_create(&expr, "x + \xc3\xa9", names, 2, &err), SPN_EINPUT, "ASCII");
    ck_assert_fails(spn_expr_create(&expr, "foo(1)", names, 2, &err), SPN_EINPUT, "foo");
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("space");
    TCase *tests = tcase_create("space");
    tcase_add_test(tests, points_are_mixed_radix);
    tcase_add_test(tests, conditions_leave_no_holes);
    tcase_add_test(tests, ranges_hit_their_ends);
    tcase_add_test(tests, a_point_is_the_design_it_says);
    tcase_add_test(tests, what_is_no_good_says_why);
    tcase_add_test(tests, uncertain_inputs_scatter_about_their_value);
    tcase_add_test(tests, errors_name_place_and_value);
    tcase_add_test(tests, sizes_are_bounded);
    tcase_add_test(tests, the_digest_tells_inputs_apart);
    tcase_add_test(tests, expressions_compute);
    suite_add_tcase(suite, tests);
    return suite;
}
