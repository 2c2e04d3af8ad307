# "FILE: FUNCTION" for those that PTX declares and does not define.
/^\.([a-z]+ \.)?func / { name = $NF; sub(/\($/, "", name) }
/^;$/ && name != "" { declared[FILENAME ": " name] = 1; name = "" }
/^\{$/ && name != "" { defined[FILENAME ": " name] = 1; name = "" }
END {
    for (name in declared)
        if (!(name in defined))
            print name
}
