# fig_pareto.gp -- all designs and the front that none of them beats; reads pareto.dat.
load "style.gp"
set output "pareto.svg"
set table $unused
set xrange [-1:1]
set yrange [-1:1]
plot "pareto.dat" index 0 using (xl=strcol(1), yl=strcol(2), tl=strcol(3), lx=$4, ly=$5, no=$6, zl=strcol(7), lz=$8, 0):(0) with points
unset table
set autoscale
set autoscale noextend # offsets leave room; a whole decade more would squeeze the points
set xlabel name_of(xl)
set ylabel name_of(yl)
set title tl noenhanced
set xlabel noenhanced
set ylabel noenhanced
stats "pareto.dat" index 1 using 1 nooutput name "X"
stats "pareto.dat" index 1 using 2 nooutput name "Y"
if (lx) { set logscale x }
if (ly) { set logscale y }
if (lx != 0 && X_max < 100 * X_min) { do for [d=-18:18] { set xtics add (2 * 10.0**d, 5 * 10.0**d) } } # few decades
if (ly != 0 && Y_max < 100 * Y_min) { do for [d=-18:18] { set ytics add (2 * 10.0**d, 5 * 10.0**d) } }
set format x ticks_of(xl, lx != 0 ? 0 : 1)
set format y ticks_of(yl, ly != 0 ? 0 : 1)
set grid xtics ytics lc rgb "#dddddd"
set key outside bottom center horizontal
set offsets graph 0.03, graph 0.03, graph 0.03, graph 0.03
if (no == 2) {
    plot "pareto.dat" index 1 using 1:2 with points pt 7 ps 0.25 lc rgb "#999999" title "good designs", \
         "" index 2 using 1:2 with steps lw 1.5 lt 6 notitle, \
         "" index 2 using 1:2 with points pt 7 ps 0.7 lt 6 title "front"
} else { # colours tell the third
    set palette defined (0 "#440154", 0.25 "#3b528b", 0.5 "#21918c", 0.75 "#5ec962", 1 "#fde725")
    set cblabel name_of(zl) noenhanced
    set format cb ticks_of(zl, 1)
    if (lz) { set logscale cb }
    set colorbox user origin 0.86, 0.25 size 0.015, 0.6
    set rmargin at screen 0.83
    plot "pareto.dat" index 1 using 1:2 with points pt 7 ps 0.25 lc rgb "#999999" title "good designs", \
         "" index 2 using 1:2:3 with points pt 7 ps 0.6 lc palette title sprintf("front of %d objectives", no)
}
