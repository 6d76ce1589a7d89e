/* digital.c -- digital arithmetic: MAC, elementwise, pooling, activation, softmax, normalisation.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each unit is composed of the ripple adders, carry-save multipliers and flip-flops of
 * models/logic.c, and of tables in SRAM: operation counts per element stand beside each unit
 * [M:B20-B25]. Every stage of a pass ends in a register, so a pass takes a new element as often as
 * its slowest stage allows. Tables hold value and slope of 2^table_bits segments and are followed
 * by a product and an addition.
 */
#include "models/digital.h"

#include <math.h>

#include "models/logic.h"
#include "models/sram.h"

#define TOGGLE_FIELD(s) SPN_F_DOUBLE(s, toggle_frac, "", 0, 1, "data lines that change per action")
#define BITS_FIELD(s) SPN_F_INT(s, bits, "bit", 1, 64, "operand")
#define TABLE_FIELD(s) SPN_F_INT(s, table_bits, "bit", 1, 16, "address bits of the table")

/* Work cut by as many registers as its delay has clocks, beside the pass so far: energies and areas
 * add, and a new element enters every clock. [M:B20] */
static struct spn_cost stage(const struct spn_logic *logic, struct spn_cost pass,
                             struct spn_cost work, double result_bits, double toggle_frac)
{
    double ranks = fmax(ceil(work.latency_s * logic->env->clock_Hz), 1);
    struct spn_cost hold = spn_logic_register(logic, ranks * result_bits, toggle_frac);
    work.latency_s = 0;
    hold.latency_s = 0;
    return spn_cost_parallel(pass, spn_cost_serial(work, hold));
}

/* Area and leakage of two parts of one instance. */
static struct spn_cost beside(struct spn_cost a, struct spn_cost b)
{
    return spn_cost_parallel(a, b);
}

/* Value and slope from a table, value + slope x remainder. [M:B20] */
static enum spn_status interpolate(const struct spn_logic *logic, struct spn_cost *pass,
                                   const int bits, const int table_bits, double toggle_frac,
                                   struct spn_err *err)
{
    struct spn_sram table = spn_sram_default((int64_t)2 * bits << table_bits, 2 * bits);
    struct spn_component_cost memory;
    enum spn_status status = spn_component_sram.eval(&table, logic->env, &memory, err);
    if (status)
        return status;
    struct spn_cost read = memory.action[SPN_SRAM_READ];
    read.area_m2 = memory.area_m2;
    read.leakage_W = memory.leakage_W;
    *pass = spn_cost_parallel(*pass, read);
    *pass = stage(logic, *pass, spn_logic_multiplier(logic, bits, bits, toggle_frac), bits,
                  toggle_frac);
    *pass = stage(logic, *pass, spn_logic_adder(logic, bits, toggle_frac), bits, toggle_frac);
    return SPN_OK;
}

static const struct spn_field mac_fields[] = {
    SPN_F_INT(struct spn_mac, a_bits, "bit", 1, 64, "first operand"),
    SPN_F_INT(struct spn_mac, b_bits, "bit", 1, 64, "second operand"),
    SPN_F_INT(struct spn_mac, sum_bits, "bit", 1, 160, "accumulator"), TOGGLE_FIELD(struct spn_mac),
    SPN_F_END};
static const char *const mac_actions[] = {"mac", NULL};

static void mac_example(void *params)
{
    *(struct spn_mac *)params =
        (struct spn_mac){.a_bits = 8, .b_bits = 8, .sum_bits = 32, .toggle_frac = 0.5};
}

/* One product, one addition, a register after each. [M:B21] */
static enum spn_status mac_eval(const void *params, const struct spn_env *env,
                                struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_mac *p = params;
    enum spn_status status = spn_logic_check(&spn_component_mac, params, env, err);
    if (status)
        return status;
    int product_bits = p->a_bits + p->b_bits;
    if (p->sum_bits < product_bits)
        return spn_err_set(err, SPN_EINPUT, "mac.sum_bits = %d below a_bits + b_bits = %d",
                           p->sum_bits, product_bits);
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    struct spn_cost mac = stage(&logic, (struct spn_cost){0},
                                spn_logic_multiplier(&logic, p->a_bits, p->b_bits, p->toggle_frac),
                                product_bits, p->toggle_frac);
    mac = stage(&logic, mac, spn_logic_adder(&logic, p->sum_bits, p->toggle_frac), p->sum_bits,
                p->toggle_frac);
    *out = spn_logic_component(mac);
    out->action[SPN_MAC_MAC] = spn_logic_action(&logic, mac, 1);
    return SPN_OK;
}

const struct spn_component_type spn_component_mac = {
    .name = "mac",
    .role = "digital",
    .doc = "digital multiply-accumulate unit",
    .size = sizeof(struct spn_mac),
    .fields = mac_fields,
    .actions = mac_actions,
    .model = "B3, B4, B6, B21",
    .example = mac_example,
    .eval = mac_eval,
};

static const struct spn_field elementwise_fields[] = {
    BITS_FIELD(struct spn_elementwise), TOGGLE_FIELD(struct spn_elementwise), SPN_F_END};
static const char *const elementwise_actions[] = {"add", "multiply", NULL};

static void elementwise_example(void *params)
{
    *(struct spn_elementwise *)params = (struct spn_elementwise){.bits = 8, .toggle_frac = 0.5};
}

static enum spn_status elementwise_eval(const void *params, const struct spn_env *env,
                                        struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_elementwise *p = params;
    enum spn_status status = spn_logic_check(&spn_component_elementwise, params, env, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    struct spn_cost none = {0};
    struct spn_cost add = stage(&logic, none, spn_logic_adder(&logic, p->bits, p->toggle_frac),
                                p->bits + 1, p->toggle_frac);
    struct spn_cost multiply =
        stage(&logic, none, spn_logic_multiplier(&logic, p->bits, p->bits, p->toggle_frac), p->bits,
              p->toggle_frac);
    *out = spn_logic_component(beside(add, multiply));
    out->action[SPN_ELEMENTWISE_ADD] = spn_logic_action(&logic, add, 1);
    out->action[SPN_ELEMENTWISE_MULTIPLY] = spn_logic_action(&logic, multiply, 1);
    return SPN_OK;
}

const struct spn_component_type spn_component_elementwise = {
    .name = "elementwise",
    .role = "digital",
    .doc = "elementwise addition and product",
    .size = sizeof(struct spn_elementwise),
    .fields = elementwise_fields,
    .actions = elementwise_actions,
    .model = "B3, B4, B6, B21",
    .example = elementwise_example,
    .eval = elementwise_eval,
};

static const struct spn_field pool_fields[] = {
    BITS_FIELD(struct spn_pool), SPN_F_INT(struct spn_pool, window, "", 1, 1 << 24, "elements"),
    TOGGLE_FIELD(struct spn_pool), SPN_F_END};
static const char *const pool_actions[] = {"compare", "accumulate", "scale", NULL};

static void pool_example(void *params)
{
    *(struct spn_pool *)params = (struct spn_pool){.bits = 8, .window = 4, .toggle_frac = 0.5};
}

/* Maximum: a comparator and its register; average: an adder and its register, then a product.
 * [M:B22] */
static enum spn_status pool_eval(const void *params, const struct spn_env *env,
                                 struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_pool *p = params;
    enum spn_status status = spn_logic_check(&spn_component_pool, params, env, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    double sum_bits = p->bits + spn_logic_log2_ceil(p->window), toggle = p->toggle_frac;
    struct spn_cost none = {0};
    struct spn_cost compare =
        stage(&logic, none, spn_logic_comparator(&logic, p->bits, toggle), p->bits, toggle);
    struct spn_cost accumulate =
        stage(&logic, none, spn_logic_adder(&logic, sum_bits, toggle), sum_bits, toggle);
    bool shift = (p->window & (p->window - 1)) == 0; /* 1/2^k is wiring */
    struct spn_cost scale =
        stage(&logic, none, shift ? none : spn_logic_multiplier(&logic, sum_bits, p->bits, toggle),
              p->bits, toggle);
    *out = spn_logic_component(beside(beside(compare, accumulate), scale));
    out->action[SPN_POOL_COMPARE] = spn_logic_action(&logic, compare, 1);
    out->action[SPN_POOL_ACCUMULATE] = spn_logic_action(&logic, accumulate, 1);
    out->action[SPN_POOL_SCALE] = spn_logic_action(&logic, scale, 1);
    return SPN_OK;
}

const struct spn_component_type spn_component_pool = {
    .name = "pool",
    .role = "digital",
    .doc = "maximum and average pooling",
    .size = sizeof(struct spn_pool),
    .fields = pool_fields,
    .actions = pool_actions,
    .model = "B3-B6, B22",
    .example = pool_example,
    .eval = pool_eval,
};

static const struct spn_field relu_fields[] = {BITS_FIELD(struct spn_relu),
                                               TOGGLE_FIELD(struct spn_relu), SPN_F_END};
static const char *const relu_actions[] = {"element", NULL};

static void relu_example(void *params)
{
    *(struct spn_relu *)params = (struct spn_relu){.bits = 8, .toggle_frac = 0.5};
}

/* One NAND2 and inverter per bit, gated by the sign, and a register. [M:B23] */
static struct spn_cost price_relu(const struct spn_logic *logic, double bits, double toggle_frac)
{
    struct spn_cost none = {0};
    struct spn_cost gate = spn_cost_serial(spn_logic_cells(&logic->nand2, bits, 1, toggle_frac),
                                           spn_logic_cells(&logic->inverter, bits, 1, toggle_frac));
    return stage(logic, none, gate, bits, toggle_frac);
}

static enum spn_status relu_eval(const void *params, const struct spn_env *env,
                                 struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_relu *p = params;
    enum spn_status status = spn_logic_check(&spn_component_relu, params, env, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    struct spn_cost relu = price_relu(&logic, p->bits, p->toggle_frac);
    *out = spn_logic_component(relu);
    out->action[SPN_RELU_ELEMENT] = spn_logic_action(&logic, relu, 1);
    return SPN_OK;
}

const struct spn_component_type spn_component_relu = {
    .name = "relu",
    .role = "digital",
    .doc = "rectifier",
    .size = sizeof(struct spn_relu),
    .fields = relu_fields,
    .actions = relu_actions,
    .model = "B3, B23",
    .example = relu_example,
    .eval = relu_eval,
};

static const struct spn_field activation_fields[] = {
    BITS_FIELD(struct spn_activation), TABLE_FIELD(struct spn_activation),
    TOGGLE_FIELD(struct spn_activation), SPN_F_END};
static const char *const activation_actions[] = {"relu", "lut", "gated", NULL};

static void activation_example(void *params)
{
    *(struct spn_activation *)params =
        (struct spn_activation){.bits = 8, .table_bits = 6, .toggle_frac = 0.5};
}

static enum spn_status activation_eval(const void *params, const struct spn_env *env,
                                       struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_activation *p = params;
    enum spn_status status = spn_logic_check(&spn_component_activation, params, env, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    struct spn_cost lut = {0};
    double bits = p->bits, toggle = p->toggle_frac;
    struct spn_cost relu = price_relu(&logic, bits, toggle);
    status = interpolate(&logic, &lut, p->bits, p->table_bits, toggle, err);
    if (status)
        return status;
    struct spn_cost gated =
        stage(&logic, lut, spn_logic_multiplier(&logic, bits, bits, toggle), bits, toggle);
    *out = spn_logic_component(beside(relu, gated));
    out->action[SPN_ACTIVATION_RELU] = spn_logic_action(&logic, relu, 1);
    out->action[SPN_ACTIVATION_LUT] = spn_logic_action(&logic, lut, 1);
    out->action[SPN_ACTIVATION_GATED] = spn_logic_action(&logic, gated, 1);
    return SPN_OK;
}

const struct spn_component_type spn_component_activation = {
    .name = "activation",
    .role = "digital",
    .doc = "ReLU; sigmoid, tanh, GELU and SiLU by table",
    .size = sizeof(struct spn_activation),
    .fields = activation_fields,
    .actions = activation_actions,
    .model = "B20, B23",
    .example = activation_example,
    .eval = activation_eval,
};

static const struct spn_field softmax_fields[] = {
    BITS_FIELD(struct spn_softmax), TABLE_FIELD(struct spn_softmax),
    SPN_F_INT(struct spn_softmax, row_elements, "", 1, 1 << 24, "elements of the longest row"),
    TOGGLE_FIELD(struct spn_softmax), SPN_F_END};
static const char *const softmax_actions[] = {"element", "row", NULL};

static void softmax_example(void *params)
{
    *(struct spn_softmax *)params =
        (struct spn_softmax){.bits = 16, .table_bits = 8, .row_elements = 512, .toggle_frac = 0.5};
}

/* exp(x - max)/sum: pass 1 compares; pass 2 subtracts, looks up, accumulates; pass 3 multiplies.
 * [M:B24] */
static enum spn_status softmax_eval(const void *params, const struct spn_env *env,
                                    struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_softmax *p = params;
    enum spn_status status = spn_logic_check(&spn_component_softmax, params, env, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    struct spn_cost none = {0}, reciprocal = {0};
    double bits = p->bits, toggle = p->toggle_frac;
    double sum_bits = bits + spn_logic_log2_ceil(p->row_elements);
    struct spn_cost first =
        stage(&logic, none, spn_logic_comparator(&logic, bits, toggle), bits, toggle);
    struct spn_cost second =
        stage(&logic, none, spn_logic_adder(&logic, bits, toggle), bits, toggle);
    second = stage(&logic, second, spn_logic_adder(&logic, sum_bits, toggle), sum_bits, toggle);
    status = interpolate(&logic, &reciprocal, p->bits, p->table_bits, toggle, err);
    if (status)
        return status;
    second = spn_cost_parallel(second, reciprocal); /* the exponential's table is alike */
    struct spn_cost third =
        stage(&logic, none, spn_logic_multiplier(&logic, bits, bits, toggle), bits, toggle);
    *out = spn_logic_component(beside(beside(first, second), beside(third, reciprocal)));
    struct spn_cost element =
        spn_cost_serial(spn_logic_action(&logic, first, 1), spn_logic_action(&logic, second, 1));
    out->action[SPN_SOFTMAX_ELEMENT] = spn_cost_serial(element, spn_logic_action(&logic, third, 1));
    out->action[SPN_SOFTMAX_ROW] = spn_logic_action(&logic, reciprocal, 1);
    return SPN_OK;
}

const struct spn_component_type spn_component_softmax = {
    .name = "softmax",
    .role = "digital",
    .doc = "softmax over rows, three passes",
    .size = sizeof(struct spn_softmax),
    .fields = softmax_fields,
    .actions = softmax_actions,
    .model = "B20, B24",
    .example = softmax_example,
    .eval = softmax_eval,
};

static const struct spn_field norm_fields[] = {
    BITS_FIELD(struct spn_norm), TABLE_FIELD(struct spn_norm),
    SPN_F_INT(struct spn_norm, row_elements, "", 1, 1 << 24, "elements of the longest row"),
    TOGGLE_FIELD(struct spn_norm), SPN_F_END};
static const char *const norm_actions[] = {"layernorm-element", "rmsnorm-element", "row", NULL};

static void norm_example(void *params)
{
    *(struct spn_norm *)params =
        (struct spn_norm){.bits = 16, .table_bits = 8, .row_elements = 512, .toggle_frac = 0.5};
}

/* gain (x - mean)/sd + bias; one adder, one square-accumulate and two multipliers serve all passes.
 * [M:B25] */
static enum spn_status norm_eval(const void *params, const struct spn_env *env,
                                 struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_norm *p = params;
    enum spn_status status = spn_logic_check(&spn_component_norm, params, env, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    struct spn_cost none = {0}, root = {0};
    double bits = p->bits, toggle = p->toggle_frac, grow = spn_logic_log2_ceil(p->row_elements);
    struct spn_cost mean =
        stage(&logic, none, spn_logic_adder(&logic, bits + grow, toggle), bits + grow, toggle);
    struct spn_cost add = stage(&logic, none, spn_logic_adder(&logic, bits, toggle), bits, toggle);
    struct spn_cost multiply =
        stage(&logic, none, spn_logic_multiplier(&logic, bits, bits, toggle), bits, toggle);
    struct spn_cost square =
        stage(&logic, none, spn_logic_multiplier(&logic, bits, bits, toggle), 2 * bits, toggle);
    square = stage(&logic, square, spn_logic_adder(&logic, 2 * bits + grow, toggle),
                   2 * bits + grow, toggle);
    status = interpolate(&logic, &root, p->bits, p->table_bits, toggle, err);
    if (status)
        return status;
    struct spn_cost scale = spn_cost_parallel(multiply, multiply); /* by 1/sd, then by the gain */
    struct spn_cost pass1 = spn_logic_action(&logic, mean, 1);
    struct spn_cost pass2 = spn_logic_action(&logic, spn_cost_parallel(add, square), 1);
    struct spn_cost pass3 = spn_logic_action(&logic, spn_cost_parallel(scale, add), 1);
    struct spn_cost row = spn_cost_parallel(root, scale); /* sum/n, squares/n, then 1/sqrt */
    *out = spn_logic_component(
        beside(beside(mean, beside(add, add)), beside(square, beside(scale, root))));
    out->action[SPN_NORM_LAYERNORM_ELEMENT] = spn_cost_serial(pass1, spn_cost_serial(pass2, pass3));
    out->action[SPN_NORM_RMSNORM_ELEMENT] =
        spn_cost_serial(spn_logic_action(&logic, square, 1), spn_logic_action(&logic, scale, 1));
    out->action[SPN_NORM_ROW] = spn_logic_action(&logic, row, 1);
    return SPN_OK;
}

const struct spn_component_type spn_component_norm = {
    .name = "norm",
    .role = "digital",
    .doc = "layernorm and rmsnorm over rows",
    .size = sizeof(struct spn_norm),
    .fields = norm_fields,
    .actions = norm_actions,
    .model = "B20, B25",
    .example = norm_example,
    .eval = norm_eval,
};
