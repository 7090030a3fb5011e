// Strings of many dictionaries re-encoded to one: a table from code to code per source dictionary.
//
// Each task encodes its strings with a dictionary of its own; a frame has one per column. A string
// is looked up by text once per source dictionary, after that its code is one load away.
//
// Thread contract: one thread at a time; dictionary() may be read by others as Dictionary allows.
// Cost: about 1 ns a value; memory of four bytes per source entry, kept for the last kSources.
//
//   merger.remap(column.dictionary, {column.values<std::int32_t>(), rows}, out);
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <headrace/record/dictionary.hpp>

namespace headrace::pipeline {

class DictionaryMerger {
 public:
  // More sources than partitions a process usually has; beyond it all tables are built anew.
  static constexpr std::size_t kSources = 512;

  DictionaryMerger() : merged_(std::make_shared<record::Dictionary>()) {}

  // Code -1 (null) stays -1.
  void remap(const record::DictionaryPtr& from, std::span<const std::int32_t> codes,
             std::int32_t* out);
  [[nodiscard]] const record::DictionaryPtr& dictionary() const noexcept { return merged_; }

 private:
  struct Table {
    record::DictionaryPtr from;    // held, so that its address stays its own
    std::vector<std::int32_t> to;  // kUnknown: not met yet
  };
  static constexpr std::int32_t kUnknown = -2;
  [[nodiscard]] Table& table_of(const record::DictionaryPtr& from);

  record::DictionaryPtr merged_;
  std::vector<Table> tables_;
};

}  // namespace headrace::pipeline
