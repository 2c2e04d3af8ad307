# Of clang's remarks on resources: KERNEL REGISTERS SPILLED SCRATCH LOCAL WIDTH OCCUPANCY. The vector
# registers count, and on gfx90a the accumulation registers beside them.
BEGIN { OFS = "\t" }
function value() { return $(NF - 1) + 0 }
/remark: Function Name:/ { kernel = $(NF - 1) }
/remark: .* VGPRs:/ { registers = value() }
/remark: .* AGPRs:/ { registers += value() }
/remark: .* ScratchSize/ { scratch = value() }
/remark: .* Occupancy/ { occupancy = value() }
/remark: .* SGPRs Spill:/ { spilled = value() }
/remark: .* VGPRs Spill:/ { spilled += value() }
/remark: .* LDS Size/ {
    print what, kernel, registers, spilled, scratch, value(), target ~ /^gfx9/ ? 64 : 32, occupancy
}
