# fig_validation.gp -- published macros, ours over measured, and other models' blocks; reads validation.dat.
load "style.gp"
set terminal svg size 1000,800 font "Helvetica,13" background "white"
set output "validation.svg"
set multiplot layout 2,2
set logscale xy
set format x "10^{%L}"
set format y "10^{%L}"
set key top left
set xlabel "measured"
set ylabel "ours"
same(x) = x
do for [q=0:2] {
    set title word("energy throughput area", q+1).", published macros (".word("J/op op/s m2", q+1).")"
    plot "validation.dat" index 2*q using 1:2 with points pt 7 ps 0.8 lc 1 title "blind or informed", \
         "" index 2*q+1 using 1:2 with points pt 6 ps 0.8 lc 2 title "fitted or calibrated", \
         same(x) lc rgb "black" notitle, 2*x dt 3 lc rgb "black" title "a factor of 2", x/2 dt 3 lc rgb "black" notitle
}
unset logscale x
set format x "%g"
set format y "%g"
set yrange [0.5:2]
set ytics (0.5, 0.7, 1, 1.4, 2)
set title "Other models, where both mean the same"
set xlabel "case (of reference files: --data)"
set ylabel "ours / reference"
set key top right
$span << EOD
0 1
1 1
EOD
set table $unused
models = 0
plot [-1:1] "validation.dat" index 6 using (models = models + 1, 0):(0) with points
unset table
if (models <= 2) { # a title and a placeholder: no --data
    unset key
    set label "spindle validate --data DIR draws other simulators' blocks here" at graph 0.5, 0.5 center
}
plot $span with dots lc rgb "white" notitle, \
     for [i=6:10] "validation.dat" index i using 1:2 with points pt 7 ps 0.5 lc i-5 title columnheader(1)
unset multiplot
