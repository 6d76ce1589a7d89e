#!/usr/bin/env bash
# What the house promises: includes point up only, cJSON stays in base/json.c, sources are cited, no unchecked calls.
set -u
export LC_ALL=C
cd "${SPINDLE_DATA:-$(dirname "$0")/..}" || exit 1
passed=0 failed=0
check() { # NAME OFFENCES
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "house: $1:"
        echo "$2" | head -20
    fi
}

library=$(ls ./{base,tech,networks,models,estimator,simulator,explorer,reports}/*.c 2> /dev/null)
code=$(ls ./*/*.[ch])

below=
for wing in base tech networks models estimator simulator explorer reports cli; do # includes go to this wing or one before
    below="$below${below:+|}$wing"
    check "includes of $wing/" "$(grep -nE '^#include "' ./"$wing"/*.[ch] 2> /dev/null |
        grep -vE "#include \"(($below)/|spindle.h)")"
done
check "cJSON.h outside base/json.c" "$(grep -l 'cJSON.h' $code | grep -v '^./base/json.c$')"
check "unchecked calls" "$(grep -nE '\b(atoi|atof|strcpy|strcat|sprintf|gets)\(' $code)"
check "exit or abort in the library" "$(grep -nE '\b(exit|abort)\(' $library)"
check "printing in the library" "$(grep -nE '\b(printf|puts|putchar)\(|fprintf\(std' $library)"
check "files of a readable size" "$(wc -l $code | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines" }')"
check "licence lines" "$(for file in $code; do
    sed -n 1,6p "$file" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' || echo "$file"
done)"

# Every [key] cited in code, models and data resolves in docs/REFERENCES.bib; every equation in docs/MODELS.md.
check "citations without an entry in docs/REFERENCES.bib" "$(
    grep -ohE '\[[a-z]+[0-9]{2,4}[a-z]*[],]' $code tech/*/*.json networks/*.json experiments/*.json docs/MODELS.md |
        tr -d '[],' | sort -u | comm -23 - <(sed -nE 's/^@[a-z]+\{([^,]+),.*/\1/p' docs/REFERENCES.bib | sort -u))"
check "equations without an entry in docs/MODELS.md" "$(
    grep -ohE '\[M:[A-Z]+[0-9]+' $code | sed 's/\[M://' | sort -u | while read -r equation; do
        grep -qE "(\*\*|\()$equation(\*\*|\)|[^0-9])" docs/MODELS.md || echo "$equation"
    done)"
check "equations of cost leaves without an entry in docs/MODELS.md" "$(
    sed -nE 's/.*\.model = "([^"]*)".*/\1/p' models/*.c | tr -d ' ' | tr ',' '\n' | sort -u | while IFS=- read -r first last; do
        letter=${first%%[0-9]*}
        last=${last:-$first}
        for ((n = ${first#"$letter"}; n <= ${last#"$letter"}; n++)); do
            grep -qE "\*\*\(?$letter$n[^0-9]" docs/MODELS.md || echo "$letter$n"
        done
    done)"
check "equation numbers given twice in docs/MODELS.md" "$(grep -oE '\*\*\(?[A-Z]+[0-9]+[a-z]?\b' docs/MODELS.md | tr -d '*(' | sort | uniq -d)"
check "sections that the contents of docs/MODELS.md lack" "$(
    sed -nE 's/^##+ (.*)/\1/p' docs/MODELS.md | grep -vx Contents | while read -r section; do
        grep -qF "[$section](#" docs/MODELS.md || echo "$section"
    done)"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
