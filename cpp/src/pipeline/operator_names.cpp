#include <headrace/pipeline/operator_names.hpp>

#include <algorithm>
#include <string_view>

namespace headrace::pipeline {
namespace {

// Nothing where the checkpoint is of a time when that was not noted.
std::optional<std::vector<std::string_view>> names_in(const checkpoint::Checkpoint& state) {
  const auto fact = state.facts.find(kOperatorsFact);
  if (fact == state.facts.end()) return std::nullopt;
  std::vector<std::string_view> names;
  std::string_view text = fact->second;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    names.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

}  // namespace

std::string operators_fact(std::span<const std::string> names) {
  std::string text;
  for (const std::string& name : names) text += name + '\n';
  return text;
}

std::vector<std::optional<std::size_t>> places_of(std::span<const std::string> names,
                                                  const checkpoint::Checkpoint& state) {
  const std::optional<std::vector<std::string_view>> there = names_in(state);
  std::vector<std::optional<std::size_t>> places(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!there) {
      places[i] = i;
      continue;
    }
    const auto found = std::ranges::find(*there, names[i]);
    if (found != there->end()) places[i] = static_cast<std::size_t>(found - there->begin());
  }
  return places;
}

bool is_same(std::span<const std::string> names, const checkpoint::Checkpoint& state) {
  const std::optional<std::vector<std::string_view>> there = names_in(state);
  return !there || std::ranges::equal(*there, names);
}

}  // namespace headrace::pipeline
