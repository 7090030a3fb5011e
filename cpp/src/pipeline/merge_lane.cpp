#include <headrace/pipeline/merge_lane.hpp>

#include <algorithm>

namespace headrace::pipeline {
namespace {

// What is gone of the run is let go of from this many rows on, if it is half of it.
constexpr std::size_t kTidyRows = 1024;

bool later(const MergeLane::Row& a, const MergeLane::Row& b) noexcept {
  return a.key != b.key ? a.key > b.key : a.arrival > b.arrival;
}

}  // namespace

void MergeLane::push(std::int64_t key, std::uint32_t place) {
  const Row row{.key = key, .arrival = arrivals_++, .place = place};
  if (begun_ == run_.size() || key >= run_.back().key) {
    run_.push_back(row);
    return;
  }
  strays_.push_back(row);
  std::push_heap(strays_.begin(), strays_.end(), &later);
}

bool MergeLane::stray_first() const noexcept {
  if (strays_.empty()) return false;
  return begun_ == run_.size() || later(run_[begun_], strays_.front());
}

std::uint32_t MergeLane::pop() {
  if (stray_first()) {
    const std::uint32_t place = strays_.front().place;
    std::pop_heap(strays_.begin(), strays_.end(), &later);
    strays_.pop_back();
    return place;
  }
  const std::uint32_t place = run_[begun_++].place;
  if (begun_ == run_.size()) {
    run_.clear();
    begun_ = 0;
  } else if (begun_ >= kTidyRows && 2 * begun_ >= run_.size()) {
    run_.erase(run_.begin(), run_.begin() + static_cast<std::ptrdiff_t>(begun_));
    begun_ = 0;
  }
  return place;
}

void MergeLane::clear() noexcept {
  run_.clear();
  begun_ = 0;
  strays_.clear();
}

std::vector<MergeLane::Row> MergeLane::sorted() const {
  std::vector<Row> rows(run_.begin() + static_cast<std::ptrdiff_t>(begun_), run_.end());
  rows.insert(rows.end(), strays_.begin(), strays_.end());
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return later(b, a); });
  return rows;
}

}  // namespace headrace::pipeline
