# fig_msnet_weights.gp -- histogram of weight codes before and after training on the chip; reads msnet_weights.dat.
load "style.gp"
set output "msnet_weights.svg"
set title "Weights of MSNet in codes of 5 bits (first seed)"
set xlabel "code"
set ylabel "weights"
set logscale y
set yrange [0.5:*]
set boxwidth 0.4
set key top right
plot "msnet_weights.dat" using ($1-0.2):($2>0?$2:1/0) with boxes lt 8 title "before (epoch 10, dense)", \
     "" using ($1+0.2):($3>0?$3:1/0) with boxes lt 1 title "after (epoch 57, kept weights)"
