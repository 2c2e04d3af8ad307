# The source without the kernels that are not in `kernels`. A kernel stands between a line that begins with
# "__kernel" or its attributes and one that begins with "}".
BEGIN {
    n = split(kernels, name, " ")
    for (i = 1; i <= n; i++)
        kept[name[i]] = 1
}
/^(__attribute__.*)?__kernel/ { in_kernel = 1; text = kernel = "" }
!in_kernel { print; next }
{ text = text $0 "\n" }
kernel == "" && match(text, /void[ \n]+[A-Za-z0-9_]+\(/) {
    kernel = substr(text, RSTART + 5, RLENGTH - 6)
}
/^}/ {
    if (kernel in kept)
        printf "%s", text
    in_kernel = 0
}
