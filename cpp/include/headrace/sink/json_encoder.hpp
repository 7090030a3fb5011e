// Rows of a batch as JSON objects, one line each: what to_kafka and the dead-letter topic write.
//
// float64 is printed with the fewest digits that read back to the same bits (std::to_chars), NaN
// and infinities as null; timestamps as ISO 8601 UTC with as many fractional digits as they need;
// strings escaped as RFC 8259 asks and no further. Fields in schema order; nulls are written.
//
// Thread contract: an encoder belongs to one thread.
// Cost: one append a value; no allocation once the buffer has grown.
//
//   JsonEncoder encoder(batch.schema());
//   std::string line;
//   encoder.append_row(batch, 0, line);   // {"Ticker":"AAPL","Close":185.64}
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/record/record_batch.hpp>

namespace headrace::sink {

class JsonEncoder {
 public:
  explicit JsonEncoder(record::SchemaPtr schema);
  [[nodiscard]] const record::SchemaPtr& schema() const noexcept { return schema_; }
  void append_row(const record::RecordBatch& batch, std::size_t row, std::string& out) const;

 private:
  record::SchemaPtr schema_;
  std::vector<std::string> prefixes_;  // {"name": or ,"name":
};

void append_json_string(std::string_view text, std::string& out);  // with the quotes
void append_json_number(double value, std::string& out);
// 2024-01-02T09:30:00Z, 2024-01-02T09:30:00.5Z; without quotes.
void append_iso8601(std::int64_t ns_since_epoch, std::string& out);

}  // namespace headrace::sink
