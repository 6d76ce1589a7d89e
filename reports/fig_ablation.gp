# fig_ablation.gp -- accuracy with each class of errors alone and with all but it; reads ablation.dat.
load "style.gp"
stats "ablation.dat" using 2 nooutput
n = int(STATS_max) + 1
set terminal svg size 900, 120 + 30 * n font "Helvetica,14" background "white"
set output "ablation.svg"
set xlabel "top-1 accuracy (%)"
set xrange [0:100]
set yrange [n-0.3:-0.7]
set grid xtics
unset grid
set grid xtics lc rgb "#dddddd"
unset key
set offsets 0, 0, 0, 0
plot "ablation.dat" using (0):2:(0):3:($2-0.32):($2+0.32):ytic(1) with boxxyerror lt 5, \
     "" using 3:2:4:5 with xerrorbars pt 7 ps 0.5 lc rgb "#000000"
