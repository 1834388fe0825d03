# Reading the headers is most of what a compiler has to do for a small file, so a build of everything
# takes a third of the time where several files of a folder are compiled as one.
set(CORDWAINER_JOIN "none" CACHE STRING
    "The files that are compiled several at a time: none, tests, or all (with src/)")
set_property(CACHE CORDWAINER_JOIN PROPERTY STRINGS none tests all)

# cordwainer_join_sources(TARGET CHOICE...)
#
# Joins the files of TARGET where CORDWAINER_JOIN is one of the CHOICEs.
function(cordwainer_join_sources target)
    if(CORDWAINER_JOIN IN_LIST ARGN)
        set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
    endif()
endfunction()

# cordwainer_folder(NAME USES folder... [LIBRARIES target...])
#
# One static library per folder of src/, of all its sources but main.cc. USES names the folders that
# it may include.
function(cordwainer_folder name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "USES;LIBRARIES")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
    list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
    add_library(cordwainer_${name} STATIC ${sources})
    cordwainer_join_sources(cordwainer_${name} all)
    target_include_directories(cordwainer_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    list(TRANSFORM arg_USES PREPEND cordwainer_)
    target_link_libraries(cordwainer_${name} PUBLIC ${arg_USES} PRIVATE cordwainer_options
        ${arg_LIBRARIES})
endfunction()
