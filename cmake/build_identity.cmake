# The build is known by a hash of the sources that decide results; docs/determinism.md says what it
# is for. Sets BUILD_IDENTITY_SOURCE, a unit with that hash and the git commit: the only one that is
# compiled when another source changes.
block(PROPAGATE BUILD_IDENTITY_SOURCE)
include(${CMAKE_CURRENT_LIST_DIR}/deciding_sources.cmake)
file(GLOB_RECURSE names CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
     sim/* models/* tools/* scenarios/profiles/*)
keep_deciding(names)
list(JOIN names "\n" text)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/deciding_sources.txt CONTENT "${text}\n" @ONLY)
list(TRANSFORM names PREPEND ${CMAKE_SOURCE_DIR}/)

set(BUILD_IDENTITY_SOURCE ${CMAKE_BINARY_DIR}/build_identity.cpp)
set(script ${CMAKE_CURRENT_LIST_DIR}/write_build_identity.cmake)
add_custom_command(
  OUTPUT ${BUILD_IDENTITY_SOURCE}
  COMMAND ${CMAKE_COMMAND} -D SOURCE=${CMAKE_SOURCE_DIR} -D OUT=${BUILD_IDENTITY_SOURCE}
          -D LIST=${CMAKE_BINARY_DIR}/deciding_sources.txt -P ${script}
  DEPENDS ${names} ${CMAKE_BINARY_DIR}/deciding_sources.txt ${script}
          ${CMAKE_CURRENT_LIST_DIR}/deciding_sources.cmake
  DEPFILE ${BUILD_IDENTITY_SOURCE}.d  # git's files, which may come and go
  COMMENT "Hashing the sources that decide results"
  VERBATIM)
set_source_files_properties(${BUILD_IDENTITY_SOURCE} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endblock()
