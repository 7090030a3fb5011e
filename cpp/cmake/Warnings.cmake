# headrace::warnings: what our own code is held to. Linked privately, so that no user inherits it.
add_library(headrace_warnings INTERFACE)
add_library(headrace::warnings ALIAS headrace_warnings)

# -Wmissing-field-initializers: gcc before 13 means designated initialisers too, whose point it is to
# leave the rest at its defaults. -Wrestrict: gcc 12 sees an overlap in std::string's own code at -O3
# where there is none (its bug 105651).
target_compile_options(headrace_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<BOOL:${HEADRACE_WERROR}>:-Werror>)

# -Wmaybe-uninitialized: gcc sees what is not there through the code that a sanitizer adds, as its
# manual says (gcc 12, -fsanitize=thread: a moved std::optional).
if(HEADRACE_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(headrace_warnings INTERFACE -Wno-maybe-uninitialized)
endif()
