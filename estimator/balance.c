/* balance.c -- how many copies each layer gets, so that a budget buys most speed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Slowest layer [M:E40]: for a time T each layer has a least number of copies; T is reachable iff
 * these fit. Bisection narrows T, then each further step asks for strictly less than the best so
 * far, until that does not fit: a proof that nothing faster does.
 *
 * Sum [M:E41]: with a price p of cost each layer by itself minimises time + p cost copies; all
 * copies together are then the best that their cost can buy (Lagrange). The price is bisected, and
 * what is left is spent step by step.
 */
#include "estimator/balance.h"

#include <math.h>
#include <string.h>

enum {
    NARROWING = 24,
    PRICE_RANGE = 40, /* powers of two below the price of nothing */
    PRICES = 14       /* halvings of that range: to 1 % or better */
};

static double slowest_s(const struct spn_balance *b, const int *copies)
{
    double slowest = 0;

    for (int i = 0; i < b->n; i++)
        slowest = fmax(slowest, b->time_s(b->ctx, i, copies[i]));
    return slowest;
}

/* Fewest copies of a layer for a time of at most (strictly: below) limit_s, 0 if none will do. */
static int fewest(const struct spn_balance *b, int layer, double limit_s, bool strictly)
{
    int low = 0, high = 1; /* low is too few; high is not known yet */

    for (;;) {
        double time_s = b->time_s(b->ctx, layer, high);
        if (strictly ? time_s < limit_s : time_s <= limit_s)
            break;
        if (high >= b->most[layer])
            return 0;
        low = high;
        high = high > b->most[layer] / 2 ? b->most[layer] : 2 * high;
    }
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        double time_s = b->time_s(b->ctx, layer, middle);
        if (strictly ? time_s < limit_s : time_s <= limit_s)
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* Copies for a limit, if they exist and fit. */
static bool reach(const struct spn_balance *b, double limit_s, bool strictly, int *trial)
{
    for (int i = 0; i < b->n; i++)
        if ((trial[i] = fewest(b, i, limit_s, strictly)) == 0)
            return false;
    return b->fits(b->ctx, trial);
}

void spn_balance_slowest(const struct spn_balance *b, int *copies, int *trial)
{
    const size_t size = (size_t)b->n * sizeof *copies;
    double high, low = 0;

    for (int i = 0; i < b->n; i++) {
        copies[i] = 1;
        low = fmax(low, b->time_s(b->ctx, i, b->most[i]));
    }
    high = slowest_s(b, copies);
    for (int k = 0; k < NARROWING && low < high; k++) {
        double middle = low + (high - low) / 2;
        if (reach(b, middle, false, trial)) {
            memcpy(copies, trial, size);
            high = slowest_s(b, copies);
        } else {
            low = middle;
        }
    }
    while (reach(b, high, true, trial)) {
        memcpy(copies, trial, size);
        high = slowest_s(b, copies);
    }
}

static double value_at(const struct spn_balance *b, int layer, int copies, double price)
{
    return b->time_s(b->ctx, layer, copies) + price * copies;
}

/* Copies that minimise time + price copies: the best power of two, then from one number that makes
 * it faster to the next, and back, while that pays. */
static int best_at(const struct spn_balance *b, int layer, double price)
{
    const int most = b->most[layer];
    int best = 1;
    double least = value_at(b, layer, 1, price);

    for (int c = 1; c < most && price * c < least;) {
        c = c > most / 2 ? most : 2 * c;
        double value = value_at(b, layer, c, price);
        if (value < least) {
            least = value;
            best = c;
        }
    }
    for (int up = 1; up >= 0; up--) {
        for (;;) {
            double now_s = b->time_s(b->ctx, layer, best);
            int next = up ? fewest(b, layer, now_s, true) : best - 1;
            next = !up && next > 0 ? fewest(b, layer, b->time_s(b->ctx, layer, next), false) : next;
            if (next < 1 || value_at(b, layer, next, price) >= least)
                break;
            best = next;
            least = value_at(b, layer, best, price);
        }
    }
    int needed = fewest(b, layer, b->time_s(b->ctx, layer, best), false);
    return needed > 0 ? needed : best; /* no more than this time needs */
}

static bool buy(const struct spn_balance *b, double price, int *trial)
{
    for (int i = 0; i < b->n; i++)
        trial[i] = best_at(b, i, price * b->cost(b->ctx, i));
    return b->fits(b->ctx, trial);
}

/* What is left buys single steps, the one that gains most for its cost first. */
static void spend_rest(const struct spn_balance *b, int *copies, int *trial)
{
    memset(trial, 0, (size_t)b->n * sizeof *trial); /* 1: no further step of this layer fits */
    for (;;) {
        int best = -1, best_next = 0;
        double most = 0;
        for (int i = 0; i < b->n; i++) {
            double now_s = b->time_s(b->ctx, i, copies[i]);
            int next = trial[i] ? 0 : fewest(b, i, now_s, true);
            if (next == 0) {
                trial[i] = 1;
                continue;
            }
            double gain =
                (now_s - b->time_s(b->ctx, i, next)) / (b->cost(b->ctx, i) * (next - copies[i]));
            if (gain > most) {
                most = gain;
                best = i;
                best_next = next;
            }
        }
        if (best < 0)
            return;
        int before = copies[best];
        copies[best] = best_next;
        if (!b->fits(b->ctx, copies)) {
            copies[best] = before;
            trial[best] = 1;
        }
    }
}

void spn_balance_sum(const struct spn_balance *b, int *copies, int *trial)
{
    const size_t size = (size_t)b->n * sizeof *copies;
    double dear = 0, cheap;

    for (int i = 0; i < b->n; i++) {
        copies[i] = 1;
        /* At this price no second copy pays. */
        dear = fmax(dear, b->time_s(b->ctx, i, 1) / b->cost(b->ctx, i));
    }
    if (!(dear > 0))
        return;
    cheap = ldexp(dear, -PRICE_RANGE);
    for (int k = 0; k < PRICES; k++) {
        double price = sqrt(cheap * dear);
        if (buy(b, price, trial)) {
            memcpy(copies, trial, size);
            dear = price;
        } else {
            cheap = price;
        }
    }
    spend_rest(b, copies, trial);
}
