# Counts the executed cases in ctest's LastTest.log and prints "PASSED FAILED SKIPPED".
#   awk -f ci/count.awk build/Testing/Temporary/LastTest.log
#
# A test program tells its cases as cmocka does ("[  PASSED  ] 3 test(s).") or in lines "3 passed,
# 0 failed, 1 skipped"; one that tells none counts as one case. A program that ctest calls failed
# has at least one failed case. With -v strict=1 a skipped case is a failed one unless a line
# "skipped: REASON" stands before it.
function number(text) {
    match(text, /[0-9]+/)
    return substr(text, RSTART, RLENGTH) + 0
}

/^[0-9]+\/[0-9]+ Testing: / { p = f = s = reasons = 0 }
/^skip(ped)?: ./ { reasons++ }
/^\[  PASSED  \] [0-9]+ test/ { p += number($0) }
/^\[  FAILED  \] [0-9]+ test/ { f += number($0) }
/^\[  SKIPPED \] [0-9]+ test/ { s += number($0) }
/^([A-Za-z_]+: )?[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ {
    line = $0
    sub(/^[A-Za-z_]+: /, "", line)
    split(line, part, ", ")
    p += number(part[1])
    f += number(part[2])
    s += part[3] == "" ? 0 : number(part[3])
}
/^Unable to find executable/ { absent = 1 } # stands before its test, which ctest calls passed here
/^Test (Passed|Failed)\.$/ {
    if (($0 != "Test Passed." || absent) && f == 0)
        f = 1
    if (p + f + s == 0)
        p = 1
    if (strict && s > reasons) {
        f += s - reasons
        s = reasons
    }
    passed += p
    failed += f
    skipped += s
    absent = 0
}
END { print passed + 0, failed + 0, skipped + 0 }
