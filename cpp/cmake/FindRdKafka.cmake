# Finds librdkafka >= 2.14.2, but not 2.16.0 (it hangs for good when a broker dies).
#
# Distributions ship older ones, so: a system library in the range, else the library inside the
# confluent-kafka wheel of the Python that builds (a build requirement in pyproject.toml), with the
# system's rdkafka.h. That library needs nothing but libc; it is copied beside our modules, so the
# installed package depends on no other client.
#
# Defines the target RdKafka::RdKafka, and
#   RdKafka_VERSION  the version of the library, not of the header
#   RdKafka_BUNDLE   the file to install into headrace/_libs/, empty for a system library
include(FindPackageHandleStandardArgs)

set(headrace_rdkafka_least 2.14.2)
set(headrace_rdkafka_refused 2.16.0)

function(headrace_rdkafka_in_range version result)
  if(version VERSION_GREATER_EQUAL headrace_rdkafka_least
     AND NOT version VERSION_EQUAL headrace_rdkafka_refused)
    set(${result} TRUE PARENT_SCOPE)
  else()
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

# The header says its version as 0xMMmmrrxx.
function(headrace_rdkafka_header_version header result)
  file(STRINGS "${header}" line REGEX "^#define RD_KAFKA_VERSION +0x" LIMIT_COUNT 1)
  if(line MATCHES "0x([0-9a-fA-F][0-9a-fA-F])([0-9a-fA-F][0-9a-fA-F])([0-9a-fA-F][0-9a-fA-F])")
    math(EXPR major "0x${CMAKE_MATCH_1}")
    math(EXPR minor "0x${CMAKE_MATCH_2}")
    math(EXPR patch "0x${CMAKE_MATCH_3}")
    set(${result} "${major}.${minor}.${patch}" PARENT_SCOPE)
  else()
    set(${result} "" PARENT_SCOPE)
  endif()
endfunction()

# The wheel's library and version: "<version>;<path>", or nothing. The package is not imported: an
# import would load the library into the build, and run the package's code.
function(headrace_rdkafka_in_wheel result)
  set(script [=[
import importlib.metadata, importlib.util, pathlib, sysconfig
roots = [pathlib.Path(sysconfig.get_path(k)) for k in ("purelib", "platlib")]
spec = importlib.util.find_spec("confluent_kafka")
if spec is not None and spec.origin:
    roots.insert(0, pathlib.Path(spec.origin).parent.parent)
for root in roots:
    for lib in sorted((root / "confluent_kafka.libs").glob("librdkafka-*.so.1")):
        found = importlib.metadata.distributions(name="confluent-kafka", path=[str(root)])
        print(next(iter(found)).version, lib, sep=";", end="")
        raise SystemExit
]=])
  execute_process(COMMAND "${Python_EXECUTABLE}" -c "${script}" OUTPUT_VARIABLE found
                  ERROR_QUIET RESULT_VARIABLE status)
  if(status EQUAL 0)
    set(${result} "${found}" PARENT_SCOPE)
  else()
    set(${result} "" PARENT_SCOPE)
  endif()
endfunction()

set(RdKafka_BUNDLE "")
set(RdKafka_VERSION "")
set(headrace_rdkafka_file "")
find_path(RdKafka_INCLUDE_DIR librdkafka/rdkafka.h)
find_library(RdKafka_SYSTEM_LIBRARY rdkafka)
mark_as_advanced(RdKafka_INCLUDE_DIR RdKafka_SYSTEM_LIBRARY)

if(RdKafka_INCLUDE_DIR)
  headrace_rdkafka_header_version("${RdKafka_INCLUDE_DIR}/librdkafka/rdkafka.h"
                                  headrace_rdkafka_header)
  headrace_rdkafka_in_range("${headrace_rdkafka_header}" headrace_rdkafka_ok)
  if(RdKafka_SYSTEM_LIBRARY AND headrace_rdkafka_ok)
    set(RdKafka_VERSION "${headrace_rdkafka_header}")
    set(headrace_rdkafka_file "${RdKafka_SYSTEM_LIBRARY}")
  endif()
endif()

if(RdKafka_INCLUDE_DIR AND NOT headrace_rdkafka_file)
  find_package(Python COMPONENTS Interpreter QUIET)
  if(Python_Interpreter_FOUND)
    headrace_rdkafka_in_wheel(headrace_rdkafka_wheel)
    if(headrace_rdkafka_wheel)
      list(GET headrace_rdkafka_wheel 0 RdKafka_VERSION)
      list(GET headrace_rdkafka_wheel 1 headrace_rdkafka_path)
      headrace_rdkafka_in_range("${RdKafka_VERSION}" headrace_rdkafka_ok)
      if(headrace_rdkafka_ok)
        # Copied, so that a build tree outlives the environment that pip made for the build.
        file(COPY "${headrace_rdkafka_path}" DESTINATION "${PROJECT_BINARY_DIR}/_libs")
        cmake_path(GET headrace_rdkafka_path FILENAME headrace_rdkafka_name)
        set(RdKafka_BUNDLE "${PROJECT_BINARY_DIR}/_libs/${headrace_rdkafka_name}")
        set(headrace_rdkafka_file "${RdKafka_BUNDLE}")
      endif()
    endif()
  endif()
endif()

find_package_handle_standard_args(RdKafka
  REQUIRED_VARS headrace_rdkafka_file RdKafka_INCLUDE_DIR
  VERSION_VAR RdKafka_VERSION
  REASON_FAILURE_MESSAGE
    "It takes rdkafka.h (Debian: librdkafka-dev) and either a system librdkafka >= 2.14.2 that is not 2.16.0, or confluent-kafka==2.15.1 in the Python given by -DPython_EXECUTABLE (here: '${Python_EXECUTABLE}'). Without Kafka: -DHEADRACE_KAFKA=OFF.")

if(RdKafka_FOUND AND NOT TARGET RdKafka::RdKafka)
  add_library(RdKafka::RdKafka SHARED IMPORTED GLOBAL)
  set_target_properties(RdKafka::RdKafka PROPERTIES
    IMPORTED_LOCATION "${headrace_rdkafka_file}"
    INTERFACE_INCLUDE_DIRECTORIES "${RdKafka_INCLUDE_DIR}")
  if(RdKafka_BUNDLE)
    # The wheel's file is named by its hash, and so is its SONAME.
    set_target_properties(RdKafka::RdKafka PROPERTIES IMPORTED_SONAME "${headrace_rdkafka_name}")
  endif()
endif()
