# Finds the torch of the environment that headrace is built for, without importing it.
#
# Under pip's build isolation `import torch` finds nothing, yet sysconfig's purelib is still that of
# the environment that pip installs into. HEADRACE_TORCH_ROOT names a torch folder by hand.
#
# Sets HEADRACE_TORCH_FOUND, HEADRACE_TORCH_VERSION and the target headrace::torch_runtime.
set(HEADRACE_TORCH_ROOT "" CACHE PATH "The folder of an installed torch package")
set(HEADRACE_TORCH_FOUND FALSE)
set(HEADRACE_TORCH_VERSION "")

find_package(Python COMPONENTS Interpreter QUIET)
set(headrace_torch_roots "${HEADRACE_TORCH_ROOT}")
if(NOT HEADRACE_TORCH_ROOT AND Python_Interpreter_FOUND)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c
            "import sysconfig as s; print(s.get_path('purelib'), s.get_path('platlib'), sep=';', end='')"
    OUTPUT_VARIABLE headrace_torch_roots)
  list(TRANSFORM headrace_torch_roots APPEND "/torch")
endif()

foreach(root IN LISTS headrace_torch_roots)
  if(NOT HEADRACE_TORCH_FOUND AND EXISTS "${root}/lib/libtorch_cpu.so"
     AND EXISTS "${root}/include/torch/script.h")
    set(HEADRACE_TORCH_FOUND TRUE)
    set(headrace_torch_root "${root}")
  endif()
endforeach()

if(HEADRACE_TORCH_FOUND AND NOT TARGET headrace_torch_runtime)
  file(STRINGS "${headrace_torch_root}/version.py" headrace_torch_line REGEX "^__version__")
  string(REGEX MATCH "[0-9]+\\.[0-9]+(\\.[0-9]+)?" HEADRACE_TORCH_VERSION
         "${headrace_torch_line}")

  # The string and list layout that torch was compiled with; since 2.6 it is always the new one.
  set(headrace_torch_abi 1)
  set(headrace_torch_config "${headrace_torch_root}/share/cmake/Torch/TorchConfig.cmake")
  if(EXISTS "${headrace_torch_config}")
    file(STRINGS "${headrace_torch_config}" headrace_torch_line
         REGEX "_GLIBCXX_USE_CXX11_ABI=0" LIMIT_COUNT 1)
    if(headrace_torch_line)
      set(headrace_torch_abi 0)
    endif()
  endif()

  add_library(headrace_torch_runtime INTERFACE)
  add_library(headrace::torch_runtime ALIAS headrace_torch_runtime)
  target_include_directories(headrace_torch_runtime SYSTEM INTERFACE
    "${headrace_torch_root}/include" "${headrace_torch_root}/include/torch/csrc/api/include")
  target_compile_definitions(headrace_torch_runtime INTERFACE
    _GLIBCXX_USE_CXX11_ABI=${headrace_torch_abi}
    HEADRACE_TORCH_VERSION="${HEADRACE_TORCH_VERSION}")
  # By full path and with nothing else: the module needs these two, whatever else torch brings.
  target_link_libraries(headrace_torch_runtime INTERFACE
    "${headrace_torch_root}/lib/libtorch_cpu.so" "${headrace_torch_root}/lib/libc10.so")
  set(HEADRACE_TORCH_LIB_DIR "${headrace_torch_root}/lib")
endif()

if(HEADRACE_TORCH_FOUND)
  message(STATUS "headrace: torch ${HEADRACE_TORCH_VERSION} at ${headrace_torch_root}")
else()
  message(STATUS "headrace: no torch in ${headrace_torch_roots}; built without .predict()")
endif()
