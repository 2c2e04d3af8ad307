# What is worse in the new table (second file) than in the old one (first), and lines that only one of them
# has. Fields between bars: 2 kernel, 3 target, 5 registers, 6 spilled, 7 scratch, 8 local, 10 occupancy.
BEGIN {
    split(compared, c, " ")
    for (i in c)
        is_compared[c[i]] = 1
    split("registers spilled scratch local", name, " ")
}
NF != 11 || !($3 in is_compared) { next }
{ key = $2 " on " $3 }
FNR == NR { old[key] = $0; next }
!(key in old) { print key ": not in the table"; next }
{
    split(old[key], was, / *[|] */)
    delete old[key]
    for (i = 5; i <= 8; i++)
        if ($i + 0 > was[i] + 0)
            print key ": " name[i - 4] " " was[i] " -> " $i
    if ($10 + 0 < was[10] + 0)
        print key ": occupancy " was[10] " -> " $10 " %"
}
END {
    for (key in old)
        print key ": in the table, but not launched"
}
