#include <headrace/source/kafka/message_headers.hpp>

#include <charconv>
#include <cstddef>
#include <limits>
#include <system_error>

namespace headrace::source {
namespace {

// The headers stay the message's; null where it has none.
const rd_kafka_headers_t* raw_headers(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;
  return rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR ? headers
                                                                                    : nullptr;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> headers_of(const rd_kafka_message_t& message) {
  std::vector<std::pair<std::string, std::string>> found;
  const rd_kafka_headers_t* headers = raw_headers(message);
  if (headers == nullptr) return found;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    found.emplace_back(name, std::string(static_cast<const char*>(value), value ? size : 0));
  }
  return found;
}

int attempts_of(const rd_kafka_message_t& message) {
  const rd_kafka_headers_t* headers = raw_headers(message);
  const void* value = nullptr;
  std::size_t size = 0;
  if (headers == nullptr || rd_kafka_header_get_last(headers, kHeaderAttempt.data(), &value,
                                                     &size) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return 0;
  }
  const auto* text = static_cast<const char*>(value);
  int number = 0;
  const auto read = std::from_chars(text, text + size, number);
  const bool usable = read.ec == std::errc{} && read.ptr == text + size && number > 0 &&
                      number < std::numeric_limits<int>::max();
  return usable ? number : 0;
}

}  // namespace headrace::source
