/* expr.c -- expressions through muParser's C interface.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "explorer/expr.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <muParserDLL.h>

#include "base/text.h"

enum { MAX_TEXT = 1000 };

struct spn_expr {
    muParserHandle_t parser;
};

static void on_error(muParserHandle_t parser) /* muParser prints to standard output without one */
{
    (void)parser;
}

struct names {
    const struct spn_expr_name *list;
    size_t n;
};

static const char *next_name(const void *ctx, size_t i)
{
    const struct names *names = ctx;
    return i < names->n ? names->list[i].name : NULL;
}

static enum spn_status fail(muParserHandle_t parser, const char *text, const struct names *names,
                            struct spn_err *err)
{
    char token[64];
    const char *word = mupGetErrorToken(parser);
    spn_text_copy(token, sizeof token, word ? word : "");
    const char *near = *token ? spn_text_nearest(token, next_name, names) : NULL;
    if (near && strcmp(near, token) != 0)
        return spn_err_set(
            err, SPN_EINPUT,
            "expression \"%.200s\": no result is called \"%s\": did you mean \"%s\"?", text, token,
            near);
    return spn_err_set(err, SPN_EINPUT, "expression \"%.200s\": %.200s", text,
                       mupGetErrorMsg(parser));
}

enum spn_status spn_expr_create(struct spn_expr **out, const char *text,
                                const struct spn_expr_name *names, size_t n_names,
                                struct spn_err *err)
{
    const struct names all = {names, n_names};
    if (strlen(text) > MAX_TEXT)
        return spn_err_set(err, SPN_EINPUT, "expression \"%.60s...\": longer than %d characters",
                           text, MAX_TEXT);
    int depth = 0, deepest = 0;
    for (const char *c = text; *c; c++) {
        depth += (*c == '(' || *c == '?') - (*c == ')');
        deepest = depth > deepest ? depth : deepest;
        if (!isprint((unsigned char)*c))
            return spn_err_set(err, SPN_EINPUT,
                               "expression \"%.60s\": holds a character that is not ASCII", text);
        if (*c == '"' || (*c == ',' && depth == 0) ||
            (*c == '=' && c[1] != '=' && (c == text || !strchr("<>=!", c[-1]))))
            return spn_err_set(err, SPN_EINPUT, "expression \"%.200s\": '%c' has no meaning here",
                               text, *c);
    }
    if (deepest > 100)
        return spn_err_set(err, SPN_EINPUT, "expression \"%.60s...\": nested deeper than 100",
                           text);
    struct spn_expr *expr = calloc(1, sizeof *expr);
    if (!expr || !(expr->parser = mupCreate(muBASETYPE_FLOAT))) {
        free(expr);
        return spn_err_memory(err, "an expression");
    }
    mupSetErrorHandler(expr->parser, on_error);
    mupDefineNameChars(expr->parser,
                       "0123456789_.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    for (size_t i = 0; i < n_names && !mupError(expr->parser); i++)
        mupDefineVar(expr->parser, names[i].name, names[i].value);
    mupSetExpr(expr->parser, text);
    if (!mupError(expr->parser))
        (void)mupEval(expr->parser); /* parses */
    enum spn_status status = mupError(expr->parser) ? fail(expr->parser, text, &all, err) : SPN_OK;
    if (status)
        spn_expr_destroy(expr);
    else
        *out = expr;
    return status;
}

void spn_expr_destroy(struct spn_expr *expr)
{
    if (!expr)
        return;
    mupRelease(expr->parser);
    free(expr);
}

double spn_expr_value(struct spn_expr *expr)
{
    double value = mupEval(expr->parser);
    return mupError(expr->parser) ? NAN : value;
}

bool spn_expr_uses(struct spn_expr *expr, const char *name)
{
    int n = mupGetExprVarNum(expr->parser);
    for (int i = 0; i < n; i++) {
        const muChar_t *used = NULL;
        muFloat_t *value = NULL;
        mupGetExprVar(expr->parser, (unsigned)i, &used, &value);
        if (used && strcmp(used, name) == 0)
            return true;
    }
    return false;
}
