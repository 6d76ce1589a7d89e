#!/usr/bin/env bash
# The program as a user meets it: help, exit codes, one-line errors, files, determinism.
suite=cli
. "$(dirname "$0")/lib.sh"

# expect CODE WORDS COMMAND...: exit code, exactly one line on stderr, holding WORDS
expect() {
    local code=$1 words=$2
    shift 2
    "$@" > out 2> err
    local got=$?
    if [ "$got" != "$code" ]; then
        bad "exit $got, not $code: $*: $(head -1 err)"
    elif [ "$code" != 0 ] && [ "$(wc -l < err)" != 1 ]; then
        bad "$(wc -l < err) lines on stderr: $*"
    elif ! grep -qF -- "$words" err out; then
        bad "no \"$words\" in: $(head -1 err): $*"
    elif [ "$code" != 0 ] && [ -s out ]; then
        bad "output beside an error: $*"
    else
        ok
    fi
}

# Every subcommand prints its own usage; help prints the fields.
expect 0 "usage: spindle SUBCOMMAND" "$spindle"
for command in $("$spindle" help | awk '/^  [a-z]+ /{print $1}'); do
    case $command in chip | device | node | dram | train | insitu) expect 0 "$command." "$spindle" help "$command" ;; esac
    case $command in chip | device | node | dram | space | insitu) continue ;; esac
    expect 0 "usage: spindle $command" "$spindle" "$command" --help
done
expect 0 ".SS spindle compare" "$spindle" help --man
expect 0 "actions: convert" "$spindle" help adc-sar
# From a number to its equation, and on to the paper: every equation that a component names, every source that data name.
"$spindle" list components | awk '{print $1}' | while read -r component; do
    "$spindle" help "$component" | sed -n 's/^equations: \(.*\) (spindle help.*/\1/p' | tr -d ' ' | tr ',' '\n'
done | sort -u > equations
[ "$(wc -l < equations)" -gt 40 ] && ok || bad "few equations: $(wc -l < equations)"
while read -r equation; do "$spindle" help "$equation" 2> err | grep -q '^docs/MODELS.md, ' || bad "help $equation: $(cat err)"; done < equations
expect 0 "[murmann] Murmann, Boris, ADC performance survey" "$spindle" help A20-A22
expect 0 "doi:10.1038/s41928-024-01328-4" "$spindle" help ning2025
expect 2 'nothing is called "A999"' "$spindle" help A999
for kind in nodes devices chips drams networks components schemes figures index-formats results; do
    expect 0 " " "$spindle" list $kind
done
expect 0 "spindle list devices" "$spindle" list
expect 0 "spindle 0" "$spindle" version

# The examples of every --help run, in this order; the longest are left to those who want them.
while read -r line; do
    case $line in *" train "* | *" reproduce "*) continue ;; esac
    (eval "\"$spindle\" ${line#spindle }") > out 2> err || bad "example $line: $(head -1 err)"
done < <(for command in $("$spindle" help | awk '/^  [a-z]+ /{print $1}'); do
    "$spindle" "$command" --help 2> /dev/null | sed -n '/^examples*:/,$s/^  spindle/spindle/p'
done)
for database in vgg8 all; do
    "$spindle" best $database.sqlite --count 0 --format tsv | grep -v '^# command' > $database.tsv
done
cmp -s vgg8.tsv all.tsv && ok || bad "two shards merged are not the whole sweep"

# Wrong usage: exit 2.
expect 2 "--device needs a value" "$spindle" compare vgg8 --device=
expect 2 "too few operands" "$spindle" estimate
expect 2 'did you mean "compare"' "$spindle" compar vgg8
expect 2 "did you mean --no-accuracy" "$spindle" compare vgg8 --no-acuracy
expect 2 "usage: spindle compare" "$spindle" compare
expect 2 "no article" "$spindle" reproduce ning2024
expect 2 "--seed=x is not a whole number" "$spindle" compare vgg8 --seed=x
expect 2 'did you mean "bits"' "$spindle" estimate vgg8 --set chip.adc.bit=6
expect 2 "outside" "$spindle" estimate vgg8 --set chip.adc.bits=99
expect 2 "PATH=VALUE" "$spindle" estimate vgg8 --set nonsense
expect 2 'did you mean "nodes"' "$spindle" list node

# Bad input: exit 3, with file and place.
expect 3 "no/such.json" "$spindle" estimate no/such.json
expect 3 "a training recipe, no design space" "$spindle" sweep msnet-letters
expect 3 "a design space, no training recipe" "$spindle" train vgg8-space
expect 3 "ning2025" "$spindle" estimate vgg8 --chip nin2025
printf '{"name": "x", "input": {"shape": [3, 8, 8]}, "layers": [{"name": "a", "op": "conv3d"}]}' > bad.json
expect 3 "bad.json" "$spindle" estimate bad.json
printf '{"name": "x", "input": {"shape": [3, 8, 8]}, "layers": [{"name": "a", "op": "conv2d", "chanels": 3, "kernel": 3}]}' > bad.json
expect 3 'did you mean "channels"' "$spindle" estimate bad.json
printf '{"name": "x", "input": {"shape": [8]}, "layers": [{"name": "a", "op": "relu"}]}' > bare.json
expect 3 "network x has no weights in arrays" "$spindle" compare bare.json --no-accuracy
head -c 100 "$root/networks/vgg8.json" > cut.json
expect 3 "cut.json: line" "$spindle" estimate cut.json
printf '{"base": "%s/tech/chips/ning2025.json", "node": "33nm-lstp"}' "$root" > chip.json
expect 3 "33nm-lstp" "$spindle" estimate vgg8 --chip chip.json
printf 'not a safetensors file' > w.safetensors
expect 3 "w.safetensors" "$spindle" simulate msnet --weights w.safetensors
printf '{"base": "%s/tech/chips/ning2025.json", "temperature_K": 1e999}' "$root" > chip.json
expect 3 "chip.json" "$spindle" estimate vgg8 --chip chip.json

# The README's way to one's own memory cell.
expect 0 "my-fefet" "$spindle" compare vgg8 --device "$root/tech/devices/my-fefet.json" --no-accuracy --out mine

# A cell of one's own: mistakes are named by file, field and range; the report lists that file's numbers, not the chip's cell's.
own() { printf '{"base": "%s/tech/devices/mos2-2fefet.json", "name": "own", %s}' "$root" "$1" > own.json; }
own '"on_conductance_S": -1e-5' && expect 3 "own.json: on_conductance_S: -1e-05 S is outside [1e-12, 1]" "$spindle" estimate vgg8 --device own.json
own '"on_conductance_S": {"value": 1e999}' && expect 3 "own.json: on_conductance_S.value: number too large" "$spindle" estimate vgg8 --device own.json
own '"on_conductance_S": {"value": "10 uS"}' && expect 3 "must be a number in S, without quotes and unit" "$spindle" estimate vgg8 --device own.json
own '"on_conductance_S": {"valeu": 1e-5}' && expect 3 'own.json: on_conductance_S.valeu: unknown key: did you mean "value"?' "$spindle" estimate vgg8 --device own.json
own '"n_states": {"value": 16, "assumed": "yes"}' && expect 3 "n_states.assumed: must be true or false" "$spindle" estimate vgg8 --device own.json
printf '{"base": "nowhere.json", "name": "own"}' > own.json
expect 3 "own.json: base: cannot open nowhere.json" "$spindle" estimate vgg8 --device own.json
own '"n_states": 16' && "$spindle" estimate vgg8 --device own.json > own.txt 2> err && grep -q "^own.json: n_states  *16  none given" own.txt &&
    ! grep -q "mos2-2fefet.json:" own.txt && ok || bad "inputs of one's own device are not listed"
"$spindle" estimate vgg8 --device own.json --format tsv | grep -q "^# input.own.json (crc32" && ok || bad "no digest of one's own device"

# Measured values, and an estimate with them.
expect 0 "as estimated" "$spindle" profile msnet --images 5 --file msnet.profile.json
expect 0 "measured:" "$spindle" estimate msnet --profile msnet.profile.json
expect 3 'the network is "lenet5"' "$spindle" estimate lenet5 --profile msnet.profile.json
expect 2 "give one with --weights" "$spindle" profile resnet20

"$spindle" estimate vgg8 --set chip.tile.bus_bit=64 --format tsv > own.tsv
[ "$(grep -c 'tile.bus_bit' own.tsv)" = 2 ] && grep -q "^assumptions.chip.tile.bus_bit..64.command line" own.tsv && ok || # once as command, once as input
    bad "a set value is not listed instead of the file's: $(grep tile.bus_bit own.tsv)"

# What cannot be built: exit 1.
expect 1 "mask" "$spindle" estimate vgg8 --scheme index-free --device rram-22nm
expect 1 "transposed" "$spindle" estimate vgg8 --training --chip sram-22nm-digital --set chip.training.transpose=read
# compare leaves out what a chip cannot hold or do, and says so.
expect 0 "index-free is left out" "$spindle" compare vgg8 --no-accuracy --chip rram-22nm --out two
expect 0 "Training is left out" "$spindle" compare vgg8 --no-accuracy --chip sram-22nm-digital --set chip.training.transpose=read --out two

# Output that cannot be written: an error, not silence.
if [ -e /dev/full ]; then
    "$spindle" list nodes > /dev/full 2> err
    [ $? = 4 ] && [ "$(wc -l < err)" = 1 ] && ok || bad "full disk goes unnoticed"
fi

# The main job: files, figures, all formats, the same bytes for each run and number of threads.
"$spindle" compare vgg8 --no-accuracy --out a > a.txt 2> /dev/null && ok || bad "compare fails"
"$spindle" compare vgg8 --no-accuracy --out a --threads 2 > b.txt 2> /dev/null
cmp -s a.txt b.txt && ok || bad "two runs differ"
for file in compare.tsv compare.json compare.html breakdown.dat breakdown.gp layers.dat ratios.dat style.gp; do
    [ -s "a/$file" ] && ok || bad "a/$file is missing"
done
if command -v gnuplot > /dev/null; then
    for figure in breakdown layers ratios; do
        grep -q '</svg>' "a/$figure.svg" && ok || bad "a/$figure.svg is missing or cut"
    done
    odd="~o'd \"d\$r\\"
    expect 0 "" "$spindle" compare vgg8 --no-accuracy --out "$odd"
    cmp -s "$odd/ratios.svg" a/ratios.svg && ok || bad "figures in a folder with an odd name"
    (cd a && LC_ALL=C.UTF-8 gnuplot -d ratios.gp 2> /dev/null) && cmp -s "$odd/ratios.svg" a/ratios.svg && ok || bad "a script run alone draws another figure"
fi
if command -v python3 > /dev/null; then
    python3 -c '
import json
def once(pairs):
    assert len({key for key, value in pairs}) == len(pairs), [key for key, value in pairs]
    return dict(pairs)
json.load(open("a/compare.json"), object_pairs_hook=once)' && ok || bad "compare.json is not JSON, or gives a key twice"
    for kind in chip device node dram train; do
        "$spindle" help --schema $kind > schema.json && python3 -c 'import json; json.load(open("schema.json"))' && ok || bad "schema of $kind"
    done
fi
# The library in a program of one's own says what the command line says.
example=$(dirname "$spindle")/docs/example
if [ -x "$example" ]; then
    "$example" vgg8 ning2025 > example.out 2> err || bad "example: $(head -1 err)"
    said=$(awk '$1 == 5 && NF == 5 { print $2 }' example.out)
    "$spindle" estimate vgg8 --format tsv |
        awk -F '\t' -v said="$said" '$2 == "energy per inference" && sprintf("%.4g", $4 * 1e6) == said { found = 1 } END { exit !found }' && ok ||
        bad "the example program and the command line differ: $said uJ"
    "$example" no-such-network > out 2> err
    [ $? = 1 ] && grep -q "no network 'no-such-network'" err && ok || bad "the example program hides an error"
fi
mkdir empty
PATH=$work/empty "$spindle" compare vgg8 --no-accuracy --out n > n.txt 2> err && cmp -s a.txt n.txt && grep -q "no gnuplot" err && ok ||
    bad "without gnuplot"
[ -s n/ratios.gp ] && [ ! -e n/ratios.svg ] && ok || bad "without gnuplot: data and scripts"
awk -F '\t' '$1 == "inference" && $2 == "tiles" && $4 == 44 { found = 1 } END { exit !found }' a/compare.tsv && ok ||
    bad "VGG8 on ning2025 does not take 44 tiles"
"$spindle" simulate msnet --images 50 --threads 1 > s1 2> /dev/null && "$spindle" simulate msnet --images 50 --threads 2 > s2 2> /dev/null &&
    diff <(grep -v command s1) <(grep -v command s2) > /dev/null && ok || bad "accuracy depends on threads"

# Studies of accuracy: the same bytes for any number of threads, tables and figures; what is asked for wrongly.
study="--images 10 --chips 3 --ablation --axis chip.adc.bits=4,6 --axis stuck-frac=0:0.2:2 --axis time-s=1:1e6:2:log"
"$spindle" simulate msnet $study --estimate-ir-drop --threads 1 --out t1 > s1 2> err && "$spindle" simulate msnet $study --estimate-ir-drop --threads 2 --out t2 > s2 2> err &&
    diff <(grep -v command s1) <(grep -v command s2) > /dev/null && ok || bad "studies of accuracy depend on threads"
for file in simulate.tsv simulate.json accuracy.dat accuracy.gp ablation.dat ablation.gp; do
    [ -s "t1/$file" ] && ok || bad "t1/$file is missing"
done
grep -q "over chips on the same 10 images" s1 && ok || bad "what an interval over chips leaves out goes unsaid"
[ "$(grep -c '^ablation' t1/simulate.tsv)" = 14 ] && ok || bad "not every class of errors has its rows"
if command -v gnuplot > /dev/null; then
    grep -q '</svg>' t1/accuracy.svg && grep -q '</svg>' t1/ablation.svg && ok || bad "figures of accuracy are missing or cut"
fi
expect 2 'did you mean defects' "$spindle" simulate msnet --errors defect
expect 2 'axis chip.adc.bit' "$spindle" simulate msnet --axis chip.adc.bit=4:6:3
expect 2 'from:to:n' "$spindle" simulate msnet --axis chip.adc.bits=4:6
expect 2 'outside [1.001' "$spindle" simulate msnet --axis on-off-ratio=0.5,2
expect 2 'time=-1' "$spindle" simulate msnet --time=-1
expect 3 "w.safetensors" "$spindle" simulate msnet --defects w.safetensors
printf '\0\0\10\2\0\0\0\2\0\0\0\2\0\1\2\3' > map.idx
expect 3 "arrays of 2 x 2" "$spindle" simulate msnet --images 10 --defects map.idx

# Real networks on real data by path; skipped without them. Bounds: what the weight files say, +- 0.1 point.
real() { # LOW HIGH QUANTITY NETWORK WEIGHTS OPTION...
    local low=$1 high=$2 quantity=$3 network=$4 weights=$5
    shift 5
    "$spindle" simulate "$network" --data "$data" --weights "$data/weights/$weights.safetensors" --format tsv "$@" > real.tsv 2> err ||
        { bad "$network: $(head -1 err)"; return; }
    awk -F '\t' -v q="$quantity" -v low="$low" -v high="$high" '$2 == q && $4 >= low && $4 <= high { found = 1 } END { exit !found }' real.tsv && ok ||
        bad "$network: $quantity not in $low .. $high: $(grep "$quantity" real.tsv)"
}
if [ -n "${SPINDLE_TEST_DATA:-}" ]; then
    data=$SPINDLE_TEST_DATA/data
    real 0.9742 0.9762 "top-1 accuracy" mnist-mlp mnist_fc_3layer --fidelity ideal --images 10000
    real 0.9900 0.9920 "top-1 accuracy" lenet5 lenet5_mnist --fidelity ideal --images 10000
    real 0.86 0.93 "top-1 accuracy" vit-tiny tinyvit_fashion --fidelity quantized --chip rram-22nm --images 100
    "$spindle" simulate vit-tiny --data "$data" --weights "$data/weights/tinyvit_fashion.safetensors" --fidelity quantized --chip rram-22nm --images 5 2> err |
        grep -q "No training images found" && ok || bad "ranges set from test images without saying so"
    real 3 4.5 "perplexity" stories260k stories260K --fidelity quantized --chip rram-22nm --images 8
    mkdir -p text && cp "$data/text/tinystories_val.txt.gz" "$data/text/tok512.bin" text/
    "$spindle" simulate stories260k --data . --weights "$data/weights/stories260K.safetensors" --fidelity ideal --images 8 > text.out 2> err
    "$spindle" simulate stories260k --data "$data" --weights "$data/weights/stories260K.safetensors" --fidelity ideal --images 8 > tokens.out 2> err
    cmp -s text.out tokens.out && grep -q perplexity text.out && ok || bad "a text is not read as its tokens"
fi

finish
