#!/usr/bin/env bash
# All shipped sweeps, and what they say, as small tables: make campaign.
#     experiments/campaign.sh [RESULTS [WORK]]      environment: SPINDLE, THREADS
# RESULTS (default experiments/results) gets the tables, WORK (default campaign) the stores and figures. A campaign that
# was stopped goes on where it was.
set -eu
export LC_ALL=C.UTF-8
root=$(cd "$(dirname "$0")/.." && pwd)
spindle=${SPINDLE:-$root/spindle}
export SPINDLE_DATA=${SPINDLE_DATA:-$root}
results=${1:-$root/experiments/results}
work=${2:-campaign}
mkdir -p "$results" "$work"
sweep() { # SPACE [FIGURE OPTION ...]: its store, and figures
    echo "== $1" >&2
    "$spindle" sweep "$1" --db "$work/$1.sqlite" ${THREADS:+--threads "$THREADS"} --count 1 --out "$work/$1" > "$work/$1.txt"
}
plot() { # SPACE NAME OPTION ...
    local space=$1 name=$2
    shift 2
    "$spindle" plot "$work/$space.sqlite" --out "$work/$space/$name" "$@"
}
rows() { # SPACE COMMAND OPTION ...: as TSV, a line of names first
    local space=$1 command=$2
    shift 2
    "$spindle" "$command" "$work/$space.sqlite" --count 0 --format tsv "$@" |
        awk -F'\t' -v OFS='\t' '
            /^# \[1\]/ { head = $0; next }
            $1 == "best" || $1 == "front" { if (head) { sub(/^# /, "", head); gsub(/\[[0-9]+\]/, "", head); print head; head = "" } print }'
}
# table NAME TITLE AWK-PROGRAM < rows: columns by name as c["energy_J"]; show(...) prints a row, numbers to 4 digits.
table() {
    {
        echo "# $2"
        echo "# by: make campaign"
        awk -F'\t' '
            function show(a, b, d, e, f, g, h, i, j, k,    n, v, line, x) {
                split("", v); v[1] = a; v[2] = b; v[3] = d; v[4] = e; v[5] = f; v[6] = g; v[7] = h; v[8] = i; v[9] = j; v[10] = k
                for (n = 1; n <= width; n++) { x = v[n]; if (x ~ /^[-+]?[0-9.]+(e[-+]?[0-9]+)?$/ && x !~ /^[0-9]+$/) x = sprintf("%.4g", x); line = line (n > 1 ? "\t" : "") x }
                print line
            }
            function f(name) { if (!(name in c)) { print "campaign: no column " name > "/dev/stderr"; exit 1 } return $c[name] }
            function head(line) { width = split(line, unused, " "); gsub(/ +/, "\t", line); print line }
            NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; start(); next }
            { row() }
            function least(a, b) { return a == "" || b < a ? b : a }
            END { end() }'"$3"
    } > "$results/$1.tsv"
}

# Array size, ADC bits, columns per ADC: the front.
sweep vgg8-space
plot vgg8-space bits --figure heatmap --x chip.adc.bits --y array --min energy_J
plot vgg8-space columns --figure heatmap --x chip.adc.columns_per_adc --y array --min latency_s
rows vgg8-space pareto | table vgg8-space "VGG8 on ning2025, array size x ADC bits x columns per ADC x scheme: the front of energy, latency, area" '
    function start() { head("scheme array adc_bits columns_per_adc energy_J latency_s area_m2") }
    function row() { show(f("scheme"), f("array"), f("chip.adc.bits"), f("chip.adc.columns_per_adc"), f("energy_J"), f("latency_s"), f("area_m2")) }
    function end() { }'

# Sparsity and scheme: of each the best index.
sweep sparsity-scheme
plot sparsity-scheme update --figure heatmap --x network.sparsity --y scheme --min update_latency_s
rows sparsity-scheme best --min network.sparsity | table sparsity-scheme "VGG8 on ning2025: sparsity x scheme, each with the index format and place that suits the quantity best" '
    function start() { head("sparsity scheme energy_J update_latency_s update_energy_J step_energy_J index_bit") }
    function row(    k) {
        k = f("network.sparsity") SUBSEP f("scheme")
        if (!(k in e)) order[++n] = k
        e[k] = least(e[k], f("energy_J") + 0); t[k] = least(t[k], f("update_latency_s") + 0); u[k] = least(u[k], f("update_energy_J") + 0)
        s[k] = least(s[k], f("step_energy_J") + 0); b[k] = least(b[k], f("index_storage_bit") + 0)
    }
    function end(    i, k, part) { for (i = 1; i <= n; i++) { k = order[i]; split(k, part, SUBSEP); show(part[1], part[2], e[k], t[k], u[k], s[k], b[k]) } }'

# Node and device.
sweep node-device
plot node-device energy --figure heatmap --x node --y device --min energy_J
plot node-device area --figure heatmap --x node --y device --min area_m2
rows node-device best --where "array = 128" --min energy_J | table node-device "VGG8 dense on arrays of 128 x 128: every process with every cell, by energy" '
    function start() { head("node device energy_J latency_s area_m2 ops_per_J") }
    function row() { show(f("node"), f("device"), f("energy_J"), f("latency_s"), f("area_m2"), f("ops_per_J_op/J")) }
    function end() { }'

# Where schemes cross.
sweep crossover
plot crossover update --figure heatmap --x network.sparsity --y scheme --where "network = 'vgg8' AND dram = 'hbm2'" --min update_latency_s
rows crossover best --min network.sparsity | table crossover "Least sparsity (of 0.05 .. 0.95) from which a scheme needs less for a weight update than another; - : never" '
    function start() { head("network dram array decode_bit verify quantity external<dense index-free<dense index-free<external") }
    function row(    k, s) {
        k = f("network") SUBSEP f("dram") SUBSEP f("array") SUBSEP f("chip.sparsity.decode_bit_per_cycle") SUBSEP f("chip.write.verify")
        s = f("network.sparsity")
        if (!(k in there)) { there[k] = 1; order[++n] = k }
        if (!(s in known)) { known[s] = 1; level[++m] = s }
        value[k, s, f("scheme"), "time"] = f("update_latency_s"); value[k, s, f("scheme"), "energy"] = f("update_energy_J")
    }
    function crosses(k, q, a, b,    i, from) { # the last level below which b is no worse, all above a is better
        from = "-"
        for (i = m; i >= 1; i--) { if (value[k, level[i], a, q] + 0 < value[k, level[i], b, q] + 0) from = level[i]; else break }
        return from
    }
    function end(    i, k, p, q, j) {
        for (i = 1; i <= n; i++) for (j = 1; j <= 2; j++) {
            k = order[i]; q = j == 1 ? "time" : "energy"; split(k, p, SUBSEP)
            show(p[1], p[2], p[3], p[4], p[5], q, crosses(k, q, "external-index", "dense"), crosses(k, q, "index-free", "dense"), crosses(k, q, "index-free", "external-index"))
        }
    }'

# The Transformer's sequence length.
sweep sequence
plot sequence tokens --figure heatmap --x network.sequence --y array --min energy_per_token_J
rows sequence best --min network.sequence | table sequence "Transformer (base) on rram-22nm, by tokens and schedule: the least of each quantity over array size, weight bits and columns per ADC" '
    function start() { head("tokens schedule energy_per_token_J time_per_token_s area_m2") }
    function row(    k) {
        k = f("network.sequence") SUBSEP f("chip.schedule")
        if (!(k in e)) order[++n] = k
        e[k] = least(e[k], f("energy_per_token_J") + 0); t[k] = least(t[k], f("time_per_token_s") + 0); a[k] = least(a[k], f("area_m2") + 0)
    }
    function end(    i, k, p) { for (i = 1; i <= n; i++) { k = order[i]; split(k, p, SUBSEP); show(p[1], p[2], e[k], t[k], a[k]) } }'

# CoMN's seven variables: the front is large; its ends, and what CoMN asks for.
sweep comn-space
for goal in energy_J latency_s area_m2 energy_area latency_area edp_Js; do
    rows comn-space best --min $goal --count 1 | awk -F'\t' -v OFS='\t' -v goal=$goal '
        BEGIN { n = split("macro chip.tile.pes chip.tile.bus_bit chip.tile.input_buffer_bit chip.tile.output_buffer_bit chip.global.bus_bit energy_J latency_s area_m2", name, " ") }
        NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; line = "goal" }
        NR == 2 { line = goal }
        { for (i = 1; i <= n; i++) line = line OFS $c[name[i]]; if (NR == 2 || goal == "energy_J") print line }'
done |
    table comn-space "CoMN's seven variables for VGG8, all 126,000 designs: the best for each goal (macro: rows/columns/columns per ADC)" '
    function start() { head("goal macro tile_pes tile_bus_bit input_bit output_bit global_bus_bit energy_J latency_s area_m2") }
    function row() { show(f("goal"), f("macro"), f("chip.tile.pes"), f("chip.tile.bus_bit"), f("chip.tile.input_buffer_bit"), f("chip.tile.output_buffer_bit"), f("chip.global.bus_bit"), f("energy_J"), f("latency_s"), f("area_m2")) }
    function end() { }'

# Simulated accuracy against cost.
sweep msnet-accuracy
plot msnet-accuracy accuracy --figure pareto --min energy_J --max accuracy
rows msnet-accuracy pareto --min energy_J --max accuracy | table msnet-accuracy "MSNet on ning2025: the front of energy and simulated accuracy (1000 drawn letters, device errors)" '
    function start() { head("scheme array adc_bits input_bits columns_per_adc energy_J accuracy latency_s") }
    function row() { show(f("scheme"), f("array"), f("chip.adc.bits"), f("chip.input.bits"), f("chip.adc.columns_per_adc"), f("energy_J"), f("accuracy"), f("latency_s")) }
    function end() { }'

# Which converter: of each kind the cheapest design that keeps the accuracy.
sweep adc-choice
plot adc-choice bits --figure heatmap --x chip.adc.bits --y chip.adc.kind --min energy_J
rows adc-choice best --min energy_J --where "accuracy >= 0.96" | table adc-choice "MSNet on ning2025: of each kind of ADC the design of least energy whose simulated accuracy (1000 drawn letters, device errors) is 0.96 or more" '
    function start() { head("kind bits columns_per_adc energy_J area_m2 latency_s accuracy") }
    function row() { if (!(f("chip.adc.kind") in seen)) { seen[f("chip.adc.kind")] = 1; show(f("chip.adc.kind"), f("chip.adc.bits"), f("chip.adc.columns_per_adc"), f("energy_J"), f("area_m2"), f("latency_s"), f("accuracy")) } }
    function end() { }'
wc -l "$results"/*.tsv
