# fig_msnet_epochs.gp -- test accuracy and sparsity by epoch, with what is published; reads msnet_epochs.dat.
load "style.gp"
stats "msnet_epochs.dat" using 1 nooutput
panels = STATS_blocks - 2
set terminal svg size 1000,(panels > 1 ? 420 : 500)*panels+40 font "Helvetica,14" background "white"
set output "msnet_epochs.svg"
set xlabel "epoch"
set ylabel "test accuracy (%)"
set y2label "zeros (%)"
set xrange [0:58]
set yrange [40:100]
set y2range [0:100]
set y2tics
set border 11
set key bottom right
set style fill transparent solid 0.25 noborder
set arrow from 10.5, graph 0 to 10.5, graph 1 nohead dt 2 lc rgb "#777777"
set label "onto the chip" at 10.7, 42 font ",11"
set multiplot layout panels,1 title "MSNet trained on simulated index-free cells: mean of all seeds, band = one standard deviation" noenhanced
do for [p=1:panels] {
    block = p == 1 ? 0 : p + 1
    stats "msnet_epochs.dat" using (name=strcol(7), $1) index block nooutput
    set title "data set ".name noenhanced
    plot "msnet_epochs.dat" index block using 1:($2-$3):($2+$3) with filledcurves lt 1 notitle, \
         "" index block using 1:2 with lines lt 1 lw 2.5 title "on index-free cells", \
         "" index block using 1:5 with lines lt 8 lw 2 dt 3 title "dense, floating point", \
         "" index (p == 1 ? block : 0) using 1:(p == 1 ? column(8) : NaN) with lines lt 3 lw 1.5 title (p == 1 ? "one update an epoch" : ""), \
         "" index 1 using 1:2 with points pt 9 ps 1.6 lt 6 title "published accuracy", \
         "" index block using 1:4 axes x1y2 with steps lt 2 lw 2 title "zeros (right)", \
         "" index 2 using 1:2 axes x1y2 with points pt 6 ps 1.2 lt 2 title "published zeros (right)"
}
unset multiplot
