# fig_layers.gp -- latency and energy of each layer that sits on arrays; reads layers.dat.
load "style.gp"
stats "layers.dat" using 4 nooutput
panels = STATS_max > 0 ? 4 : 2
n = STATS_records
every = (n + 23) / 24 # layers to a name
stats "layers.dat" using 2 nooutput
schemes = (STATS_columns - 1)/4
set terminal svg size (n > 24 ? 1500 : 1100), (panels > 2 ? 860 : 450) font "Helvetica,14" background "white"
set output "layers.svg"
set style data histograms
set style histogram clustered gap 1
if (n > 24) { set style fill solid 1.0 noborder } # black borders would be all that is seen
set logscale y
set xtics rotate by -30 noenhanced
if (n > 24) { set xtics font ",11" }
short(name) = strlen(name) > 20 ? "..".name[strlen(name) - 17:] : name
set multiplot layout panels/2,2 margins 0.08,0.96,(panels > 2 ? 0.11 : 0.21),(panels > 2 ? 0.91 : 0.83) spacing 0.11,0.19
array titles[4] = ["Inference latency", "Inference energy", "Weight update latency", "Weight update energy"]
do for [b=1:panels] {
    set title titles[b]
    set format y (b % 2 == 1 ? "%.0s %cs" : "%.0s %cJ")
    if (b == 1) { set key at screen 0.53, 0.99 center top horizontal width -5 samplen 1 font ",13" } else { unset key }
    set yrange [*:*]
    least = 1e30
    do for [k=1:schemes] {
        stats "layers.dat" using (column(4*k-3+b) > 0 ? column(4*k-3+b) : NaN) nooutput
        if (STATS_min < least) { least = STATS_min }
    }
    set yrange [least / 3:*] # the lowest bar can be seen
    plot for [k=1:schemes] "layers.dat" using (column(4*k-3+b)):xtic(int(column(0)) % every == 0 ? short(strcol(1)) : "") title word("dense external-index index-free", k)
}
unset multiplot
