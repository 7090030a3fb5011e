# headrace::warnings: what our own code is held to. Linked privately, so that no user inherits it.
add_library(headrace_warnings INTERFACE)
add_library(headrace::warnings ALIAS headrace_warnings)

# -Wmissing-field-initializers: gcc before 13 means designated initialisers too, whose point it is to
# leave the rest at its defaults.
target_compile_options(headrace_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wno-missing-field-initializers
  $<$<BOOL:${HEADRACE_WERROR}>:-Werror>)
