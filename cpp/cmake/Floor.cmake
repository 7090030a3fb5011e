# headrace_floor(<name> [SOURCES file...] [DEPENDS floor-or-target...] [PRIVATE_LINKS target...])
#
# One floor of the house as a static library headrace_<name> (headrace::<name>); a floor whose code
# is all in headers is an INTERFACE library. DEPENDS are linked publicly: floors below by their bare
# name, anything else as a target ("Eigen3::Eigen"). PRIVATE_LINKS are what only the sources need.
function(headrace_floor name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;PRIVATE_LINKS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "headrace_floor(${name}): unknown ${arg_UNPARSED_ARGUMENTS}")
  endif()

  set(target headrace_${name})
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_link_libraries(${target} PRIVATE headrace::warnings ${arg_PRIVATE_LINKS})
    set(reach PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(reach INTERFACE)
  endif()
  add_library(headrace::${name} ALIAS ${target})

  target_include_directories(${target} ${reach} "${PROJECT_SOURCE_DIR}/cpp/include")
  list(TRANSFORM arg_DEPENDS PREPEND "headrace::" REGEX "^[a-z]+$")
  target_link_libraries(${target} ${reach} headrace::platform headrace::sanitizers ${arg_DEPENDS})
endfunction()
