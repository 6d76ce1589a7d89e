# fig_validation.gp -- ours over the reference, every reference case; reads validation.dat.
load "style.gp"
set output "validation.svg"
set logscale y
set yrange [0.02:50]
set xlabel "case, in the order of the table"
set ylabel "ours / reference"
set format x ""
set key outside right top
set arrow from graph 0, first 1 to graph 1, first 1 nohead lc rgb "black"
set arrow from graph 0, first 2 to graph 1, first 2 nohead dt 3 lc rgb "black"
set arrow from graph 0, first 0.5 to graph 1, first 0.5 nohead dt 3 lc rgb "black"
set title "Reference cases; dotted: a factor of 2"
set multiplot layout 1,2
unset key
set title "Published macros"
plot "validation.dat" index 0 using 0:2 with points pt 7 ps 0.9 lc 1
set key outside right top
set title "Other models, by suite"
plot for [i=1:5] "validation.dat" index 2*i using 0:2 with points pt 7 ps 0.5 lc i title columnheader(1), \
     for [i=1:5] "validation.dat" index 2*i+1 using 0:2 with points pt 6 ps 0.4 lc 8 notitle
unset multiplot
