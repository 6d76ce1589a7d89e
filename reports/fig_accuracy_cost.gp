# fig_accuracy_cost.gp -- accuracy against cost at rising sparsity, the three schemes; reads accuracy_cost.dat.
load "style.gp"
stats "accuracy_cost.dat" using 1 nooutput
rows = STATS_blocks / 3
set terminal svg size 1250,400*rows+40 font "Helvetica,12" noenhanced background "white"
set output "accuracy_cost.svg"
array names[3] = ["dense", "external-index", "index-free"]
array costs[3] = ["one weight update: latency (s)", "one weight update: energy (J)", "one inference: energy (J)"]
set format x "%.0s%c"
set grid xtics ytics lc rgb "#dddddd"
set offsets graph 0.08, graph 0.08, graph 0.05, graph 0.05
set yrange [*:102]
set ylabel "accuracy with device errors (%)"
set multiplot layout rows,3 title "Accuracy beside cost (labels: % zeros; bars: 95 % interval of the accuracy)" margins 0.06,0.985,0.20/rows,1-0.22/rows spacing 0.06,0.17
do for [row=1:rows] {
    do for [c=1:3] {
        set xlabel costs[c]
        if (c == 3) { unset logscale x; set xrange [0:*]; set format x "%.1s%c" } else { set xrange [*:*]; set logscale x; set format x "%.0s%c" }
        if (c == 3) { set key bottom left } else { unset key }
        stats "accuracy_cost.dat" using (name=strcol(8), $1) index 3*(row-1) nooutput
        set title name
        plot for [s=1:3] "accuracy_cost.dat" index 3*(row-1)+s-1 using (column(4+c)):2:3:4 with yerrorbars lt s pt 7 ps 0.2 lw 0.7 notitle, \
             for [s=1:3] "" index 3*(row-1)+s-1 using (column(4+c)):2 with linespoints lt s pt (s == 1 ? 7 : s == 2 ? 5 : 9) lw 2 title names[s], \
             for [s=2:3] "" index 3*(row-1)+s-1 using (column(4+c)):2:(sprintf("%g", $1)) with labels offset 1.1,0.8 font ",9" notitle
    }
}
unset multiplot
