# fig_heatmap.gp -- the best value over two axes; reads heatmap.dat.
load "style.gp"
stats "heatmap.dat" index 1 using 1 nooutput
nx = STATS_max + 1 # a cell is wide enough for its number
set terminal svg size (nx > 9 ? 270 + 70 * nx : 900),620 font "Helvetica,14" background "white"
set output "heatmap.svg"
set table $unused
set xrange [-1:1]
set yrange [-1:1]
plot "heatmap.dat" index 0 using (xl=strcol(1), yl=strcol(2), zl=strcol(3), tl=strcol(4), lz=$5, 0):(0) with points
unset table
set autoscale
set xlabel xl noenhanced
set ylabel yl noenhanced
set cblabel name_of(zl) noenhanced
set title tl noenhanced
if (lz) { set logscale cb }
set format cb ticks_of(zl, 2)
set palette defined (0 "#440154", 0.25 "#3b528b", 0.5 "#21918c", 0.75 "#5ec962", 1 "#fde725")
set xtics noenhanced
if (nx > 8) { set xtics rotate by -30 }
set ytics noenhanced
unset grid
set xrange [-0.5:*]
set yrange [-0.5:*]
set autoscale xfix
set autoscale yfix
set style fill solid 1.0 noborder
unset key
plot "heatmap.dat" index 1 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3:xtic(4):ytic(5) with boxxyerror lc palette, \
     "" index 1 using 1:2:6 with labels tc rgb "white" font ",11" noenhanced, \
     "" index 1 using 1:2:7 with labels tc rgb "black" font ",11" noenhanced
