// RAII for every librdkafka handle: nothing else in the house calls a destroy function.
//
// Also the version gate: Debian's 2.0.2 loses offsets and assignments that later releases keep, and
// 2.16.0 hangs for ever after a broker dies, so headrace runs on 2.14.2 and later, 2.16.0 excepted.
//
// Thread contract: as librdkafka's: a client handle may be used by any thread, everything else
//   belongs to one.
// Cost: that of the destroy call.
// Lifetime: in a forked child a client is abandoned, never destroyed: its threads are not there.
//
//   if (base::Status ok = check_librdkafka(); !ok) return ok.error();
//   PartitionList list = make_partition_list(4);
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include <librdkafka/rdkafka.h>

#include <headrace/base/error.hpp>

namespace headrace::source {

template <auto Destroy>
struct DestroyWith {
  template <class T>
  void operator()(T* handle) const noexcept {
    Destroy(handle);
  }
};

using ConfHandle = std::unique_ptr<rd_kafka_conf_t, DestroyWith<rd_kafka_conf_destroy>>;
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, DestroyWith<rd_kafka_topic_destroy>>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, DestroyWith<rd_kafka_queue_destroy>>;
using EventHandle = std::unique_ptr<rd_kafka_event_t, DestroyWith<rd_kafka_event_destroy>>;
using ErrorHandle = std::unique_ptr<rd_kafka_error_t, DestroyWith<rd_kafka_error_destroy>>;
using HeadersHandle = std::unique_ptr<rd_kafka_headers_t, DestroyWith<rd_kafka_headers_destroy>>;
using NewTopicHandle = std::unique_ptr<rd_kafka_NewTopic_t, DestroyWith<rd_kafka_NewTopic_destroy>>;
using DeleteTopicHandle =
    std::unique_ptr<rd_kafka_DeleteTopic_t, DestroyWith<rd_kafka_DeleteTopic_destroy>>;
using AdminOptionsHandle =
    std::unique_ptr<rd_kafka_AdminOptions_t, DestroyWith<rd_kafka_AdminOptions_destroy>>;
using MetadataHandle =
    std::unique_ptr<const rd_kafka_metadata_t, DestroyWith<rd_kafka_metadata_destroy>>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                      DestroyWith<rd_kafka_topic_partition_list_destroy>>;

[[nodiscard]] inline PartitionList make_partition_list(int size) {
  return PartitionList(rd_kafka_topic_partition_list_new(size));
}

// Options of one admin request, which any client may send: answered within `deadline`, or an error.
[[nodiscard]] AdminOptionsHandle admin_options(rd_kafka_t* client, rd_kafka_admin_op_t request,
                                               std::chrono::milliseconds deadline);

// One rd_kafka_t: consumer, producer or admin client.
class ClientHandle {
 public:
  ClientHandle() = default;
  explicit ClientHandle(rd_kafka_t* handle) noexcept : handle_(handle), pid_(getpid()) {}
  ~ClientHandle() { reset(); }
  ClientHandle(ClientHandle&& other) noexcept { swap(other); }
  ClientHandle& operator=(ClientHandle&& other) noexcept {
    ClientHandle taken(std::move(other));
    swap(taken);
    return *this;
  }
  ClientHandle(const ClientHandle&) = delete;
  ClientHandle& operator=(const ClientHandle&) = delete;

  [[nodiscard]] rd_kafka_t* get() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return handle_ != nullptr; }
  // False in a forked child: librdkafka's threads stayed in the parent, every call would hang.
  [[nodiscard]] bool usable() const noexcept { return handle_ != nullptr && pid_ == getpid(); }
  // Gives the handle up without destroying it.
  rd_kafka_t* release() noexcept { return std::exchange(handle_, nullptr); }
  void reset() noexcept {
    if (usable()) rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    handle_ = nullptr;
  }

 private:
  void swap(ClientHandle& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(pid_, other.pid_);
  }
  rd_kafka_t* handle_ = nullptr;
  pid_t pid_ = 0;
};

// Runs `work` on a thread of its own and waits for at most `deadline`. True where it is done;
// otherwise it goes on in the background with all that it owns: a close or destroy that hangs must
// not take the caller with it. `give_up` is asked every 20 ms whether to wait no longer.
bool run_within(std::function<void()> work, std::chrono::milliseconds deadline,
                const std::function<bool()>& give_up = {}) noexcept;

// Is `version` (as rd_kafka_version() counts: 0x020f01ff is 2.15.1) one that we run on?
[[nodiscard]] base::Status check_librdkafka_version(int version, std::string_view text);
// The same for the library that is loaded.
[[nodiscard]] base::Status check_librdkafka();

}  // namespace headrace::source
