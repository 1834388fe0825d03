# Tests that read the sources.
find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
add_test(NAME sources.include_directions
    COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/include_directions.py
            ${PROJECT_SOURCE_DIR})

find_program(CLANG_FORMAT clang-format-19)
if(CLANG_FORMAT)
    add_test(NAME sources.format
        COMMAND ${PROJECT_SOURCE_DIR}/scripts/check-format ${CLANG_FORMAT})
endif()

# Minutes of work for both cores, so only where it is asked for.
option(CORDWAINER_TIDY "Register the clang-tidy run over src/ as a test" OFF)
if(CORDWAINER_TIDY)
    find_program(CLANG_TIDY clang-tidy-19 REQUIRED)
    add_test(NAME sources.tidy
        COMMAND ${PROJECT_SOURCE_DIR}/scripts/check-tidy ${CLANG_TIDY} ${PROJECT_BINARY_DIR})
    set_tests_properties(sources.tidy PROPERTIES PROCESSORS 2 TIMEOUT 1200)
endif()
