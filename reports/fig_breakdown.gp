# fig_breakdown.gp -- energy and latency by category, the three schemes side by side; reads breakdown.dat.
load "style.gp"
set terminal svg size 1100,820 font "Helvetica,14" background "white"
set output "breakdown.svg"
set style data histograms
set style histogram rowstacked
set boxwidth 0.6
set yrange [0:*]
set xtics font ",12"
unset key
stats "breakdown.dat" using 2 nooutput
set multiplot layout 2,2 margins 0.09,0.83,0.07,0.94 spacing 0.11,0.13
array titles[4] = ["Energy of one inference", "Latency of one inference", "Energy of one weight update", "Latency of one weight update"]
blocks = STATS_blocks > 3 ? 4 : 2
do for [b=0:blocks-1] {
    set title titles[b+1]
    set format y (b % 2 == 0 ? "%.1s %cJ" : "%.1s %cs")
    if (b == 1) { set key at screen 0.99, 0.94 right top Left reverse invert samplen 1.5 spacing 1.2 } else { unset key }
    plot for [k=2:11] "breakdown.dat" index b using k:xtic(1) title word("array adc accumulate buffer interconnect digital index write dram leakage", k-1) lt (k-1)
}
unset multiplot
