#!/usr/bin/env bash
# Results that must not move unnoticed: runs each tests/golden/<case>/cmd and compares with expect. --update rewrites them.
set -u
export LC_ALL=C
root=${SPINDLE_DATA:-$(cd "$(dirname "$0")/.." && pwd)}
spindle=${SPINDLE:-$root/spindle}
numdiff=$(dirname "$spindle")/tests/numdiff
passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for case in "$root"/tests/golden/*/; do
    (cd "$work" && eval "\"$spindle\" $(cat "$case/cmd")") > "$work/got" 2> "$work/err" || cat "$work/err"
    if [ "${1:-}" = --update ]; then
        grep -v '^#.*crc32' "$work/got" > "$case/expect"
    elif "$numdiff" "$case/expect" "$work/got"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "golden: $(basename "$case")"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
