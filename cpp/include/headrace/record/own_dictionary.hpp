// Strings that outlive the batches they came in: codes of a dictionary of one's own.
//
// The dictionaries of batches come and go. What keeps strings from batch to batch (the past values
// of shift, the rows that a sort holds back) translates their codes once and keeps its own. The
// dictionary forgets what nobody holds any more when it is renewed, so that ever new strings do not
// grow it without bound.
//
// Thread contract: one thread at a time; get() may be read by others as Dictionary allows.
// Cost: one load for a code met before; an intern for a new one, and for each held code on renewal.
//
//   if (words.is_full()) words.renew(codes, valid);
//   codes[i] = words.translate(column.dictionary, column.values<std::int32_t>()[row]);
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <headrace/record/dictionary.hpp>

namespace headrace::record {

class OwnDictionary {
 public:
  // As many bytes as a producer of batches lets a dictionary grow (decode/batch_builder.hpp).
  static constexpr std::size_t kCap = 8U << 20U;

  [[nodiscard]] const DictionaryPtr& get() const noexcept { return own_; }
  [[nodiscard]] bool is_full() const noexcept { return own_->memory() > limit_; }

  // A new generation that holds the texts of the valid codes alone; changes the codes.
  void renew(std::vector<std::int32_t>& codes, const std::vector<std::uint8_t>& valid) {
    auto next = std::make_shared<Dictionary>();
    for (std::size_t i = 0; i < codes.size(); ++i) {
      if (valid[i] != 0) codes[i] = next->intern(own_->text(codes[i]));
    }
    own_ = std::move(next);
    limit_ = std::max(kCap, 2 * own_->memory());  // what is in use may itself be more
    translated_.clear();
  }
  [[nodiscard]] std::int32_t translate(const DictionaryPtr& from, std::int32_t code) {
    if (from != from_) {
      from_ = from;
      translated_.clear();
    }
    const auto index = static_cast<std::size_t>(code);
    if (index >= translated_.size()) translated_.resize(index + index / 2 + 64, -1);
    std::int32_t& known = translated_[index];
    if (known < 0) known = own_->intern(from->text(code));
    return known;
  }

 private:
  DictionaryPtr own_ = std::make_shared<Dictionary>();
  std::size_t limit_ = kCap;
  DictionaryPtr from_;                    // held, so that its address stays its own
  std::vector<std::int32_t> translated_;  // by code of from_; -1: not yet
};

}  // namespace headrace::record
