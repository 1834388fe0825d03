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

find_program(GUILE NAMES guile guile-3.0)
if(GUILE)
    add_test(NAME sources.guix_hook
        COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/guix_hook.py
                ${GUILE} ${PROJECT_SOURCE_DIR}/docs/guix.md)
endif()
