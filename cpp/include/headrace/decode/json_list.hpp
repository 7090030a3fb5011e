// The elements of a JSON list, each by the rules of any field: checked where the list is decoded,
// put into rows where it is taken apart.
//
// What the elements are is said by Field::items. A field of theirs that the items do not name is
// ignored, as in a record.
//
// Thread contract: one thread.
// Cost: check() looks at the events of a text that was read already; read() reads the text, about
//   5 ns a byte. No allocation once warm.
//
//   JsonListReader reader(field);                            // "objects", of label and confidence
//   if (auto bad = reader.check(document, events)) return bad;
//   BatchBuilder rows(reader.row_schema(), 1024);            // "objects.label", ...
//   if (auto bad = reader.read(text, rows)) return bad;      // one row more for each element
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <headrace/decode/json_row.hpp>

namespace headrace::decode {

class JsonListReader {
 public:
  // `list` has items.
  explicit JsonListReader(const record::Field& list);

  // The columns of an element: of objects "list.field" for each field, of scalars the list itself.
  [[nodiscard]] const record::SchemaPtr& row_schema() const noexcept { return schema_; }

  // Nothing, or the first thing that is wrong with an element of the list; `events` is the list's
  // part of a document that was read and is whole, from its beginning to its end.
  [[nodiscard]] std::optional<DecodeFailure> check(const JsonDocument& document,
                                                   std::span<const JsonEvent> events);
  // The same for a text of its own, which has no other value than the list.
  [[nodiscard]] std::optional<DecodeFailure> check(std::string_view text);
  // Commits a row for each element; `builder`, of row_schema(), grows where it is full. After a
  // failure the elements before are in it.
  [[nodiscard]] std::optional<DecodeFailure> read(std::string_view text, BatchBuilder& builder);

 private:
  [[nodiscard]] std::optional<DecodeFailure> open(std::string_view text);
  [[nodiscard]] std::optional<DecodeFailure> elements(const JsonDocument& document,
                                                      std::span<const JsonEvent> events,
                                                      BatchBuilder* rows);
  [[nodiscard]] std::optional<DecodeFailure> element(const JsonDocument& document,
                                                     std::span<const JsonEvent> events,
                                                     BatchBuilder& builder);
  [[nodiscard]] Refusal scalar(const JsonDocument& document, const JsonEvent& event,
                               BatchBuilder& builder);
  void intern(BatchBuilder& builder) const;
  [[nodiscard]] DecodeFailure at(std::size_t index, DecodeFailure bad) const;

  std::string name_;
  bool objects_;
  record::SchemaPtr schema_;
  JsonRowReader object_;   // of an element that is an object
  BatchBuilder scratch_;   // a row that is only checked
  JsonDocument document_;  // of a text of its own
  std::string unescaped_;
  RowTexts texts_;
};

}  // namespace headrace::decode
