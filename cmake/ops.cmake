# Reads host/ops/ops.def, the one list of ops. An op is five places: the line there and
# kernels/OP.cl, host/ops/OP.h, host/ops/OP.c, tests/ops/OP.c. A name without a file, or a file
# without a name, stops configuration here with the path to write or to remove.
set(ops_def ${PROJECT_SOURCE_DIR}/host/ops/ops.def)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ops_def})
file(STRINGS ${ops_def} op_lines REGEX "^OP\\([a-z0-9_]+\\)$")
set(GALIP_OPS "")
foreach(line IN LISTS op_lines)
  string(REGEX REPLACE "^OP\\((.*)\\)$" "\\1" op "${line}")
  list(APPEND GALIP_OPS ${op})
  foreach(file IN ITEMS kernels/${op}.cl host/ops/${op}.h host/ops/${op}.c tests/ops/${op}.c)
    if(NOT EXISTS ${PROJECT_SOURCE_DIR}/${file})
      message(FATAL_ERROR "host/ops/ops.def names the op '${op}', but ${file} does not exist")
    endif()
  endforeach()
endforeach()
file(GLOB op_files CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} kernels/*.cl host/ops/*.c
     tests/ops/*.c)
foreach(file IN LISTS op_files)
  get_filename_component(op ${file} NAME_WE)
  if(NOT op IN_LIST GALIP_OPS)
    message(FATAL_ERROR "${file} exists, but host/ops/ops.def has no line OP(${op})")
  endif()
endforeach()
