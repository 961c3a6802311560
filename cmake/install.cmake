# cmake --install build --prefix P: the program, its man pages and completion, the Python package,
# the gallery, and the kernel of the simulator as the CMake package `stampede` with its headers. The
# Python package lies where the program looks for it, beside its own directory.
include(GNUInstallDirs)
set(SHARE ${CMAKE_INSTALL_DATADIR}/stampede)
install(TARGETS stampede_installed)

# What the installed program itself prints: generated(FILE DIRECTORY WORD...)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/install)
function(generated name destination)
  list(JOIN ARGN " " words)
  set(file ${CMAKE_BINARY_DIR}/install/${name})
  install(CODE "execute_process(COMMAND \"$<TARGET_FILE:stampede>\" ${words}
                                OUTPUT_FILE \"${file}\" COMMAND_ERROR_IS_FATAL ANY)")
  install(FILES ${file} DESTINATION ${destination})
endfunction()
# A page for the program and one for each command that it names.
install(CODE "
  set(MAN \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR}/man1\")
  file(MAKE_DIRECTORY \${MAN})
  execute_process(COMMAND \"$<TARGET_FILE:stampede>\" man OUTPUT_VARIABLE page
                  COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL \"SS .stampede [a-z-]+\" heads \"\${page}\")
  file(WRITE \"\${MAN}/stampede.1\" \"\${page}\")
  foreach(head IN LISTS heads)
    string(REGEX REPLACE \".* \" \"\" command \"\${head}\")
    execute_process(COMMAND \"$<TARGET_FILE:stampede>\" man \${command}
                    OUTPUT_FILE \"\${MAN}/stampede-\${command}.1\" COMMAND_ERROR_IS_FATAL ANY)
  endforeach()")
generated(stampede ${CMAKE_INSTALL_DATADIR}/bash-completion/completions completion bash)
generated(_stampede ${CMAKE_INSTALL_DATADIR}/zsh/site-functions completion zsh)
generated(stampede.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d completion fish)

install(DIRECTORY tools/python/stampede DESTINATION ${SHARE}/python
        FILES_MATCHING PATTERN "*.py" PATTERN "*.js" PATTERN "*.css" PATTERN "LICENSE"
        PATTERN "__pycache__" EXCLUDE)
if(TARGET stampede_python)
  install(TARGETS stampede_python DESTINATION lib/stampede/python OPTIONAL)  # of one architecture
  install(CODE "
  if(NOT EXISTS \"$<TARGET_FILE:stampede_python>\")
    message(STATUS \"stampede._core was not built: `import stampede` reads results, runs nothing\")
  endif()")
endif()

install(DIRECTORY scenarios DESTINATION ${SHARE} FILES_MATCHING PATTERN "*.yaml" PATTERN "*.csv")
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR}
        FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN "*.png" PATTERN "grafana/*.json"
        PATTERN "__pycache__" EXCLUDE)

# find_package(stampede): the target stampede::sim, with `#include "sim/scheduler.h"`.
include(CMakePackageConfigHelpers)
target_include_directories(stampede_sim INTERFACE
                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/stampede>)
set_target_properties(stampede_sim PROPERTIES EXPORT_NAME sim)
target_compile_features(stampede_sim INTERFACE cxx_std_20)
install(TARGETS stampede_sim EXPORT stampede)
install(DIRECTORY sim DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/stampede FILES_MATCHING PATTERN "*.h")
set(CMAKE_PACKAGE ${CMAKE_INSTALL_LIBDIR}/cmake/stampede)
install(EXPORT stampede NAMESPACE stampede:: DESTINATION ${CMAKE_PACKAGE}
        FILE stampedeTargets.cmake)
file(WRITE ${CMAKE_BINARY_DIR}/install/stampedeConfig.cmake
     "include(\${CMAKE_CURRENT_LIST_DIR}/stampedeTargets.cmake)\n")
write_basic_package_version_file(${CMAKE_BINARY_DIR}/install/stampedeConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/install/stampedeConfig.cmake
              ${CMAKE_BINARY_DIR}/install/stampedeConfigVersion.cmake
        DESTINATION ${CMAKE_PACKAGE})
install(FILES LICENSE NOTICE README.md CHANGELOG.md CITATION.cff SECURITY.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
