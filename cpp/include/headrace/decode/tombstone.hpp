// A tombstone of a compacted topic as a row: its key, and nothing else.
//
// A record without a value says that its key is deleted. In a table it becomes a row whose key
// column is the key of the Kafka record and whose other columns are null, marked as deleted.
//
// Thread contract: one ingest thread owns the builder.
// Cost: that of a row of one column.
//
//   if (std::optional<DecodeFailure> bad = append_tombstone(key, newest, builder)) reject(*bad);
//   else builder.commit(offset);
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <headrace/decode/batch_builder.hpp>
#include <headrace/decode/decoder.hpp>

namespace headrace::decode {

// Fills the current row, as a Decoder does. An int64 key is written in digits. Since a tombstone
// has no event time of its own, it takes `time`: that of the records before it.
[[nodiscard]] std::optional<DecodeFailure> append_tombstone(std::string_view key, std::int64_t time,
                                                            BatchBuilder& builder);

}  // namespace headrace::decode
