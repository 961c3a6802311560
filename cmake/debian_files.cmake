# What Debian wants beside the installed files, and their times. Run by cpack once they are in place.
set(ROOT ${CPACK_TEMPORARY_INSTALL_DIRECTORY}${CPACK_PACKAGING_INSTALL_PREFIX})
set(DOC ${ROOT}/share/doc/stampede)
set(SOURCE ${CMAKE_CURRENT_LIST_DIR}/..)
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  set(TIME $ENV{SOURCE_DATE_EPOCH})
else()
  execute_process(COMMAND git -C ${SOURCE} log -1 --format=%ct OUTPUT_VARIABLE TIME
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
if(NOT TIME)
  set(TIME 0)
endif()
set(ENV{SOURCE_DATE_EPOCH} ${TIME})  # of cpack itself
execute_process(COMMAND date -u -R -d @${TIME} OUTPUT_VARIABLE DATE OUTPUT_STRIP_TRAILING_WHITESPACE)

file(READ ${SOURCE}/NOTICE NOTICE_TEXT)
file(REMOVE ${DOC}/LICENSE)
file(READ ${SOURCE}/tools/python/stampede/report/uplot/LICENSE UPLOT_TEXT)
file(WRITE ${DOC}/copyright
"Stampede, copyright 2026 the Stampede contributors, Apache License 2.0; on Debian systems its text is
in /usr/share/common-licenses/Apache-2.0.

Contained: uPlot 1.6.32, under this licence:

${UPLOT_TEXT}
${NOTICE_TEXT}")
file(WRITE ${DOC}/changelog
"stampede (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * See CHANGELOG.md.

 -- ${CPACK_PACKAGE_CONTACT}  ${DATE}
")
file(GLOB PAGES ${ROOT}/share/man/man1/*.1)
execute_process(COMMAND gzip -9nf ${DOC}/changelog ${PAGES} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND find ${ROOT} -exec touch -h -d @${TIME} {} + COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND chmod -R u=rwX,go=rX ${ROOT} COMMAND_ERROR_IS_FATAL ANY)
