// Runs the writer below the shim, in a directory of its own, and reads what the two wrote down.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "checkpoint/support.hpp"

namespace headrace::test {

struct Fault {
  long at = 0;  // which call, from 1; 0: none
  std::string error = "EIO";
  bool ever = false;  // and all that follow
};

// The lines of the log, of calls in the folder above `directory` too, where the log must not be.
// Fails where the writer did not end by itself.
inline std::vector<std::string> run_writer(const fs::path& directory, std::uint64_t first,
                                           std::uint64_t last, const Fault& fault,
                                           const fs::path& log) {
  std::error_code error;
  fs::remove(log, error);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string options = std::getenv("ASAN_OPTIONS") != nullptr
                                    ? std::string(std::getenv("ASAN_OPTIONS")) + ':'
                                    : std::string();
    // The shim comes before the sanitizer's library.
    ::setenv("ASAN_OPTIONS", (options + "verify_asan_link_order=0:detect_leaks=0").c_str(), 1);
    ::setenv("LD_PRELOAD", HEADRACE_SHIM, 1);
    ::setenv("HEADRACE_CALLS_IN", directory.parent_path().c_str(), 1);
    ::setenv("HEADRACE_CALLS_AT", std::to_string(fault.at).c_str(), 1);
    ::setenv("HEADRACE_CALLS_ERROR", fault.error.c_str(), 1);
    ::setenv("HEADRACE_CALLS_EVER", fault.ever ? "1" : "0", 1);
    ::setenv("HEADRACE_CALLS_LOG", log.c_str(), 1);
    ::execl(HEADRACE_WRITER, HEADRACE_WRITER, directory.c_str(), std::to_string(first).c_str(),
            std::to_string(last).c_str(), log.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(status == 0);
  std::vector<std::string> lines;
  std::ifstream file(log);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

}  // namespace headrace::test
