# fig_accuracy.gp -- accuracy along axes, a panel each, with its interval and the network in floating point; reads accuracy.dat.
load "style.gp"
stats "accuracy.dat" index 0 using 1 nooutput
n = int(STATS_min)
across = n < 3 ? n : (n + 1) / 2
down = (n + across - 1) / across
set terminal svg size 250 + 420 * across, 120 + 330 * down font "Helvetica,14" background "white"
set output "accuracy.svg"
set ylabel "top-1 accuracy (%)"
set offsets graph 0.03, graph 0.03, 0, 0
set key outside top right horizontal samplen 2
set multiplot layout down, across title "Accuracy on the simulated chip (bars: 95 % interval)"
do for [k = 1:n] {
    set table $unused
    set xrange [-1:1]
    set yrange [-1:1]
    unset logscale x
    plot "accuracy.dat" index 2*k-1 using (xl=strcol(1), lx=$2, fl=$3, 0):(0) with points
    unset table
    set xrange [*:*]
    set yrange [0<*:*<101]
    set xlabel xl noenhanced
    if (lx) { set logscale x; set format x "%.0s%c" } else { set format x "%g" }
    if (fl >= 0) {
        plot fl with lines dt 2 lw 1.5 lc rgb "#999999" title "floating point", \
             "accuracy.dat" index 2*k using 2:3:4:5 with yerrorbars pt 7 ps 0.6 lt 1 notitle, \
             "" index 2*k using 2:3 with lines lw 1.5 lt 1 title "chip"
    } else {
        plot "accuracy.dat" index 2*k using 2:3:4:5 with yerrorbars pt 7 ps 0.6 lt 1 notitle, \
             "" index 2*k using 2:3 with lines lw 1.5 lt 1 title "chip"
    }
}
unset multiplot
