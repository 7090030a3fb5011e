// What this process has used so far: wall clock, CPU seconds, peak resident memory; as one JSON
// line.
//
// Peak memory is VmHWM, not ru_maxrss: the latter starts at the size of the process that spawned
// us.
//
// Thread contract: any thread.
// Cost: two system calls and one read of /proc.
//
//   const Usage start = usage();
//   ...
//   std::puts(report(records, start).c_str());
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>

namespace headrace::bench {

struct Usage {
  double wall_s = 0;
  double cpu_s = 0;
};

inline Usage usage() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return {.wall_s = std::chrono::duration<double>(now).count(),
          .cpu_s = seconds(used.ru_utime) + seconds(used.ru_stime)};
}

inline std::int64_t peak_memory_kib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word == "VmHWM:") {
      std::int64_t kib = 0;
      status >> kib;
      return kib;
    }
  }
  return 0;
}

// The line that tests/bench reads from every job, C++ or Python.
inline std::string report(std::int64_t records, const Usage& start) {
  const Usage end = usage();
  char line[256];
  std::snprintf(line, sizeof line,
                R"({"records": %lld, "seconds": %.6f, "cpu_s": %.6f, "peak_mib": %.1f})",
                static_cast<long long>(records), end.wall_s - start.wall_s, end.cpu_s - start.cpu_s,
                static_cast<double>(peak_memory_kib()) / 1024.0);
  return line;
}

}  // namespace headrace::bench
