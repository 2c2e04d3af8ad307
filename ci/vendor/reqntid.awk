# Adds to PTX (second file) the groups that kernels declare, which LLVM's back end drops and without
# which ptxas counts on groups of any size. LLVM IR (first file) has them.
FNR == NR && /^define .*!reqd_work_group_size/ {
    match($0, /@[A-Za-z0-9_]+/)
    kernel = substr($0, RSTART + 1, RLENGTH - 1)
    match($0, /!reqd_work_group_size ![0-9]+/)
    id[kernel] = substr($0, RSTART + 22, RLENGTH - 22)
}
FNR == NR && /^![0-9]+ = !\{i32 [0-9]+, i32 [0-9]+, i32 [0-9]+\}$/ {
    gsub(/[i,{}]/, "")
    group[$1] = $4 ", " $6 ", " $8
}
FNR == NR { next }
{ print }
match($0, /\.entry [A-Za-z0-9_]+/) { entry = substr($0, RSTART + 7, RLENGTH - 7) }
/^\)$/ && entry in id { print ".reqntid " group[id[entry]] }
/^\)$/ { entry = "" }
