#!/usr/bin/env bash
# All suites: unit tests and command line with gcc; again with clang under ASan and UBSan; memory checks with valgrind; the
# distribution. The last line sums them.
set -u
cd "$(dirname "$0")/.."
jobs=$(getconf _NPROCESSORS_ONLN)
passed=0 failed=0

# Add up "Checks: N, Failures: N, Errors: N" and "N passed, N failed" lines of the given logs.
count() {
    local numbers
    numbers=$(cat "$@" /dev/null 2>/dev/null | awk '
        /^[0-9]+%: Checks: / { gsub(/[^0-9 ]/, ""); passed += $2 - $3 - $4; failed += $3 + $4 }
        /^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3 }
        END { print passed + 0, failed + 0 }')
    passed=$((passed + ${numbers% *})) failed=$((failed + ${numbers#* }))
}

# step NAME COMMAND...: a step that fails without a counted failure counts as one.
step() {
    local name=$1 before=$failed
    shift
    echo "== $name"
    if ! "$@"; then
        echo "== $name: FAILED"
        [ "$failed" -gt "$before" ] || failed=$((failed + 1))
    fi
}

suites() { # in directory $1
    local status=0
    rm -f "$1"/tests/*.log
    make -s -k -C "$1" -j"$jobs" check > "$1/check.out" 2>&1 || status=1
    count "$1"/tests/*.log
    [ $status = 0 ] || { grep -E "^(FAIL|ERROR)|error:" "$1/check.out"; grep -hE ':[FE]:' "$1"/tests/*.log | head -40; }
    return $status
}

sanitized() { # in a copy of what a release holds, as this tree is configured already
    rm -rf build-sanitize
    { make -s distdir && mv "$(ls -d spindle-[0-9]*/)" build-sanitize && cd build-sanitize &&
        ./configure --quiet CC=clang CFLAGS='-O1 -g' --enable-werror --enable-sanitize && cd .. &&
        make -s -C build-sanitize -j"$jobs"; } > sanitize.out 2>&1 || { tail -20 sanitize.out; return 1; }
    suites build-sanitize
}

under_valgrind() { # the quick programs; the long ones run under ASan above
    local program status=0
    for program in tests/check_base tests/check_json tests/check_tech tests/check_network tests/check_weights \
        tests/check_map tests/check_estimate; do
        [ -x "$program" ] || continue
        if CK_FORK=no SPINDLE_DATA=. valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
            "$program" > "$program.valgrind" 2>&1; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1)) status=1
            tail -20 "$program.valgrind"
        fi
    done
    return $status
}

with_mpi() { # sweeps shared by three ranks
    command -v mpirun > /dev/null && pkg-config --exists ompi-c || { echo "no MPI here: left out"; return 0; }
    rm -rf build-mpi
    { make -s distdir && mv "$(ls -d spindle-[0-9]*/)" build-mpi && cd build-mpi &&
        ./configure --quiet --enable-werror --with-mpi && cd .. && make -s -C build-mpi -j"$jobs" spindle; } > mpi.out 2>&1 ||
        { tail -20 mpi.out; return 1; }
    SPINDLE=$PWD/build-mpi/spindle SPINDLE_DATA=$PWD tests/sweep.sh > build-mpi/sweep.log 2>&1 || { tail -20 build-mpi/sweep.log; return 1; }
    count build-mpi/sweep.log
    rm -rf build-mpi mpi.out
}

distribution() {
    make -s distcheck > distcheck.out 2>&1 || {
        grep -E "^(FAIL|ERROR)|error:" distcheck.out || tail -30 distcheck.out
        find spindle-[0-9]* -name '*.log' -exec grep -hE ':[FE]:|^(cli|golden|house|sweep):' {} + | head -40
        return 1
    }
    rm -f distcheck.out spindle-*.tar.gz
    passed=$((passed + 1))
}

clean_tree() { # the build leaves nothing behind that git sees
    [ ! -e .git ] || [ -z "$(git status --porcelain)" ] || { git status --short | head; return 1; }
    passed=$((passed + 1))
}

step "unit tests and command line (gcc)" suites .
step "the same under ASan and UBSan (clang)" sanitized
step "valgrind" under_valgrind
rm -rf build-sanitize sanitize.out
step "sweeps with MPI" with_mpi
step "make distcheck" distribution
[ "${CI:-}" != true ] || step "clean tree" clean_tree
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
