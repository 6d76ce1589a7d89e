/* units.c -- SI numbers for people.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LEAST_MM2 0.01 /* 0.949 mm2 reads better than 949000 um2 */

void spn_units_format(char *out, size_t size, double value, const char *unit, int digits)
{
    static const char *const prefixes[] = {"a", "f", "p", "n", "u", "m",
                                           "",  "k", "M", "G", "T", "P"};
    const int unity = 6, last = strcmp(unit, "s") == 0 ? unity : 11; /* nobody says kiloseconds */
    int power = strcmp(unit, "m2") == 0 ? 2 : 1; /* square metres: prefixes are squared */
    double step = power == 2 ? 1e6 : 1e3, scaled = value;
    int i = unity;
    if (!*unit && fabs(value) < 1e6 && value == floor(value)) {
        snprintf(out, size, "%.0f", value);
        return;
    }
    if (!*unit || value == 0 || !isfinite(value)) {
        snprintf(out, size, *unit ? "%.*g %s" : "%.*g", digits, value, unit);
        return;
    }
    int first = power == 2 ? unity - 2 : 0; /* um2 is the smallest area, mm2 the largest but m2 */
    while (fabs(scaled) < (power == 2 && i == unity - 1 ? LEAST_MM2 : 1) && i > first) {
        scaled *= step;
        i--;
    }
    while (fabs(scaled) >= step * (1 - 1e-12) && i < last && !(power == 2 && i == unity)) {
        scaled /= step;
        i++;
    }
    double unit_in_last_place = pow(10, floor(log10(fabs(scaled))) + 1 - digits);
    scaled = round(scaled / unit_in_last_place) * unit_in_last_place;
    if (fabs(scaled) >= step * (1 - 1e-12) && i < last && !(power == 2 && i == unity)) {
        scaled /= step; /* 999.9 nJ in three digits is 1.00 uJ */
        i++;
    }
    int before = (int)floor(log10(fabs(scaled) * (1 + 1e-12))) + 1; /* digits before the point */
    int decimals = digits > before ? digits - before : 0;
    snprintf(out, size, "%.*f %s%s", decimals, scaled, prefixes[i], unit);
}
