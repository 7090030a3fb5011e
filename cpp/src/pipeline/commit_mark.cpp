#include <headrace/pipeline/commit_mark.hpp>

#include <array>
#include <charconv>
#include <cstdio>
#include <system_error>

namespace headrace::pipeline {
namespace {

constexpr std::string_view kPrefix = "hr1";

template <class T>
bool parse(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

// Takes what is before the next separator off the text.
std::string_view next_part(std::string_view& text) {
  const std::size_t end = std::min(text.find(';'), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

bool set(CommitMark& mark, std::string_view name, std::string_view value) {
  if (name == "n") return parse(value, mark.commit);
  if (name == "from") return parse(value, mark.from);
  if (name == "finished") {
    mark.finished = value == "1";
  } else if (name == "resting") {
    mark.resting = value == "1";
  } else if (name == "plan") {
    mark.plan = value;
  } else if (name == "models") {
    mark.models = value;
  } else if (name == "run") {
    mark.run = value;
  } else if (name == "digest") {
    mark.digest = value;
  }
  return true;  // of a later version: not ours to judge
}

}  // namespace

std::string to_text(const CommitMark& mark) {
  std::string text(kPrefix);
  text += ";n=" + std::to_string(mark.commit) + ";from=" + std::to_string(mark.from);
  if (mark.finished) text += ";finished=1";
  if (mark.resting) text += ";resting=1";
  text += ";plan=" + mark.plan + ";run=" + mark.run;
  if (!mark.models.empty()) text += ";models=" + mark.models;
  if (!mark.digest.empty()) text += ";digest=" + mark.digest;
  return text;
}

std::optional<CommitMark> mark_from(std::string_view text) {
  if (next_part(text) != kPrefix) return std::nullopt;
  CommitMark mark;
  while (!text.empty()) {
    const std::string_view part = next_part(text);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    if (!set(mark, part.substr(0, equals), part.substr(equals + 1))) return std::nullopt;
  }
  if (mark.commit == 0) return std::nullopt;
  return mark;
}

std::string text_of(const Digest& digest) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15ULL;
  std::uint64_t sum = digest.rows();
  for (const std::uint64_t column : digest.columns()) sum = (sum ^ column) * kOdd + (sum >> 29U);
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(sum));
  return text.data();
}

}  // namespace headrace::pipeline
