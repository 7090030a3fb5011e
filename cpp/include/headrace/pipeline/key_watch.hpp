// Notices keys that come in more than one partition.
//
// State is per partition, so such a key has two half histories; the user must know. Only a key that
// is new to its partition is looked at. Beyond kMost keys, further ones are not watched.
//
// Thread contract: any thread.
// Cost: one lookup under a mutex per key and partition, once; memory of the keys' texts.
//
//   KeyWatch watch;
//   watch.seen("AAPL", {.topic = 0, .partition = 2});
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <headrace/record/record_batch.hpp>

namespace headrace::pipeline {

class KeyWatch {
 public:
  static constexpr std::size_t kMost = 1'000'000;
  static constexpr std::size_t kExamples = 5;

  void seen(std::string_view key, record::TaskId task);
  [[nodiscard]] std::uint64_t keys_in_several_partitions() const;
  [[nodiscard]] std::vector<std::string> examples() const;

 private:
  struct Home {
    record::TaskId task;
    bool several = false;
  };
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Home> homes_;
  std::uint64_t several_ = 0;
  std::vector<std::string> examples_;
};

}  // namespace headrace::pipeline
