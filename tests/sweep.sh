#!/usr/bin/env bash
# Sweeps as a user meets them: kill -9 at any time, two at once, Ctrl-C, shards, questions, figures, errors.
suite=sweep
. "$(dirname "$0")/lib.sh"
is() { if [ "$2" = "$3" ]; then ok; else bad "$1: $2, not $3"; fi; }
# expect CODE WORDS COMMAND...
expect() {
    local code=$1 words=$2
    shift 2
    "$@" > out 2> err
    local got=$?
    if [ "$got" != "$code" ]; then
        bad "exit $got, not $code: $*: $(head -1 err)"
    elif ! grep -qF -- "$words" err out; then
        bad "no \"$words\" in: $(head -1 err): $*"
    else
        ok
    fi
}
# The value of a row of table "counts".
count() { "$spindle" pareto "$1" --count 1 --format tsv | awk -F'\t' -v name="$2" '$1 == "counts" && $2 == name { print $4 }'; }

cat > space.json << 'END'
{ "name": "test-space", "network": "vgg8", "chip": "ning2025",
  "scheme": ["dense", "external-index", "index-free"],
  "axes": { "chip.sparsity.index_format": {"values": ["bitmap", "csr", "rle"], "when": {"scheme": "external-index"}},
            "array": {"set": ["chip.array.rows", "chip.array.columns"], "values": [32, 64, 128, 256]},
            "chip.clock_Hz": {"from": 1e8, "to": 1e9, "count": 20, "log": true},
            "chip.tile.bus_bit": [32, 64, 128, 256, 512],
            "chip.adc.bits": {"from": 3, "to": 8, "step": 1},
            "chip.adc.columns_per_adc": [2, 4, 5, 8] },
  "derived": {"edp_Js": "energy_J * latency_s"},
  "constraints": ["area_m2 < 1e-3"],
  "objectives": ["min energy_J", "min latency_s", "min area_m2"] }
END
n=48000 # (2 + 3) 4 20 5 6 4

# In memory, on one and two threads: the same bytes.
"$spindle" sweep space.json --count 0 --threads 1 --format json > one.json 2> err || bad "sweep: $(cat err)"
"$spindle" sweep space.json --count 0 --threads 2 --format json > two.json 2> err || bad "sweep: $(cat err)"
sed -i '/"command"/d; s/--threads [12]//' one.json two.json
if cmp -s one.json two.json; then ok; else bad "one and two threads differ"; fi

# kill -9, 20 times, at different moments; then to the end. Each stop loses at most what was in work.
rounds=0 before=0
while [ $rounds -lt 20 ]; do
    "$spindle" sweep space.json --db killed.sqlite --threads 2 > /dev/null 2>&1 &
    child=$!
    sleep "0.$((3 + rounds % 4))"
    kill -9 $child 2> /dev/null
    wait $child 2> /dev/null
    rounds=$((rounds + 1))
    [ -e killed.sqlite ] || continue
    stored=$(count killed.sqlite stored)
    if [ "${stored:-0}" -ge "$before" ]; then before=${stored:-0}; else bad "stored designs went from $before to $stored"; fi
    if [ "$before" = $n ]; then # killed too late: again from the start
        rm -f killed.sqlite*
        before=0
    fi
done
expect 0 "in the space" "$spindle" sweep space.json --db killed.sqlite --threads 2 --format tsv
is "stored before" "$(awk -F'\t' '$2 == "stored before" { print $4 }' out)" "$before"
is "evaluated now" "$(awk -F'\t' '$2 == "evaluated now" { print $4 }' out)" "$((n - before))"
is "stored after 20 kills" "$(count killed.sqlite stored)" $n

# Two at once on one file share the work.
"$spindle" sweep space.json --db shared.sqlite --threads 1 --format tsv > first.tsv 2> /dev/null &
first=$!
"$spindle" sweep space.json --db shared.sqlite --threads 1 --format tsv > second.tsv 2> /dev/null
wait $first
is "evaluated by two" "$(awk -F'\t' '$2 == "evaluated now" { n += $4 } END { print n }' first.tsv second.tsv)" $n
is "stored by two" "$(count shared.sqlite stored)" $n

# Ctrl-C finishes what is in work, and the rest follows later.
"$spindle" sweep space.json --db stopped.sqlite --threads 2 > out 2> err &
child=$!
until [ -s stopped.sqlite ] || ! kill -0 $child 2> /dev/null; do sleep 0.02; done
kill -INT $child 2> /dev/null
wait $child
code=$?
if [ $code = 130 ] || [ $code = 0 ]; then ok; else bad "exit $code after Ctrl-C"; fi # 0: it was done already
if [ $code = 0 ] || grep -q "Stopped early" out || grep -qE "evaluated now +$n\$" out; then ok; else bad "a stopped sweep does not say so"; fi
expect 0 "in the space" "$spindle" sweep space.json --db stopped.sqlite
is "stored after Ctrl-C" "$(count stopped.sqlite stored)" $n

# SIGTERM, once it is caught, ends a training run with what was reached; a second run goes on from there.
if [ -r /proc/self/status ]; then
    "$spindle" train msnet-letters --weights stopped.safetensors > out 2> err &
    child=$!
    until grep -qE '^SigCgt:.*[4-7c-f][0-9a-f]{3}$' /proc/$child/status 2> /dev/null || ! kill -0 $child 2> /dev/null; do sleep 0.02; done
    kill -TERM $child
    wait $child
    is "exit code after SIGTERM" $? 143
    if [ "$(wc -l < err)" = 1 ] && grep -q "Stopped early" out && [ -s stopped.safetensors ]; then ok; else bad "training that is stopped keeps nothing: $(head -1 err)"; fi
    expect 0 "trained on" "$spindle" train msnet-letters --set train.start=stopped.safetensors --set train.epochs=0.1 --set train.prune.end_epoch=0 --weights further.safetensors
fi

# Where nothing can be written is found out before the work.
echo x > file
for command in "sweep space.json" "optimize space.json" "sensitivity vgg8-uncertain" "reproduce ning2025" "simulate msnet"; do
    expect 2 "--out=file: is not a folder" "$spindle" $command --out file
    is "lines of $command" "$(wc -l < err)" 1
done
expect 4 "no/w.safetensors: cannot write" "$spindle" train msnet-letters --weights no/w.safetensors

# Shards and merging.
for i in 0 1 2; do expect 0 "in the space" "$spindle" sweep space.json --db shard$i.sqlite --shard $i/3; done
expect 0 "stored" "$spindle" merge all.sqlite shard0.sqlite shard1.sqlite shard2.sqlite
for db in killed shared stopped all; do
    "$spindle" pareto $db.sqlite --count 0 --format tsv | grep -v '^#' > $db.tsv
done
for db in shared stopped all; do
    if cmp -s killed.tsv $db.tsv; then ok; else bad "$db.sqlite differs from killed.sqlite"; fi
done

# Three ranks, where built with MPI; a second run finds everything done.
if "$spindle" version | grep -q 'MPI v' && command -v mpirun > /dev/null; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    expect 0 "in the space" mpirun --oversubscribe -n 3 "$spindle" sweep space.json --db ranks.sqlite --format tsv
    is "evaluated by three ranks" "$(awk -F'\t' '$2 == "evaluated now" { print $4 }' out)" $n
    is "files left by ranks" "$(ls ranks.sqlite.rank* 2> /dev/null | wc -l)" 0
    "$spindle" pareto ranks.sqlite --count 0 --format tsv | grep -v '^#' > ranks.tsv
    if cmp -s killed.tsv ranks.tsv; then ok; else bad "ranks.sqlite differs from killed.sqlite"; fi
    expect 0 "in the space" mpirun --oversubscribe -n 2 "$spindle" sweep space.json --db ranks.sqlite --format tsv
    is "evaluated again" "$(awk -F'\t' '$2 == "evaluated now" { print $4 }' out)" 0
    expect 2 "several ranks need --db" mpirun --oversubscribe -n 2 "$spindle" sweep space.json
    expect 3 "another space" mpirun --oversubscribe -n 2 "$spindle" sweep vgg8-space --db ranks.sqlite
fi

# Simulated accuracy: killed 3 times; two at once; shards; the same front each time, and searches against it.
cat > accuracy.json << 'END'
{ "name": "test-accuracy", "network": "msnet", "chip": "ning2025", "scheme": ["external-index", "index-free"],
  "axes": { "array": {"set": ["chip.array.rows", "chip.array.columns"], "values": [16, 32, 64]}, "chip.adc.bits": [2, 3, 4, 5, 6],
            "chip.adc.columns_per_adc": [2, 4], "chip.clock_Hz": [2.5e8, 5e8, 1e9] },
  "accuracy": {"images": 400}, "objectives": ["min energy_J", "max accuracy"] }
END
lazy() { awk -F'\t' -v name="$1" '$1 == "counts" && $2 ~ name { print $4 }' out; }
expect 0 "simulated now" "$spindle" sweep accuracy.json --threads 1 --count 0 --format tsv
grep '^front' out > accuracy.tsv
simulated=$(lazy "simulated now") spared=$(lazy "need not be simulated")
if [ "$simulated" -gt 0 ] && [ "$spared" -gt 0 ]; then ok; else bad "$simulated simulated, $spared spared"; fi
for _ in 1 2 3; do
    "$spindle" sweep accuracy.json --db accuracy.sqlite --threads 2 > /dev/null 2>&1 &
    child=$!
    sleep 0.3
    kill -9 $child 2> /dev/null
    wait $child 2> /dev/null
done
expect 0 "simulated now" "$spindle" sweep accuracy.json --db accuracy.sqlite --threads 2 --count 0 --format tsv
is "simulated before and now" "$(($(lazy "simulated before") + $(lazy "simulated now")))" "$simulated"
if grep '^front' out | cmp -s - accuracy.tsv; then ok; else bad "a killed sweep has another front of accuracy"; fi
"$spindle" sweep accuracy.json --db both.sqlite --threads 1 > /dev/null 2>&1 &
first=$!
expect 0 "simulated" "$spindle" sweep accuracy.json --db both.sqlite --threads 1
wait $first
is "exit code of the other" $? 0
for i in 0 1; do expect 0 "merge the parts" "$spindle" sweep accuracy.json --db part$i.sqlite --shard $i/2; done
expect 0 "accuracy not simulated" "$spindle" merge parts.sqlite part0.sqlite part1.sqlite
for db in both parts; do
    expect 0 "simulated now" "$spindle" sweep accuracy.json --db $db.sqlite --count 0 --format tsv
    if grep '^front' out | cmp -s - accuracy.tsv; then ok; else bad "$db.sqlite has another front of accuracy"; fi
done
for method in nsga2 bayes; do
    if [ $method = bayes ]; then n_tries=24; else n_tries=100; fi
    expect 0 "hypervolume" "$spindle" optimize accuracy.json --method $method --evaluations $n_tries --population 8 --against accuracy.sqlite \
        --db $method.sqlite --format tsv
    cp out $method.tsv
    awk -F'\t' '$1 == "against" && $2 ~ "^hypervolume" { found = $4 > 0.9 } END { exit !found }' out && ok || bad "$method: $(grep hypervolume out)"
    expect 0 "hypervolume" "$spindle" optimize accuracy.json --method $method --evaluations $n_tries --population 8 --against accuracy.sqlite \
        --db $method.sqlite --format tsv --threads 1
    is "simulated again by $method" "$(lazy "accuracies simulated")" 0
    if cmp -s <(grep '^front' out) <(grep '^front' $method.tsv); then ok; else bad "$method: another front when run again"; fi
done
expect 3 "another space" "$spindle" optimize space.json --evaluations 20 --against accuracy.sqlite
expect 2 "too slow to be sampled" "$spindle" sensitivity accuracy.json --of accuracy
expect 0 "energy" "$spindle" sensitivity accuracy.json
sed 's/"msnet"/"lenet5"/' accuracy.json > weightless.json
expect 3 "lenet5 has no weights" "$spindle" sweep weightless.json

# What cannot be built says why, the same whoever meets it first.
for threads in 1 2; do "$spindle" sweep node-device --threads $threads --count 1 2> err | grep -v command > why.$threads; done
if grep -q "Infeasible is, for one, design [0-9]*: .* is above" why.1 && cmp -s why.1 why.2; then ok; else bad "no reason for infeasible designs"; fi

# Questions and figures.
expect 0 "index-free" "$spindle" best all.sqlite --min latency_s --where "scheme = 'index-free' AND area_m2 < 5e-5" --count 3
expect 1 "no stored design is good" "$spindle" best all.sqlite --min latency_s --where "area_m2 < 0"
expect 0 "edp" "$spindle" pareto all.sqlite --min edp_Js --max ops_per_s_m2 --format markdown
expect 2 'did you mean "latency_s"' "$spindle" best all.sqlite --min latency
expect 2 "a bracket too many" "$spindle" best all.sqlite --where "1) OR (1"
expect 2 "no such column: latncy_s: did you mean latency_s?" "$spindle" best all.sqlite --where "latncy_s < 1"
expect 2 "is no number" "$spindle" best all.sqlite --min scheme
for figure in pareto heatmap parallel; do
    expect 0 "$figure" "$spindle" plot all.sqlite --figure $figure --out figures
    if [ -s figures/$figure.dat ] && [ -s figures/$figure.gp ]; then ok; else bad "no $figure"; fi
    if ! command -v gnuplot > /dev/null || [ -s figures/$figure.svg ]; then ok; else bad "no picture of $figure"; fi
done
expect 2 "two different axes" "$spindle" plot all.sqlite --figure heatmap --x scheme --y scheme
mkdir empty
(PATH=$work/empty exec "$spindle" plot all.sqlite --out bare) > out 2> err
is "exit code without gnuplot" $? 0
if grep -q "no gnuplot" err && [ -s bare/pareto.dat ]; then ok; else bad "without gnuplot: $(head -1 err)"; fi

# Errors.
expect 2 "not I/N" "$spindle" sweep space.json --shard 3/3
expect 3 "no/such.json" "$spindle" sweep no/such.json
if command -v sqlite3 > /dev/null; then
    sqlite3 empty.sqlite 'CREATE TABLE points(a)'
    expect 3 "is not a store" "$spindle" pareto empty.sqlite
fi
sed 's/"chip.adc.bits"/"chip.adc.bit"/' space.json > typo.json
expect 3 'did you mean "bits"' "$spindle" sweep typo.json
sed 's/1e8/2e8/' space.json > changed.json
expect 3 "another space" "$spindle" sweep changed.json --db all.sqlite
expect 3 "not a database" "$spindle" sweep space.json --db space.json
expect 3 "cannot open" "$spindle" best no/such.sqlite
trap '' XFSZ
(ulimit -f 1000 && "$spindle" sweep space.json --db full.sqlite) > out 2> err # a disk that is full
is "exit code with a full disk" $? 4
if grep -q "full.sqlite: cannot [a-z]* points: .*disk full?" err; then ok; else bad "full disk: $(tail -1 err)"; fi
expect 0 "in the space" "$spindle" sweep space.json --db full.sqlite
is "stored after a full disk" "$(count full.sqlite stored)" $n
small=$work/small
mkdir "$small"
if mount -t tmpfs -o size=1m tmpfs "$small" 2> /dev/null; then # a real one, where we may
    expect 4 "disk full?" "$spindle" sweep space.json --db "$small/full.sqlite"
    expect 0 "stored" "$spindle" pareto "$small/full.sqlite" --count 1
    umount "$small"
fi

finish
