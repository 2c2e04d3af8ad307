# From rows "TARGET PROGRAM KERNEL FROM GROUP LOCAL_BYTES CHOICE OPTIONS", read twice, the jobs of
# compile.sh: "ORDER VENDOR TARGET,... [*],KERNEL,... PROGRAM OPTIONS". A vendor compiles what the models
# launch on its targets, and of other kernels one set of options; where the choice has tunables, one set for
# each of their values, that of the largest numbers: what differs are the parts of an epilogue. A program is
# compiled whole once for each target, as the host does, and with further options the kernels that are
# launched with them. The front end without extensions reads, and SPIR-V is made of, one set for each kernel
# and values of tunables.
BEGIN {
    n = split(intel, name, " "); for (i = 1; i <= n; i++) vendor[name[i]] = "intel"
    n = split(amd, name, " "); for (i = 1; i <= n; i++) vendor[name[i]] = "amd"
    n = split(nvidia, name, " "); for (i = 1; i <= n; i++) vendor[name[i]] = "nvidia"
    order["intel"] = 1; order["amd"] = 2; order["nvidia"] = 3; order["spirv"] = 4; order["strict"] = 5
}
{
    what = $2
    for (i = 8; i <= NF; i++)
        what = what " " $i
}
{
    point = $1 SUBSEP $3 SUBSEP ($7 ~ /:/ ? $7 : "")
    weight = 0
    for (i = 8; i <= NF; i++)
        weight += substr($i, index($i, "=") + 1)
}
FNR == NR {
    if ($4 != "suite")
        in_model[$1, $3] = 1
    rank = ($4 != "suite") * 1e6 + weight # a model's before a suite's
    if (!(point in most) || rank >= most[point]) {
        most[point] = rank
        heaviest[point] = what
    }
    next
}
{
    target = $1
    is_heaviest = what == heaviest[point]
    wanted = is_heaviest && ($4 != "suite" || !((target, $3) in in_model))
    if (target in vendor) {
        if (!wanted && ($4 == "suite" || $7 ~ /:/))
            next
        job = vendor[target]
    } else {
        if (!is_heaviest)
            next
        job = wanted ? "spirv" : "strict"
        target = "cl12"
    }
    key = job " " what
    if (!((key, target) in seen)) {
        seen[key, target] = 1
        of[key] = of[key] "," target
        if (!((target, $2) in whole)) {
            whole[target, $2] = 1
            is_whole[key] = 1
        }
    }
    if (!((key, $3) in seen)) {
        seen[key, $3] = 1
        kernels[key] = kernels[key] "," $3
    }
}
END {
    for (key in of) {
        job = what = key
        sub(/ .*/, "", job)
        sub(/^[^ ]* /, "", what)
        if (job != "strict" || !(("spirv " what) in of))
            print order[job], job, substr(of[key], 2),
                  (key in is_whole || job ~ /spirv|strict/ ? "*" : "") kernels[key], what
    }
}
