# The manual pages, made by the program itself from the same declarations as its --help.
target_compile_definitions(cordwainer_cli PRIVATE CORDWAINER_VERSION="${PROJECT_VERSION}")
