#include <headrace/base/failpoint.hpp>

#ifdef HEADRACE_FAILPOINTS

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

namespace headrace::base {
namespace {

enum class Action : std::uint8_t { kNone, kKill, kFail, kDelay };

struct Place {
  Action action = Action::kNone;
  std::uint64_t number = 1;  // which pass, or milliseconds
  std::uint64_t passed = 0;
};

struct Places {
  std::mutex mutex;
  std::map<std::string, Place, std::less<>> by_name;
};

bool parse_action(std::string_view text, Place& place) {
  const std::size_t end = text.find_first_of("@:");
  const std::string_view verb = text.substr(0, end);
  if (end != std::string_view::npos) {
    const std::string_view number = text.substr(end + 1);
    const auto [at, error] =
        std::from_chars(number.data(), number.data() + number.size(), place.number);
    if (error != std::errc{} || at != number.data() + number.size()) return false;
  }
  if (verb == "kill") place.action = Action::kKill;
  if (verb == "fail") place.action = Action::kFail;
  if (verb == "delay") place.action = Action::kDelay;
  return place.action != Action::kNone;
}

bool parse(std::string_view text, Places& places) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos) return false;
    Place place;
    if (!parse_action(one.substr(equals + 1), place)) return false;
    places.by_name[std::string(one.substr(0, equals))] = place;
  }
  return true;
}

Places& places() {
  static Places& all = *[] {
    auto* made = new Places;  // lives as long as the process: threads may pass until the end
    if (const char* text = std::getenv("HEADRACE_FAILPOINTS")) parse(text, *made);
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
  Places& all = places();
  const std::lock_guard lock(all.mutex);
  all.by_name.clear();
  return parse(text, all);
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
