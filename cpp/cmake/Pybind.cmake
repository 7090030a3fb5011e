# pybind11 >= 3: scikit-build-core puts it on the prefix path; a plain CMake build asks the Python
# that it builds for.
find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)

if(NOT pybind11_DIR)
  execute_process(COMMAND "${Python_EXECUTABLE}" -m pybind11 --cmakedir
                  OUTPUT_VARIABLE headrace_pybind11 OUTPUT_STRIP_TRAILING_WHITESPACE
                  ERROR_QUIET RESULT_VARIABLE headrace_status)
  if(headrace_status EQUAL 0)
    list(APPEND CMAKE_PREFIX_PATH "${headrace_pybind11}")
  endif()
endif()
find_package(pybind11 3 CONFIG REQUIRED)
