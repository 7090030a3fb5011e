// One JSON object of a plan, read field by field: a key that nobody knows is refused at once, a
// value of the wrong kind is an error that says where it stood and what it was.
//
// Thread contract: a view; belongs to whoever holds the document.
// Lifetime: borrowed from the parser that made the element.
//
//   const JsonObject step(element, "select", {"op", "columns"});
//   std::vector<std::string> names = step.texts("columns");
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/base/error.hpp>

namespace headrace::pipeline {

// All members throw base::Exception (kInvalidArgument); messages begin with `where`.
class JsonObject {
 public:
  using Element = simdjson::dom::element;

  JsonObject(const Element& json, std::string where, std::initializer_list<std::string_view> keys);

  [[nodiscard]] const std::string& where() const noexcept { return where_; }
  // Nothing where the key is absent or null.
  [[nodiscard]] std::optional<Element> find(std::string_view key) const;
  [[nodiscard]] Element require(std::string_view key) const;

  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::optional<std::string> text_if(std::string_view key) const;
  [[nodiscard]] std::int64_t integer(std::string_view key) const;
  [[nodiscard]] bool truth(std::string_view key, bool otherwise) const;
  [[nodiscard]] std::vector<Element> list(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
  // One of the names, by position; an error names the nearest and lists them.
  [[nodiscard]] std::size_t choice(std::string_view key, const std::vector<std::string>& names,
                                   std::size_t otherwise) const;
  [[nodiscard]] base::Exception wrong(std::string_view key, std::string_view expected,
                                      const Element& got) const;

 private:
  simdjson::dom::object object_;
  Element element_;
  std::string where_;
};

// Of a fragment, as text that can be parsed again.
[[nodiscard]] std::string json_text(const simdjson::dom::element& json);
[[nodiscard]] base::Exception plan_error(std::string message);
// For messages: long fragments are cut.
[[nodiscard]] std::string json_excerpt(const simdjson::dom::element& json);

}  // namespace headrace::pipeline
