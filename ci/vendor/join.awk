# The figures of what is launched, from rows (first file) and results (second): TARGET PROGRAM KERNEL
# OPTIONS REGISTERS SPILLED SCRATCH LOCAL WIDTH OCCUPANCY VARIANT, tab-separated. OCCUPANCY is percent.
BEGIN {
    OFS = "\t"
    split("gfx906 10 gfx90a 8 gfx1030 16 gfx1100 16", w, " ")
    for (i = 1; i in w; i += 2)
        waves[w[i]] = w[i + 1]
    # of a multiprocessor: warps, groups, KiB of shared memory
    split("sm_75 32 16 64 sm_80 64 32 164 sm_90 64 32 228", m, " ")
    for (i = 1; i in m; i += 4) {
        warps[m[i]] = m[i + 1]; groups[m[i]] = m[i + 2]; shared[m[i]] = 1024 * m[i + 3]
    }
}
function least(a, b) { return a < b ? a : b }
# NVIDIA: registers come to a warp by 256, 65536 in all; a group takes 1 KiB of shared memory more on
# sm_80 and later.
function nvidia(target, registers, memory, group,    per_group, n) {
    per_group = int((group + 31) / 32)
    n = int(least(65536 / (256 * int((registers * 32 + 255) / 256)), warps[target]) / per_group)
    n = least(n, groups[target])
    if (target != "sm_75")
        memory += 1024
    if (memory > 0)
        n = least(n, int(shared[target] / memory))
    return int(100 * n * per_group / warps[target])
}
FNR == NR {
    options = ""
    for (i = 8; i <= NF; i++)
        options = options (i > 8 ? " " : "") $i
    key = $1 SUBSEP $2 SUBSEP options
    group[key, $3] = $5; memory[key, $3] = $6; variant[key, $3] = $7
    next
}
FNR == 1 { FS = "\t"; $0 = $0 }
$1 != "kernel" { next }
{
    key = $2 SUBSEP $3 SUBSEP $4
    if (!((key, $5) in group))
        next
    local_bytes = $9 == "-" ? "-" : $9 + memory[key, $5]
    occupancy = 100
    if ($2 in waves)
        occupancy = int(100 * $11 / waves[$2])
    else if ($2 in warps)
        occupancy = $6 == "-" ? "-" : nvidia($2, $6, local_bytes, group[key, $5])
    else if ($6 > 128)
        occupancy = 50
    print $2, $3, $5, $4, $6, $7, $8, local_bytes, $10, occupancy, variant[key, $5]
}
