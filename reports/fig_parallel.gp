# fig_parallel.gp -- every design a line over its inputs and results; reads parallel.dat.
load "style.gp"
set output "parallel.svg"
set table $unused
set xrange [-1:1]
set yrange [-1:1]
plot "parallel.dat" index 0 using (tl=strcol(1), n=$2, 0):(0) with points
unset table
set autoscale
set terminal svg size (n > 6 ? 150 * n : 900),520 font "Helvetica,14" background "white"
set output "parallel.svg"
set title tl noenhanced
unset border
unset ytics
unset xtics
unset grid
unset key
unset colorbox
set palette defined (0 "#440154", 0.25 "#3b528b", 0.5 "#21918c", 0.75 "#5ec962", 1 "#fde725")
set xrange [-0.6:n - 0.4]
set yrange [-0.14:1.12]
set bmargin 1
set style textbox opaque noborder fillcolor rgb "#ffffff" margins 0.3, 0.3
do for [i=0:int(n) - 1] { set arrow from i, 0 to i, 1 nohead lw 1.5 lc rgb "#444444" front }
plot "parallel.dat" index 2 using 1:2:3 with lines lw 1 lc palette, \
     "" index 1 using 1:2:3 with labels left offset 0.5,0 font ",11" noenhanced boxed, \
     "" index 1 using 1:(-0.1):4 with labels center font ",12" noenhanced
