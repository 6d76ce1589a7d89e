# fig_msnet_maps.gp -- weights of six phases on lines of 25 cells, pruned ones grey; reads msnet_maps.dat.
load "style.gp"
set terminal svg size 1100,900 font "Helvetica,13" background "white"
set output "msnet_maps.svg"
unset key
unset grid
set palette defined (-1 "#0072B2", 0 "#ffffff", 1 "#D55E00")
set object 1 rectangle from first -0.5, first 42.5 to first 24.5, first -0.5 behind fc rgb "#bbbbbb" fs solid 1.0 noborder
set cbrange [-15:15]
set colorbox user origin 0.93,0.3 size 0.012,0.4
set cblabel "code" offset -1,0
set multiplot layout 2,3 title "Weights of MSNet, lines of 25 cells (conv1: 0 to 3, conv2: 4 to 35, fc: 36 to 42); grey = pruned" margins 0.04,0.90,0.05,0.93 spacing 0.05,0.05
do for [i=0:5] {
    plot [-0.5:24.5] [42.5:-3] "msnet_maps.dat" index i using 1:2:3 with image pixels, \
        "" index i every ::0::0 using (12):(-1.8):4 with labels
}
unset multiplot
