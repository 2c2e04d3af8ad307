# cmake -DOUT=x.c -DROOT=dir "-DFILES=a;b" -P embed_files.cmake
# Writes gcl_embedded_kernels[] (host/kernel_source.h): name relative to ROOT, bytes, length.
set(arrays "")
set(table "")
set(n 0)
foreach(file IN LISTS FILES)
  file(RELATIVE_PATH name ${ROOT} ${file})
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "static const unsigned char file${n}[] = {${bytes}0x00};\n")
  string(APPEND table "    {\"${name}\", (const char *)file${n}, sizeof file${n} - 1},\n")
  math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUT} "/* Generated from kernels/ by cmake/embed_files.cmake. */\n"
     "#include \"host/kernel_source.h\"\n\n${arrays}\n"
     "const gcl_embedded_kernel gcl_embedded_kernels[] = {\n${table}    {0, 0, 0},\n};\n")
