# fig_ablation.gp -- accuracy with each class of errors alone and with all but it; reads ablation.dat.
load "style.gp"
stats "ablation.dat" using 2 nooutput
n = int(STATS_max) + 1
stats "ablation.dat" using 4 nooutput name "LOW"
stats "ablation.dat" using 5 nooutput name "HIGH"
stats "ablation.dat" every ::0::0 using 3 nooutput name "FLOAT"
set terminal svg size 900, 160 + 30 * n font "Helvetica,14" background "white"
set output "ablation.svg"
set title "Accuracy with each class of errors alone, and with all but it (bars: 95 % interval)"
set xlabel "top-1 accuracy (%)"
span = HIGH_max - LOW_min > 2 ? HIGH_max - LOW_min : 2 # differences fill the figure, however small
set xrange [LOW_min - 0.1 * span > 0 ? LOW_min - 0.1 * span : 0:HIGH_max + 0.1 * span < 100 ? HIGH_max + 0.1 * span : 100]
set yrange [n-0.5:-0.5]
unset grid
set grid xtics ytics lc rgb "#dddddd"
unset key
set arrow from FLOAT_mean, graph 0 to FLOAT_mean, graph 1 nohead dt 2 lc rgb "#777777" back
plot "ablation.dat" using 3:2:4:5:ytic(1) with xerrorbars pt 7 ps 0.8 lt 1 lw 1.5
