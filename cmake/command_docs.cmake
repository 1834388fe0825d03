# The manual pages and the completion for bash, made by the program itself from the same
# declarations as its --help.
target_compile_definitions(cordwainer_cli PRIVATE CORDWAINER_VERSION="${PROJECT_VERSION}")

set(command_docs ${PROJECT_BINARY_DIR}/command-docs)
file(MAKE_DIRECTORY ${command_docs})
add_custom_command(OUTPUT ${command_docs}/cordwainer.1
    COMMAND cordwainer --write-docs ${command_docs}
    DEPENDS cordwainer
    COMMENT "Writing the manual pages")
add_custom_target(command_docs ALL DEPENDS ${command_docs}/cordwainer.1)
install(DIRECTORY ${command_docs}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
    FILES_MATCHING PATTERN "*.1")
install(FILES ${command_docs}/cordwainer.bash
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME cordwainer)
