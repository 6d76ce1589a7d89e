#!/usr/bin/env bash
# Sweeps over threads and, where built with MPI, ranks: points per second, stored, and the share of n times one.
#     bench/scaling.sh [SPACE]      environment: SPINDLE, MAX (default: the CPUs)
set -eu
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
spindle=${SPINDLE:-$root/spindle}
export SPINDLE_DATA=${SPINDLE_DATA:-$root}
space=${1:-bench-space}
max=${MAX:-$(nproc)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# "141120 designs in 1.9 s, 74000/s" on standard error
rate() { sed -nE 's|.* designs in .* s, ([0-9]+)/s.*|\1|p' "$work/err"; }
row() { # WHAT N RATE ONE
    awk -v what="$1" -v n="$2" -v rate="$3" -v one="$4" \
        'BEGIN { printf "%-8s %4d %10d points/s  %5.1f %% of %d times one\n", what, n, rate, 100 * rate / (n * one), n }'
}
one=
for ((n = 1; n <= max; n *= 2)); do
    rm -f "$work"/*.sqlite*
    "$spindle" sweep "$space" --db "$work/t.sqlite" --threads $n --count 1 > /dev/null 2> "$work/err"
    one=${one:-$(rate)}
    row threads $n "$(rate)" "$one"
done
if ! "$spindle" version | grep -q 'MPI v' || ! command -v mpirun > /dev/null; then
    echo "ranks: not built with MPI (configure --with-mpi)"
    exit 0
fi
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
one=
for ((n = 1; n <= max; n *= 2)); do # the rate counts the gathering of the ranks' files
    rm -f "$work"/*.sqlite*
    mpirun --oversubscribe -n $n "$spindle" sweep "$space" --db "$work/r.sqlite" --threads 1 --count 1 > /dev/null 2> "$work/err"
    one=${one:-$(rate)}
    row ranks $n "$(rate)" "$one"
done
