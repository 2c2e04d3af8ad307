# Of PTX, where there is no ptxas to tell more: KERNEL - - - - 32 0.
BEGIN { OFS = "\t" }
/\.entry / { sub(/.*\.entry /, ""); sub(/\(.*/, ""); print what, $0, "-", "-", "-", "-", 32, 0 }
