# fig_msnet_confusion.gp -- letters found for letters shown, at the end; reads msnet_confusion.dat.
load "style.gp"
set terminal svg size 620,560 font "Helvetica,14" background "white"
set output "msnet_confusion.svg"
unset key
unset grid
set title "Test images at the end: found for true (% of the true letter)"
set xlabel "found"
set ylabel "true"
set palette defined (0 "#ffffff", 1 "#0072B2")
set cbrange [0:100]
set yrange [4.5:-0.5]
set xrange [-0.5:4.5]
plot "msnet_confusion.dat" using 1:2:3 with image pixels, \
     "" using 1:2:(sprintf("%.1f", $3)):($3 > 50 ? 0xffffff : 0x000000) with labels tc rgb variable, \
     "" every 6 using 1:2:xtic(4):ytic(4) with points ps 0
