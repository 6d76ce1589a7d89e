# fig_vau_error.gp -- what vector updates miss and make of real weight changes, by sparsity; reads vau_error.dat.
load "style.gp"
set terminal svg size 1100,480 font "Helvetica,14" background "white"
set output "vau_error.svg"
set multiplot layout 1,2 margins 0.08,0.985,0.30,0.90 spacing 0.09,0
set xlabel "zeros (%)"
set title "Mean squared error of vector updates (states^2)"
set logscale y
set yrange [0.0003:1]
set key at graph 0.5, graph -0.27 top center maxrows 2 width -2 font ",12"
plot "vau_error.dat" index 0 using 1:4 with points pt 2 lt 8 title "the change itself", \
     "" index 0 using 1:2 with points pt 7 lt 1 title "fitted to whole arrays", \
     "" index 0 using 1:3 with points pt 6 lt 3 title "fitted to kept cells", \
     "" index 1 using 1:2 with linespoints pt 9 ps 1.6 lt 6 title "published"
unset logscale y
set title "Share of the squared change that they make (%)"
set yrange [0:100]
set key at graph 0.5, graph -0.27 top center maxrows 2 width -2 font ",12"
plot "vau_error.dat" index 0 using 1:5 with points pt 7 lt 1 title "fitted to whole arrays", \
     "" index 0 using 1:6 with points pt 6 lt 3 title "fitted to kept cells"
unset multiplot
