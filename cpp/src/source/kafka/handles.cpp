#include <headrace/source/kafka/handles.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>

namespace headrace::source {

namespace {

constexpr int kFloor = 0x020e0200;    // 2.14.2
constexpr int kHanging = 0x02100000;  // 2.16.0

constexpr std::chrono::milliseconds kSlice{20};

struct Done {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
};

}  // namespace

AdminOptionsHandle admin_options(rd_kafka_t* client, rd_kafka_admin_op_t request,
                                 std::chrono::milliseconds deadline) {
  AdminOptionsHandle made(rd_kafka_AdminOptions_new(client, request));
  char text[256];
  rd_kafka_AdminOptions_set_request_timeout(made.get(), static_cast<int>(deadline.count()), text,
                                            sizeof text);
  return made;
}

bool run_within(std::function<void()> work, std::chrono::milliseconds deadline,
                const std::function<bool()>& give_up) noexcept {
  try {
    auto state = std::make_shared<Done>();
    std::thread([state, work = std::move(work)]() mutable {
      work();
      work = nullptr;  // frees what it owns before anyone is told
      const std::lock_guard lock(state->mutex);
      state->done = true;
      state->changed.notify_all();
    }).detach();
    const auto until = std::chrono::steady_clock::now() + deadline;
    std::unique_lock lock(state->mutex);
    while (!state->done) {
      const auto now = std::chrono::steady_clock::now();
      if (now >= until || (give_up && give_up())) return false;
      state->changed.wait_until(lock, give_up ? std::min(until, now + kSlice) : until);
    }
    return true;
  } catch (...) {  // no thread to be had: leak, as at the deadline
    return false;
  }
}

base::Status check_librdkafka_version(int version, std::string_view text) {
  const int release = version & ~0xff;  // the last byte counts release candidates
  if (release >= kFloor && release != kHanging) return {};
  const char* reason = release == kHanging ? " stands still for ever once a broker has died"
                                           : " loses records and assignments that later ones keep";
  return base::Error{.code = base::ErrorCode::kUnsupported,
                     .message = "librdkafka " + std::string(text) + reason +
                                "; headrace needs 2.14.2 or later, and not 2.16.0"};
}

base::Status check_librdkafka() {
  return check_librdkafka_version(rd_kafka_version(), rd_kafka_version_str());
}

}  // namespace headrace::source
