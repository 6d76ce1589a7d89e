# fig_irdrop.gp -- the share of each cell's conductance that is seen through the wires; reads irdrop.dat.
load "style.gp"
set terminal svg size 760,660 font "Helvetica,14" background "white"
set output "irdrop.svg"
set title "Share of each cell's conductance that is seen through the wires"
set xlabel "column (rows are driven at the left)"
set ylabel "row (columns are sensed below)"
set cblabel "conductance seen / programmed"
set palette defined (0 "#440154", 0.25 "#3b528b", 0.5 "#21918c", 0.75 "#5ec962", 1 "#fde725")
set yrange [] reverse
set autoscale xfix
set autoscale yfix
set format cb "%.4g"
unset grid
unset key
# Cells next to no conductance pass their neighbours' voltages on: a few of them would take all the colours.
stats "irdrop.dat" using 3 nooutput name "S"
from = S_lo_quartile - 3 * (S_up_quartile - S_lo_quartile)
to = S_up_quartile + 3 * (S_up_quartile - S_lo_quartile)
if (from < to) { set cbrange [from > S_min ? from : S_min : to < S_max ? to : S_max] }
if (S_records <= 16384) { plot "irdrop.dat" using 1:2:3 with image pixels } else { plot "irdrop.dat" using 1:2:3 with image }
