# headrace::sanitizers: empty unless HEADRACE_SANITIZE names some ("address;undefined", "thread").
# With HEADRACE_FUZZ all that is compiled also tells libFuzzer where it went: without that it gives up.
add_library(headrace_sanitizers INTERFACE)
add_library(headrace::sanitizers ALIAS headrace_sanitizers)

if(HEADRACE_SANITIZE)
  list(JOIN HEADRACE_SANITIZE "," headrace_sanitize_flag)
  target_compile_options(headrace_sanitizers INTERFACE -fsanitize=${headrace_sanitize_flag}
                         -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(headrace_sanitizers INTERFACE -fsanitize=${headrace_sanitize_flag})
endif()

if(HEADRACE_FUZZ)
  target_compile_options(headrace_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(headrace_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
endif()
