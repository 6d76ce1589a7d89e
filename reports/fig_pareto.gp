# fig_pareto.gp -- all designs and the front that none of them beats; reads pareto.dat.
load "style.gp"
set output "pareto.svg"
set table $unused
set xrange [-1:1]
set yrange [-1:1]
plot "pareto.dat" index 0 using (xl=strcol(1), yl=strcol(2), tl=strcol(3), lx=$4, ly=$5, no=$6, 0):(0) with points
unset table
set autoscale
set autoscale noextend # offsets leave room; a whole decade more would squeeze the points
set xlabel xl
set ylabel yl
set title tl noenhanced
set xlabel noenhanced
set ylabel noenhanced
stats "pareto.dat" index 1 using 1 nooutput name "X"
stats "pareto.dat" index 1 using 2 nooutput name "Y"
if (lx) { set logscale x }
if (ly) { set logscale y }
if (lx != 0 && X_max < 100 * X_min) { do for [d=-18:18] { set xtics add (2 * 10.0**d, 5 * 10.0**d) } } # few decades
if (ly != 0 && Y_max < 100 * Y_min) { do for [d=-18:18] { set ytics add (2 * 10.0**d, 5 * 10.0**d) } }
set format x (strstrt(xl, "(") == 0 ? "%g" : lx != 0 ? "%.0s %c" : "%.1s %c") # prefixes go with units
set format y (strstrt(yl, "(") == 0 ? "%g" : ly != 0 ? "%.0s %c" : "%.1s %c")
set grid xtics ytics lc rgb "#dddddd"
set key outside bottom center horizontal
set offsets graph 0.03, graph 0.03, graph 0.03, graph 0.03
if (no == 2) {
    plot "pareto.dat" index 1 using 1:2 with points pt 7 ps 0.25 lc rgb "#999999" title "good designs", \
         "" index 2 using 1:2 with steps lw 1.5 lt 6 notitle, \
         "" index 2 using 1:2 with points pt 7 ps 0.7 lt 6 title "front"
} else {
    plot "pareto.dat" index 1 using 1:2 with points pt 7 ps 0.25 lc rgb "#999999" title "good designs", \
         "" index 2 using 1:2 with points pt 7 ps 0.5 lt 6 title sprintf("front of %d objectives", no)
}
