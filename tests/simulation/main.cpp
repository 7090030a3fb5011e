// headrace_simulate --seeds A..B [--bug NAME] [--find] [--trace]
//
// Runs the simulation once for each seed from A up to B, without B. Ends with 1 where there was a
// violation; with --find, where there was none: it stops at the first.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "simulation.hpp"

namespace {

using namespace headrace::simulation;

struct Arguments {
  std::uint64_t first = 0;
  std::uint64_t end = 1;
  Bug bug = Bug::kNone;
  bool find = false;
  bool traces = false;
};

[[noreturn]] void usage(const std::string& trouble) {
  std::fprintf(stderr,
               "%s\nusage: headrace_simulate --seeds A..B [--bug NAME] [--find] [--trace]\n",
               trouble.c_str());
  std::fputs("bugs:", stderr);
  for (const auto& [bug, name] : kBugs) std::fprintf(stderr, " %s", std::string(name).c_str());
  std::fputs("\n", stderr);
  std::exit(2);
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    usage("expected a number, got \"" + std::string(text) + '"');
  }
  return value;
}

// "A..B", or "A" alone.
void seeds(std::string_view text, Arguments& arguments) {
  const std::size_t dots = text.find("..");
  arguments.first = number(text.substr(0, dots));
  arguments.end =
      dots == std::string_view::npos ? arguments.first + 1 : number(text.substr(dots + 2));
}

Arguments arguments_from(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const std::string_view value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--find") {
      arguments.find = true;
    } else if (name == "--trace") {
      arguments.traces = true;
    } else if (name == "--seeds") {
      seeds(value, arguments);
      ++i;
    } else if (name == "--bug") {
      const std::optional<Bug> bug = bug_from(value);
      if (!bug) usage("there is no bug \"" + std::string(value) + '"');
      arguments.bug = *bug;
      ++i;
    } else {
      usage("unknown argument \"" + std::string(name) + '"');
    }
  }
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = arguments_from(argc, argv);
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t runs = 0;
  std::uint64_t violations = 0;
  std::uint64_t events = 0;
  std::uint64_t lives = 0;
  for (std::uint64_t seed = arguments.first; seed < arguments.end; ++seed) {
    const Outcome outcome =
        simulate({.seed = seed, .bug = arguments.bug, .traces = arguments.traces});
    ++runs;
    events += outcome.events;
    lives += static_cast<std::uint64_t>(outcome.lives);
    if (outcome.violation.empty()) continue;
    ++violations;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
                outcome.violation.c_str());
    if (arguments.find) break;
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf(
      "%llu seeds in %.1f s (%.0f a second), %llu lives of workers, %llu events: "
      "%llu violations\n",
      static_cast<unsigned long long>(runs), seconds, static_cast<double>(runs) / seconds,
      static_cast<unsigned long long>(lives), static_cast<unsigned long long>(events),
      static_cast<unsigned long long>(violations));
  return (violations != 0) == arguments.find ? 0 : 1;
}
