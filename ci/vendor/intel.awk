# Of ocloc's warnings (first file) and .ze_info (second): KERNEL REGISTERS SPILLED SCRATCH LOCAL WIDTH 0.
# What a hardware thread has in memory is shared out to its work-items.
BEGIN { OFS = "\t" }
/^warning: kernel .* spilled around/ { spilled[$3] = $NF }
FNR == NR { next }
/^kernels_misc_info/ { exit }
/^  - name:/ { if (kernel != "") end(); kernel = $3; registers = scratch = local_bytes = 0; width = 1 }
/^      grf_count:/ { registers = $2 }
/^      simd_size:/ { width = $2 }
/^      slm_size:/ { local_bytes = $2 }
/^    [a-z]/ { in_memory = $1 == "per_thread_memory_buffers:" }
in_memory && /^        size:/ { scratch += $2 }
function end() {
    print what, kernel, registers, spilled[kernel] + 0, int(scratch / width), local_bytes, width, 0
}
END { if (kernel != "") end() }
