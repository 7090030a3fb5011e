// The lines of a file as records: newline-delimited JSON or CSV (RFC 4180).
//
// The file is mapped into memory and never copied. A CSV record may span lines inside quotes. Empty
// lines and a byte order mark are skipped; LF and CR LF end a line. The offset of a record is its
// number, from 0. Bounded: ends with the file.
//
// Thread contract: see source/source.hpp.
// Cost: one scan for line ends (memchr); pages are read as the scan gets there.
// Lifetime: records point into the mapping and are valid until close(). The file must not be
//   truncated meanwhile.
//
//   auto source = make_lines_source({.path = "bars.csv", .format = LineFormat::kCsv});
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <headrace/source/source.hpp>

namespace headrace::source {

enum class LineFormat : std::uint8_t { kJson, kCsv };

struct LinesSourceConfig {
  std::string path;
  LineFormat format = LineFormat::kJson;
  std::size_t poll_max = 4096;  // most records a poll
  char delimiter = ',';         // CSV: where a field, and so a quote, may begin
  bool header = true;           // CSV: the first line names the columns and is no record
  std::string name;             // for dead letters; empty: the path
};

[[nodiscard]] base::Result<std::unique_ptr<Source>> make_lines_source(LinesSourceConfig config);

// Column names in the file's first line, unquoted, in file order.
[[nodiscard]] base::Result<std::vector<std::string>> read_csv_header(const std::string& path,
                                                                     char delimiter);

}  // namespace headrace::source
