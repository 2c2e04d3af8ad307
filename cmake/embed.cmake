# Embeds the kernel sources as byte arrays, so that they stay plain files of any length.
file(GLOB GALIP_KERNEL_FILES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kernels/*.cl
     ${PROJECT_SOURCE_DIR}/kernels/*/*.cl ${PROJECT_SOURCE_DIR}/kernels/common/*.h)
set(GALIP_KERNELS_C ${PROJECT_BINARY_DIR}/embedded_kernels.c)
add_custom_command(
  OUTPUT ${GALIP_KERNELS_C}
  COMMAND ${CMAKE_COMMAND} -DOUT=${GALIP_KERNELS_C} -DROOT=${PROJECT_SOURCE_DIR}/kernels
          "-DFILES=${GALIP_KERNEL_FILES}" -P ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
  DEPENDS ${GALIP_KERNEL_FILES} ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
  COMMENT "Embedding kernels" VERBATIM)
