# The lines of the table, from join.awk's.
function most(a, b) { return a == "" || b > a ? b : a }
function least(a, b) { return a == "" || b < a ? b : a }
{
    key = $3 " " $1
    program[$3] = $2
    sets[key]++
    registers[key] = most(registers[key], $5)
    spilled[key] = most(spilled[key], $6)
    scratch[key] = most(scratch[key], $7)
    memory[key] = most(memory[key], $8)
    width[key] = least(width[key], $9)
    occupancy[key] = least(occupancy[key], $10)
}
END {
    n = split(order, target, " ")
    for (kernel in program)
        names[++k] = program[kernel] " " kernel
    for (i = 2; i <= k; i++) # insertion sort
        for (j = i; j > 1 && names[j] < names[j - 1]; j--) {
            swap = names[j]; names[j] = names[j - 1]; names[j - 1] = swap
        }
    for (i = 1; i <= k; i++) {
        kernel = names[i]
        sub(/.* /, "", kernel)
        for (t = 1; t <= n; t++) {
            key = kernel " " target[t]
            if (key in sets)
                printf "| %s | %s | %d | %s | %s | %s | %s | %s | %s |\n", kernel, target[t], sets[key],
                       registers[key], spilled[key], scratch[key], memory[key], width[key],
                       occupancy[key]
        }
    }
}
