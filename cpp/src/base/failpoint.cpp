#include <headrace/base/failpoint.hpp>

#ifdef HEADRACE_FAILPOINTS

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace headrace::base {
namespace {

enum class Action : std::uint8_t { kNone, kKill, kFail, kDelay };

struct Place {
  Action action = Action::kNone;
  std::uint64_t number = 1;  // which pass, or milliseconds
  std::uint64_t passed = 0;
};

bool parse_number(std::string_view text, std::uint64_t& number) {
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && at == text.data() + text.size();
}

bool parse_action(std::string_view text, Place& place) {
  const std::size_t end = std::min(text.find_first_of("@:"), text.size());
  const std::string_view verb = text.substr(0, end);
  const std::string_view rest = text.substr(end);
  if (verb == "delay") {
    place.action = Action::kDelay;
    return rest.starts_with(':') && parse_number(rest.substr(1), place.number);
  }
  if (verb == "kill") place.action = Action::kKill;
  if (verb == "fail") place.action = Action::kFail;
  if (place.action == Action::kNone || rest.empty()) return place.action != Action::kNone;
  return rest.starts_with('@') && parse_number(rest.substr(1), place.number) && place.number > 0;
}

using ByName = std::map<std::string, Place, std::less<>>;

bool parse(std::string_view text, ByName& by_name) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = one.find('=');
    if (equals == 0 || equals == std::string_view::npos) return false;
    Place place;
    if (!parse_action(one.substr(equals + 1), place)) return false;
    by_name[std::string(one.substr(0, equals))] = place;
  }
  return true;
}

struct Places {
  std::mutex mutex;
  ByName by_name;
};

Places& places() {
  static Places& all = *[] {
    auto* made = new Places;  // lives as long as the process: threads may pass until the end
    const char* text = std::getenv("HEADRACE_FAILPOINTS");
    if (text != nullptr && !parse(text, made->by_name)) {
      std::fprintf(stderr, "HEADRACE_FAILPOINTS is malformed: \"%s\"\n", text);
      std::abort();
    }
    return made;
  }();
  return all;
}

}  // namespace

bool pass_failpoint(std::string_view name) noexcept {
  Place place;
  {
    Places& all = places();
    const std::lock_guard lock(all.mutex);
    auto known = all.by_name.find(name);
    if (known == all.by_name.end()) known = all.by_name.emplace(std::string(name), Place{}).first;
    ++known->second.passed;
    place = known->second;
  }
  switch (place.action) {
    case Action::kNone:
      return false;
    case Action::kDelay:
      std::this_thread::sleep_for(std::chrono::milliseconds(place.number));
      return false;
    case Action::kKill:
      if (place.passed == place.number) ::kill(::getpid(), SIGKILL);
      return false;
    case Action::kFail:
      break;
  }
  return place.passed == place.number;
}

bool set_failpoints(const std::string& text) {
  ByName by_name;
  if (!parse(text, by_name)) return false;
  Places& all = places();
  const std::lock_guard lock(all.mutex);
  all.by_name = std::move(by_name);
  return true;
}

std::vector<std::string> passed_failpoints() {
  Places& all = places();
  const std::lock_guard lock(all.mutex);
  std::vector<std::string> names;
  for (const auto& [name, place] : all.by_name) {
    if (place.passed > 0) names.push_back(name);
  }
  return names;
}

}  // namespace headrace::base

#endif
