#!/usr/bin/env bash
# Training in cells: rules, devices and seeds of msnet-letters-pulsed, as a table and a figure of training curves.
#     experiments/device-training.sh [RESULTS [WORK]]      environment: SPINDLE, SEEDS
# RESULTS (default experiments/results) gets device-training.tsv, WORK (default device-training) each run's table and, with
# gnuplot, device-training.svg. About a minute of one core; runs that are there are not repeated.
set -eu
export LC_ALL=C.UTF-8
root=$(cd "$(dirname "$0")/.." && pwd)
spindle=${SPINDLE:-$root/spindle}
export SPINDLE_DATA=${SPINDLE_DATA:-$root}
results=${1:-$root/experiments/results}
work=${2:-device-training}
seeds=${SEEDS:-1 2 3}
mkdir -p "$results" "$work"

run() { # NAME OPTION ...: all seeds
    local name=$1 seed
    shift
    for seed in $seeds; do
        local table="$work/$name-$seed.tsv"
        [ -s "$table" ] || {
            "$spindle" train msnet-letters-pulsed --weights "$work/weights.safetensors" --threads 1 --format tsv \
                --set "train.seed=$seed" "$@" > "$table.new"
            mv "$table.new" "$table"
        }
    done
}
rows() { # RULE DEVICE PAIRS NAME: mean and spread over seeds by epoch
    local rule=$1 device=$2 pairs=$3 name=$4 seed files=
    for seed in $seeds; do files="$files $work/$name-$seed.tsv"; done
    # shellcheck disable=SC2086
    awk -F'\t' -v OFS='\t' -v label="$rule	$device	$pairs" '
        FNR == 1 { for (i = 1; i <= NF; i++) { if ($i ~ /test accuracy/) test = i; if ($i ~ /pulses/) sent = i } }
        $1 == "epochs" { n[$2]++; sum[$2] += $test; square[$2] += $test * $test; pulses[$2] += sent ? $sent : 0
                         if ($2 > last) last = $2 }
        END { for (e = 1; e <= last; e++) { m = sum[e] / n[e]; v = (square[e] - n[e] * m * m) / (n[e] - 1)
              print label, e, n[e], sprintf("%.4f", m), sprintf("%.4f", v > 0 ? sqrt(v) : 0), sprintf("%.4g", pulses[e] / n[e]) } }' $files
}

update=train.update
devices="fefet-32nm rram-gong ag-si mos2-2fefet rram-130nm"
run ideal --set $update.rule=ideal
for device in $devices; do
    run "mixed-$device" --set $update.rule=mixed-precision --set $update.device=$device --set $update.zero_shift_pairs=0
    run "pulsed-$device" --set $update.device=$device --set $update.zero_shift_pairs=0
    run "shifted-$device" --set $update.device=$device
done
{
    echo "# MSNet on five drawn letters trained in cells; test accuracy over seeds, pulses of a weight in the epoch"
    echo "# by: experiments/device-training.sh"
    printf 'rule\tdevice\tzero_shift_pairs\tepoch\tseeds\taccuracy\taccuracy_sd\tpulses\n'
    rows ideal - 0 ideal
    for device in $devices; do
        rows mixed-precision $device 0 "mixed-$device"
        rows pulsed $device 0 "pulsed-$device"
        rows pulsed $device 500 "shifted-$device"
    done
} > "$results/device-training.tsv"

command -v gnuplot > /dev/null || exit 0
gnuplot << END
set terminal svg size 900,900 font 'sans,12'
set output '$work/device-training.svg'
set multiplot layout 3,2 title 'MSNet trained in cells: test accuracy, mean and spread over seeds'
set datafile separator '\t'
set xrange [0.5:10.5]
set yrange [20:100]
set xlabel 'epoch'
set ylabel 'test accuracy (%)'
unset key
table = '$results/device-training.tsv'
curve(rule, device, pairs) = sprintf("< awk -F'\\\\t' '\$1 == \"%s\" && \$2 == \"%s\" && \$3 == \"%s\"' %s", rule, device, pairs, table)
do for [device in '$devices'] {
    set title device
    plot curve('ideal', '-', '0') using 4:(100*\$6):(100*\$7) with yerrorlines lc rgb '#888888' title 'numbers', \
         curve('mixed-precision', device, '0') using (\$4+0.08):(100*\$6):(100*\$7) with yerrorlines lc rgb '#1b7837' title 'mixed precision', \
         curve('pulsed', device, '500') using (\$4+0.16):(100*\$6):(100*\$7) with yerrorlines lc rgb '#2166ac' title 'pulsed, zero shift', \
         curve('pulsed', device, '0') using (\$4+0.24):(100*\$6):(100*\$7) with yerrorlines lc rgb '#b2182b' title 'pulsed'
}
unset title
unset border
unset tics
unset xlabel
unset ylabel
set key center center
plot NaN with lines lc rgb '#888888' title 'numbers', NaN with lines lc rgb '#1b7837' title 'mixed precision', \
     NaN with lines lc rgb '#2166ac' title 'pulsed, zero shift', NaN with lines lc rgb '#b2182b' title 'pulsed'
END
