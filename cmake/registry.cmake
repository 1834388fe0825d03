# The list of bootloaders is the list of folders in src/bootloaders/: each has a bootloader.h that
# declares `Bootloader cordwainer::FOLDER::bootloader()`. A static registrar would be dropped by the
# linker from a static library, so the registry is generated.
file(GLOB bootloader_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/bootloaders/*/bootloader.h)
set(registry_includes "")
set(registry_calls "")
foreach(header IN LISTS bootloader_headers)
    get_filename_component(folder_path ${header} DIRECTORY)
    get_filename_component(folder ${folder_path} NAME)
    string(APPEND registry_includes "#include \"bootloaders/${folder}/bootloader.h\"\n")
    string(APPEND registry_calls "    all.push_back(${folder}::bootloader());\n")
endforeach()
configure_file(${PROJECT_SOURCE_DIR}/cmake/registry.cc.in ${PROJECT_BINARY_DIR}/registry.cc @ONLY)
target_sources(cordwainer_bootloaders PRIVATE ${PROJECT_BINARY_DIR}/registry.cc)
