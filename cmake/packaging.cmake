# cpack -G DEB --config build/CPackConfig.cmake: a Debian package of what cmake --install installs.
# The same sources give the same bytes: times are those of the commit, or of SOURCE_DATE_EPOCH.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME stampede)
set(CPACK_PACKAGE_CONTACT "Stampede contributors <stampede@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "simulator of overload and cascading failure in AI inference")
set(CPACK_PACKAGE_DESCRIPTION
    "Stampede plays outages of AI-inference services. A fleet, its clients and
what goes wrong are described in one YAML file, and hours of it are played in
seconds, request by request. It shows how the failure spread and why, and which
mitigation would have stopped it.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "python3, python3-matplotlib, python3-pandas, python3-yaml")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS prometheus)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/debian_files.cmake)
include(CPack)
