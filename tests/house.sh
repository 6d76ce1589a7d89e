#!/usr/bin/env bash
# What the house promises: includes point up only, cJSON stays in base/json.c, sources are cited, no unchecked calls.
set -u
cd "${SPINDLE_DATA:-$(dirname "$0")/..}" || exit 1
passed=0 failed=0
check() { # NAME, then text of offences on standard input
    local offences
    offences=$(cat)
    if [ -z "$offences" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "house: $1:"
        echo "$offences" | head -10
    fi
}

wings="base tech networks models estimator simulator explorer reports cli"
below=
for wing in $wings; do # an include may only point to its own wing or one named before it
    below="$below|$wing"
    { grep -nE '^#include "' "$wing"/*.[ch] 2>/dev/null || true; } |
        grep -vE "#include \"(${below#|})/" | grep -v '#include "spindle.h"' | check "includes of $wing/"
done

{ grep -ln 'cJSON.h' ./*/*.[ch] || true; } | grep -v '^./base/json.c$' | check "cJSON.h outside base/json.c"
{ grep -nE '\b(atoi|atof|strcpy|strcat|sprintf|gets)\(' ./*/*.[ch] || true; } | check "unchecked calls"
{ grep -nE '\b(exit|abort)\(' {base,tech,networks,models,estimator,simulator,explorer,reports}/*.c 2>/dev/null || true; } |
    grep -v '_exit(127)' | check "exit or abort in the library"
{ grep -nE '\b(printf|puts|putchar)\(|fprintf\(std' {base,tech,networks,models,estimator,simulator,explorer,reports}/*.c 2>/dev/null || true; } |
    check "printing in the library"
wc -l ./*/*.[ch] | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines" }' | check "files of a readable size"
for file in ./{base,tech,networks,models,estimator,simulator,explorer,reports,cli}/*.[ch]; do
    [ -e "$file" ] || continue
    sed -n 3p "$file" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' ||
        sed -n 1,6p "$file" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' || echo "$file"
done | check "licence lines"

# Every [key] cited in code, models and data resolves in docs/REFERENCES.bib.
known=$(sed -nE 's/^@[a-z]+\{([^,]+),.*/\1/p' docs/REFERENCES.bib | sort -u)
{ grep -ohE '\[[a-z]+[0-9]{2,4}[a-z]*[],]' ./*/*.[ch] tech/*/*.json networks/*.json docs/MODELS.md 2>/dev/null || true; } |
    tr -d '[],' | sort -u | comm -23 - <(echo "$known") | check "citations without an entry in docs/REFERENCES.bib"
# Every equation that code refers to stands in docs/MODELS.md.
{ grep -ohE '\[M:[A-Z]+[0-9]+' ./*/*.[ch] || true; } | sed 's/\[M://' | sort -u | while read -r equation; do
    grep -qE "(\*\*|\()$equation(\*\*|\)|[^0-9])" docs/MODELS.md || echo "$equation"
done | check "equations without an entry in docs/MODELS.md"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
