# fig_update_tornado.gp -- ratios of one weight update with each input at its plausible ends; reads update_tornado.dat.
load "style.gp"
set terminal svg size 1250,900 font "Helvetica,10.5" noenhanced background "white"
set output "update_tornado.svg"
unset key
unset grid
set grid xtics lc rgb "#dddddd"
set logscale x
set style fill solid 0.8 noborder
array titles[4] = ["Index-free over external-index: latency", "Index-free over external-index: energy", "Index-free over dense: latency", "Index-free over dense: energy"]
array published[4] = [27.5, 13.6, 10.3, 9.2]
stats "update_tornado.dat" using 2 nooutput
n = STATS_records
set yrange [-1:n]
set multiplot layout 2,2 title "Each input from its low to its high plausible value (black: as assumed; orange: published)" margins 0.265,0.985,0.05,0.90 spacing 0.25,0.12
do for [i=1:4] {
    set title titles[i]
    set arrow 1 from first published[i], graph 0 to first published[i], graph 1 nohead lw 2 lc rgb "#E69F00"
    plot "update_tornado.dat" using (column(2*i)):(n-1-$0):(column(2*i)<column(2*i+1)?column(2*i):column(2*i+1)):(column(2*i)>column(2*i+1)?column(2*i):column(2*i+1)):(n-1-$0-0.35):(n-1-$0+0.35):ytic(1) with boxxyerror lt 1, \
         "" using (column(9+i)):(n-1-$0):(0):(0.45) with vectors nohead lc rgb "black", \
         "" using (column(9+i)):(n-1-$0):(0):(-0.45) with vectors nohead lc rgb "black"
}
unset multiplot
