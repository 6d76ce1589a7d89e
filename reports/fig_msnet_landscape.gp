# fig_msnet_landscape.gp -- training loss around the final weights along two random directions; reads msnet_landscape.dat.
load "style.gp"
set terminal svg size 700,600 font "Helvetica,14" background "white"
set output "msnet_landscape.svg"
unset key
set rmargin at screen 0.80
set title "Training loss around the final weights (first seed)"
set xlabel "along a (of the weights' norm)"
set ylabel "along b (of the weights' norm)"
set palette defined (0 "#332288", 0.3 "#56B4E9", 0.6 "#F0E442", 1 "#D55E00")
set logscale cb
set cblabel "cross-entropy"
set view map
set autoscale xfix
set autoscale yfix
plot "msnet_landscape.dat" using 1:2:3 with image
