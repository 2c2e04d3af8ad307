# cmake --install: the program, both libraries, the headers in their layer folders, the demo
# weights, galip.pc and the CMake package with galip::galip and galip::galip_static.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/galip)

install(TARGETS galip_shared galip_static EXPORT galip-targets)
foreach(layer IN LISTS layers)
  file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${layer}/*.h)
  list(FILTER headers EXCLUDE REGEX "_internal\\.h$")
  install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/galip/${layer})
endforeach()
if(TARGET galip)
  install(TARGETS galip)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/weights/galip-56-demo.safetensors
        DESTINATION ${CMAKE_INSTALL_DATADIR}/galip)

set_target_properties(galip_shared PROPERTIES EXPORT_NAME galip)
install(EXPORT galip-targets NAMESPACE galip:: DESTINATION ${package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/galip-config.cmake.in
                              ${PROJECT_BINARY_DIR}/galip-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/galip-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/galip-config.cmake
              ${PROJECT_BINARY_DIR}/galip-config-version.cmake DESTINATION ${package_dir})

# galip.pc finds the prefix from where it lies, so the installed tree can be moved.
file(RELATIVE_PATH pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${PROJECT_SOURCE_DIR}/cmake/galip.pc.in ${PROJECT_BINARY_DIR}/galip.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/galip.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
