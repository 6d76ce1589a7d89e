# style.gp -- what all figures share: size, font, colours that colour-blind readers can tell apart (Okabe and Ito).
reset session
set terminal svg size 900,480 font "Helvetica,14" background "white"
set encoding utf8
set style fill solid 0.9 border -1
set border 3
set tics nomirror out
set grid ytics lc rgb "#dddddd"
set datafile separator "\t"
set linetype 1 lc rgb "#0072B2"
set linetype 2 lc rgb "#E69F00"
set linetype 3 lc rgb "#009E73"
set linetype 4 lc rgb "#CC79A7"
set linetype 5 lc rgb "#56B4E9"
set linetype 6 lc rgb "#D55E00"
set linetype 7 lc rgb "#F0E442"
set linetype 8 lc rgb "#999999"
set linetype 9 lc rgb "#332288"
set linetype 10 lc rgb "#882255"
set linetype cycle 10
# Of a label "energy (J)": the ticks carry the unit and its prefix (9.5 nJ), the label the name; "area (mm2)" is scaled already.
unit_of(l) = strstrt(l, " (") == 0 ? "" : l[strstrt(l, " (") + 2:strlen(l) - 1]
is_plain(l) = unit_of(l) eq "" || unit_of(l) eq "mm2" || unit_of(l) eq "%"
name_of(l) = is_plain(l) ? l : l[1:strstrt(l, " (") - 1]
ticks_of(l, digits) = is_plain(l) ? "%g" : sprintf("%%.%ds %%c%s", digits, unit_of(l))
