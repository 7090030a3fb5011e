// Foreign columns from plain vectors, for tests.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <headrace/record/foreign_column.hpp>

namespace headrace::test {

template <class T>
record::ForeignColumn foreign(std::string name, record::ForeignKind kind, std::vector<T> values) {
  auto owned = std::make_shared<std::vector<T>>(std::move(values));
  record::ForeignColumn column;
  column.name = std::move(name);
  column.kind = kind;
  column.data = owned->data();
  column.keep_alive = owned;
  return column;
}

inline record::ForeignColumn with_nulls(record::ForeignColumn column,
                                        std::vector<std::uint8_t> nulls) {
  auto owned = std::make_shared<std::pair<std::shared_ptr<const void>, std::vector<std::uint8_t>>>(
      column.keep_alive, std::move(nulls));
  column.null_bytes = owned->second.data();
  column.keep_alive = owned;
  return column;
}

// As utf8 with int32 offsets.
inline record::ForeignColumn foreign_text(std::string name, const std::vector<std::string>& texts) {
  struct Owned {
    std::vector<std::int32_t> offsets{0};
    std::string text;
  };
  auto owned = std::make_shared<Owned>();
  for (const std::string& text : texts) {
    owned->text += text;
    owned->offsets.push_back(static_cast<std::int32_t>(owned->text.size()));
  }
  record::ForeignColumn column;
  column.name = std::move(name);
  column.kind = record::ForeignKind::kUtf8;
  column.data = owned->offsets.data();
  column.text = owned->text.data();
  column.keep_alive = owned;
  return column;
}

inline record::ForeignColumn foreign_codes(std::string name, std::vector<std::int32_t> codes,
                                           std::vector<std::string_view> words) {
  record::ForeignColumn column =
      foreign(std::move(name), record::ForeignKind::kCodes, std::move(codes));
  column.words = std::make_shared<std::vector<std::string_view>>(std::move(words));
  return column;
}

}  // namespace headrace::test
