# What every file of the project is compiled with.
add_library(cordwainer_options INTERFACE)
target_compile_options(cordwainer_options INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wno-sign-conversion -Wshadow -Wold-style-cast
    -Wswitch-enum -Woverloaded-virtual -Wnon-virtual-dtor
    # A statement expression is what makes TRY (core/error.h) read well; both compilers have it.
    $<$<CXX_COMPILER_ID:Clang>:-Wno-gnu-statement-expression>
    # g++ 12 sees overlaps and overruns in string concatenation where there are none (GCC bugs
    # 105651 and 105329), depending on what it inlines; the sanitizers look for real ones.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-array-bounds -Wno-stringop-overflow
        -Wno-stringop-overread -Wsuggest-override>
    $<$<BOOL:${CORDWAINER_WERROR}>:-Werror>)
# A span or vector overrun stops the program instead of reading on.
target_compile_definitions(cordwainer_options INTERFACE _GLIBCXX_ASSERTIONS)

if(CORDWAINER_SANITIZE)
    target_compile_options(cordwainer_options INTERFACE
        -fsanitize=${CORDWAINER_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(cordwainer_options INTERFACE -fsanitize=${CORDWAINER_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(cordwainer_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
        -fstack-protector-strong)
    target_link_options(cordwainer_options INTERFACE -pie -Wl,-z,relro,-z,now)
endif()
if(CORDWAINER_FUZZ)
    target_compile_options(cordwainer_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
