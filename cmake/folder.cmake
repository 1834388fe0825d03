# cordwainer_folder(NAME USES folder... [LIBRARIES target...])
#
# One static library per folder of src/, of all its sources but main.cc. USES names the folders that
# it may include.
function(cordwainer_folder name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "USES;LIBRARIES")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
    list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
    add_library(cordwainer_${name} STATIC ${sources})
    target_include_directories(cordwainer_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    list(TRANSFORM arg_USES PREPEND cordwainer_)
    target_link_libraries(cordwainer_${name} PUBLIC ${arg_USES} PRIVATE cordwainer_options
        ${arg_LIBRARIES})
endfunction()
