# fig_tornado.gp -- how far each input moves a result from its base value; reads tornado.dat.
load "style.gp"
set output "tornado.svg"
set table $unused
set xrange [-1:1]
set yrange [-1:1]
plot "tornado.dat" index 0 using (xl=strcol(1), tl=strcol(2), n=$3, 0):(0) with points
unset table
set autoscale
set terminal svg size 900,(n > 10 ? 180 + 34 * n : 520) font "Helvetica,14" background "white"
set output "tornado.svg"
set title tl noenhanced
set xlabel xl noenhanced
set yrange [n - 0.4:-0.6]
set ytics noenhanced scale 0
set grid xtics lc rgb "#dddddd"
set key bottom right
set arrow from 0, graph 0 to 0, graph 1 nohead lw 1.5 lc rgb "black" front
set offsets graph 0.15, graph 0.15, 0, 0
plot "tornado.dat" index 1 using (0.5 * $2):0:(0):2:($0 - 0.36):($0):ytic(1) with boxxyerror lt 1 title "first value", \
     "" index 1 using (0.5 * $3):0:(0):3:($0):($0 + 0.36) with boxxyerror lt 2 title "last value", \
     "" index 1 using ($2 < 0 ? $2 : NaN):($0 - 0.18):4 with labels right offset char -0.5,0 font ",10" noenhanced notitle, \
     "" index 1 using ($2 >= 0 ? $2 : NaN):($0 - 0.18):4 with labels left offset char 0.5,0 font ",10" noenhanced notitle, \
     "" index 1 using ($3 < 0 ? $3 : NaN):($0 + 0.18):5 with labels right offset char -0.5,0 font ",10" noenhanced notitle, \
     "" index 1 using ($3 >= 0 ? $3 : NaN):($0 + 0.18):5 with labels left offset char 0.5,0 font ",10" noenhanced notitle
