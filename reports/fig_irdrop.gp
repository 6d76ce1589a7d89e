# fig_irdrop.gp -- the share of each cell's conductance that is seen through the wires; reads irdrop.dat.
load "style.gp"
set terminal svg size 760,660 font "Helvetica,14" background "white"
set output "irdrop.svg"
set xlabel "column (driven at the left)"
set ylabel "row (sensed below)"
set cblabel "conductance seen / programmed"
set palette defined (0 "#440154", 0.25 "#3b528b", 0.5 "#21918c", 0.75 "#5ec962", 1 "#fde725")
set yrange [] reverse
set autoscale xfix
set autoscale yfix
set format cb "%.3g"
unset grid
unset key
plot "irdrop.dat" using 1:2:3 with image
