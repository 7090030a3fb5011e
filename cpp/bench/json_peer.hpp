// What JSON decoding is compared with: simdjson's on-demand parser as its documentation uses it,
// with nothing stored - a padded copy of the record, then every field read by name and type.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace headrace::bench {

class JsonPeer {
 public:
  // kSequential, kReversed: fields are looked up in the order that the records have, which the peer
  // knows; kAny: they are visited as they come.
  enum class Order : std::uint8_t { kSequential, kReversed, kAny };

  explicit JsonPeer(Order order);
  ~JsonPeer();
  [[nodiscard]] static std::string name();
  // A checksum of the values read; aborts on an error.
  double parse(std::string_view record);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::bench
