#include "output_log.hpp"

namespace headrace::simulation {

Code OutputLog::append(const std::string& producer, int epoch, std::int64_t sequence,
                       std::span<const Row> rows) {
  Producer& by = producers_[producer];
  if (epoch < by.epoch) return Code::kFenced;
  if (epoch > by.epoch) {
    by.epoch = epoch;
    by.next = 0;
  }
  if (sequence < by.next) return Code::kOk;  // it is here already
  if (sequence > by.next) return Code::kOutOfOrder;
  ++by.next;
  for (const Row& row : rows) {
    by.open.push_back(entries_.size());
    entries_.push_back({.row = row});
  }
  return Code::kOk;
}

bool OutputLog::is_open(const std::string& producer, int epoch) const {
  const auto found = producers_.find(producer);
  return found != producers_.end() && found->second.epoch == epoch && !found->second.open.empty();
}

void OutputLog::mark(const std::string& producer, int epoch, Marker marker) {
  Producer& by = producers_[producer];
  for (const std::size_t entry : by.open) {
    entries_[entry].fate = marker == Marker::kCommit ? Fate::kCommitted : Fate::kAborted;
  }
  by.open.clear();
  if (epoch > by.epoch) {
    by.epoch = epoch;
    by.next = 0;
  }
  read();
}

void OutputLog::read() {
  for (; read_ < entries_.size() && entries_[read_].fate != Fate::kOpen; ++read_) {
    if (entries_[read_].fate == Fate::kCommitted) reader_(entries_[read_].row);
  }
}

}  // namespace headrace::simulation
