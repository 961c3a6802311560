# cmake --install build --prefix P: the program, its man page and completion, the Python package and
# the gallery. The package lies where the program looks for it, beside its own directory.
include(GNUInstallDirs)
set(SHARE ${CMAKE_INSTALL_DATADIR}/stampede)
install(TARGETS stampede)

# What the installed program itself prints: generated(FILE DIRECTORY WORD...)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/install)
function(generated name destination)
  list(JOIN ARGN " " words)
  set(file ${CMAKE_BINARY_DIR}/install/${name})
  install(CODE "execute_process(COMMAND \"$<TARGET_FILE:stampede>\" ${words}
                                OUTPUT_FILE \"${file}\" COMMAND_ERROR_IS_FATAL ANY)")
  install(FILES ${file} DESTINATION ${destination})
endfunction()
generated(stampede.1 ${CMAKE_INSTALL_MANDIR}/man1 man)
generated(stampede ${CMAKE_INSTALL_DATADIR}/bash-completion/completions completion bash)
generated(_stampede ${CMAKE_INSTALL_DATADIR}/zsh/site-functions completion zsh)
generated(stampede.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d completion fish)

install(DIRECTORY tools/python/stampede DESTINATION ${SHARE}/python
        FILES_MATCHING PATTERN "*.py" PATTERN "*.js" PATTERN "*.css" PATTERN "LICENSE")
if(TARGET stampede_python)
  install(TARGETS stampede_python DESTINATION ${SHARE}/python/stampede OPTIONAL)
  install(CODE "
  if(NOT EXISTS \"$<TARGET_FILE:stampede_python>\")
    message(STATUS \"stampede._core was not built: `import stampede` reads results, runs nothing\")
  endif()")
endif()

install(DIRECTORY scenarios DESTINATION ${SHARE} FILES_MATCHING PATTERN "*.yaml" PATTERN "*.csv")
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR}
        FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN "*.png")
install(FILES LICENSE NOTICE README.md CHANGELOG.md CITATION.cff SECURITY.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
