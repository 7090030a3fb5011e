// A partition that results are written to in transactions, and its one read_committed reader.
//
// Thread contract: one thread.
// Cost: an entry a row; every row is looked at once more when it is given to the reader.
//
//   OutputLog log([](const Row& row) {...});
//   log.append(producer, epoch, sequence, rows);
//   log.mark(producer, epoch, Marker::kCommit);       // the reader sees what has become stable
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "code.hpp"

namespace headrace::simulation {

// A result: of which record it is, and which one of those that the record has.
struct Row {
  int input = 0;  // partition of the record
  std::int64_t offset = 0;
  int part = 0;
  std::uint64_t value = 0;
  friend bool operator==(const Row&, const Row&) = default;
};

enum class Marker : std::uint8_t { kCommit, kAbort };

class OutputLog {
 public:
  using Reader = std::function<void(const Row&)>;
  explicit OutputLog(Reader reader) : reader_(std::move(reader)) {}

  // One request of a producer: twice the same one is written once, and none before its predecessor.
  Code append(const std::string& producer, int epoch, std::int64_t sequence,
              std::span<const Row> rows);
  // Whether it has a transaction here that no marker has ended.
  [[nodiscard]] bool is_open(const std::string& producer, int epoch) const;
  void mark(const std::string& producer, int epoch, Marker marker);

 private:
  enum class Fate : std::uint8_t { kOpen, kCommitted, kAborted };
  struct Entry {
    Row row;
    Fate fate = Fate::kOpen;
  };
  struct Producer {
    int epoch = 0;
    std::int64_t next = 0;          // sequence
    std::vector<std::size_t> open;  // entries
  };

  void read();

  Reader reader_;
  std::vector<Entry> entries_;
  std::size_t read_ = 0;  // entries that are stable and were given to the reader
  std::map<std::string, Producer> producers_;
};

}  // namespace headrace::simulation
