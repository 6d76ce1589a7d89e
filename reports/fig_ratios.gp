# fig_ratios.gp -- how many times better index-free is than the other two; reads ratios.dat.
load "style.gp"
set output "ratios.svg"
set style data histograms
set style histogram clustered gap 1
set logscale y
set ylabel "times better (above 1) or worse (below 1)"
set key top left
set xtics rotate by -15
set arrow from graph 0, first 1 to graph 1, first 1 nohead dt 2 lc rgb "black"
set yrange [0.3:*]
set title "Index-free cells against the two other ways to hold the network"
plot "ratios.dat" using 2:xtic(1) title "than external-index", "" using 3 title "than dense", \
     "" using ($0-0.17):2:(sprintf($2 < 9.995 ? "%.2f" : "%.1f", $2)) with labels offset 0,0.7 notitle, \
     "" using ($0+0.17):3:(sprintf($3 < 9.995 ? "%.2f" : "%.1f", $3)) with labels offset 0,0.7 notitle
