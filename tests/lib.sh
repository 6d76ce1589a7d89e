# lib.sh -- what the tests of the program share: a folder of their own, a count, one line for what goes wrong.
# Sourced by cli.sh, paths.sh and sweep.sh, which begin with their name: suite=...
set -u
export LC_ALL=C
root=${SPINDLE_DATA:-$(cd "$(dirname "$0")/.." && pwd)}
spindle=${SPINDLE:-$root/spindle}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "$suite: $*"
}
finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
