# headrace::platform: what every translation unit of ours is compiled with.
#
# -ffp-contract=off: a fused multiply-add rounds once where two operations round twice, so the same
# indicator would give other bits on another compiler or inlining decision. Results are compared to
# the bit (live and backtest), so contraction is off everywhere.
# -march=x86-64-v2: what every x86 server of the last ten years has; faster paths are chosen at run
# time, in the places where that pays.
# Eigen's own threads would fight with ours and with torch's; headrace brings its threads itself.
add_library(headrace_platform INTERFACE)
add_library(headrace::platform ALIAS headrace_platform)

target_compile_features(headrace_platform INTERFACE cxx_std_20)
target_compile_definitions(headrace_platform INTERFACE EIGEN_DONT_PARALLELIZE EIGEN_MPL2_ONLY)
target_compile_options(headrace_platform INTERFACE
  -ffp-contract=off -fvisibility=hidden $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden>)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  target_compile_options(headrace_platform INTERFACE -march=x86-64-v2)
endif()
target_link_libraries(headrace_platform INTERFACE Threads::Threads)
