# Of ptxas -v: KERNEL REGISTERS SPILLED SCRATCH LOCAL WIDTH 0. Spills are bytes of stores.
BEGIN { OFS = "\t" }
/Compiling entry function/ { split($0, part, "'"); kernel = part[2] }
/bytes stack frame/ { scratch = $1; spilled = $5 }
/: Used [0-9]+ registers/ {
    local_bytes = match($0, /[0-9]+ bytes smem/) ? substr($0, RSTART) + 0 : 0
    print what, kernel, $5, spilled, scratch, local_bytes, 32, 0
}
