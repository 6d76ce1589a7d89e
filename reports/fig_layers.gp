# fig_layers.gp -- latency and energy of each layer that sits on arrays; reads layers.dat.
load "style.gp"
set terminal svg size 1100,820 font "Helvetica,14" background "white"
set output "layers.svg"
set style data histograms
set style histogram clustered gap 1
set format y "%.1s %c"
stats "layers.dat" using 4 nooutput
panels = STATS_max > 0 ? 4 : 2
stats "layers.dat" using 2 nooutput
schemes = (STATS_columns - 1)/4
set logscale y
set xtics rotate by -30
set format y "%.0s %c"
set multiplot layout 2,2 margins 0.09,0.97,0.09,0.90 spacing 0.10,0.17
array titles[4] = ["Inference latency (s)", "Inference energy (J)", "Weight update latency (s)", "Weight update energy (J)"]
do for [b=1:panels] {
    set title titles[b]
    if (b == 1) { set key at screen 0.75, 0.99 right top horizontal samplen 2 width 2 } else { unset key }
    plot for [k=1:schemes] "layers.dat" using (column(4*k-3+b)):xtic(1) title word("dense external-index index-free", k)
}
unset multiplot
