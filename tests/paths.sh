#!/usr/bin/env bash
# Files and folders anywhere: below long paths, with spaces, with letters beyond ASCII.
suite=paths
. "$(dirname "$0")/lib.sh"
# fails CODE WORDS COMMAND...: one line that holds WORDS, its end or its beginning
fails() {
    local code=$1 words=$2
    shift 2
    "$@" > out 2> err
    local got=$?
    [ "$got" = "$code" ] && [ "$(wc -l < err)" = 1 ] && grep -qF -- "$words" err && ok || bad "exit $got, \"$(head -1 err)\", not $code, \"$words\""
}
# Without what names the files.
table() { grep -v '^# \|^#command\|^command\|^input\|crc32' "$1"; }
folder() { # BYTES: a path of about so many below here
    local at=$work
    while [ ${#at} -lt "$1" ]; do at=$at/$(printf 'f%.0s' $(seq 50)); done
    printf %s "$at"
}

"$spindle" estimate vgg8 --device my-fefet --format tsv > near.tsv 2> err && ok || bad "$(head -1 err)"
"$spindle" simulate msnet --images 20 --format tsv > near.sim 2> err && ok || bad "$(head -1 err)"
for at in "$(folder 340)" "$(folder 1500)" "$work/a b/größe ü"; do
    mkdir -p "$at/out"
    ln -s "$root" "$at/data"
    for name in networks/vgg8 tech/chips/ning2025 tech/devices/my-fefet; do [ -s "$at/data/$name.json" ] || bad "no $name"; done
    # As data folder, and as files on the command line.
    SPINDLE_DATA=$at/data "$spindle" estimate vgg8 --device my-fefet --format tsv > far.tsv 2> err
    cmp -s <(table near.tsv) <(table far.tsv) && ok || bad "data folder of ${#at} bytes: $(head -1 err)"
    "$spindle" estimate "$at/data/networks/vgg8.json" --chip "$at/data/tech/chips/ning2025.json" \
        --device "$at/data/tech/devices/my-fefet.json" --format tsv > far.tsv 2> err
    cmp -s <(table near.tsv) <(table far.tsv) && ok || bad "files in a folder of ${#at} bytes: $(head -1 err)"
    [ "$(grep -c 'crc32' near.tsv)" = "$(grep -c 'crc32' far.tsv)" ] && ok || bad "digests of files in a folder of ${#at} bytes"
    SPINDLE_DATA=$at/data "$spindle" simulate msnet --images 20 --format tsv > far.sim 2> err
    cmp -s <(table near.sim) <(table far.sim) && ok || bad "weights in a folder of ${#at} bytes: $(head -1 err)"
    # Written there.
    "$spindle" compare vgg8 --no-accuracy --out "$at/out" > out 2> err && [ -s "$at/out/compare.html" ] && ok || bad "--out of ${#at} bytes: $(head -1 err)"
    if command -v gnuplot > /dev/null; then [ -s "$at/out/ratios.svg" ] && ok || bad "figures in a folder of ${#at} bytes"; fi
    "$spindle" profile msnet --images 5 --file "$at/out/p.json" > out 2> err && "$spindle" estimate msnet --profile "$at/out/p.json" > out 2> err && ok ||
        bad "profile in a folder of ${#at} bytes: $(head -1 err)"
    "$spindle" profile msnet --images 5 --weights "$at/data/networks/weights/msnet-letters.safetensors.gz" --file p.json > out 2> err &&
        grep -q '"source": ".*msnet-letters.safetensors.gz, ' p.json && ok || bad "the name of weights in a folder of ${#at} bytes is cut"
    "$spindle" train msnet-letters --set train.epochs=0.1 --set train.n_images=64 --set train.n_test_images=64 --set train.prune.end_epoch=0 --weights "$at/out/w.safetensors" > out 2> err &&
        "$spindle" train msnet-letters --set train.epochs=0.1 --set train.n_images=64 --set train.n_test_images=64 --set train.prune.end_epoch=0 --set train.start="$at/out/w.safetensors" \
            --weights "$at/out/w2.safetensors" > out 2> err && head -1 out | grep -q '/w2.safetensors$' && ok || bad "training in a folder of ${#at} bytes: $(head -1 err)"
    # What is wrong there is named: a file's name matters more than the folders above it.
    printf '{"base": "data/tech/devices/my-fefet.json", "n_states": 0}' > "$at/wrong.json"
    fails 3 "/wrong.json: n_states: 0 is outside" "$spindle" estimate vgg8 --device "$at/wrong.json"
    fails 3 "/missing.json: cannot open" "$spindle" estimate vgg8 --chip "$at/missing.json"
done

# SQLite keeps its files within 512 bytes.
at=$(folder 340)
printf '{"network": "vgg8", "chip": "ning2025", "axes": {"chip.adc.bits": [4, 5, 6]}, "objectives": ["min energy_J", "min latency_s"]}' > "$at/space.json"
for at in "$at" "$work/a b/größe ü"; do
    [ -s "$at/space.json" ] || cp "$(folder 340)/space.json" "$at/"
    SPINDLE_DATA=$at/data "$spindle" sweep "$at/space.json" --db "$at/x.sqlite" > out 2> err && "$spindle" best "$at/x.sqlite" > out 2> err &&
        "$spindle" plot "$at/x.sqlite" --out "$at/out" > out 2> err && [ -s "$at/out/pareto.dat" ] && ok || bad "sweep in a folder of ${#at} bytes: $(head -1 err)"
done
at=$(folder 1500)
cp "$(folder 340)/space.json" "$at/"
fails 3 "x.sqlite: cannot open it: SQLite" "$spindle" sweep "$at/space.json" --db "$at/x.sqlite"

# Longer than any file system takes.
long=$(printf 'f/%.0s' $(seq 2100))x.json
fails 3 "x.json" "$spindle" estimate "$long"
fails 3 "x.json: path" "$spindle" estimate vgg8 --device "$long"
fails 2 "--out" "$spindle" compare vgg8 --no-accuracy --out "$long"

finish
