// Where results leave the compute threads: the tail for frames, the collector, sinks, listeners.
//
// Thread contract: deliver and deliver_rejects by compute threads, everything else by any thread.
// Cost: a mutex, a listing or a copy of the rows, and one virtual call a sink, per batch.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <headrace/pipeline/collector.hpp>
#include <headrace/pipeline/delivery.hpp>
#include <headrace/pipeline/engine.hpp>
#include <headrace/pipeline/frame_store.hpp>
#include <headrace/pipeline/reject_log.hpp>
#include <headrace/sink/sink.hpp>

namespace headrace::pipeline {

class Outlet {
 public:
  Outlet(record::SchemaPtr schema, const EngineOptions& options,
         std::vector<std::shared_ptr<sink::Sink>> sinks, Engine::BatchListener on_batch);
  // Before the start: results and dead letters go there too.
  void set_delivery(Delivery* delivery) noexcept { delivery_ = delivery; }

  // An error is a sink's, and fatal.
  [[nodiscard]] base::Status deliver(const record::BatchPtr& batch);
  [[nodiscard]] base::Status deliver_rejects(record::Rejects rejects, const sink::Origin& origin);
  // As Sink::flush, for all sinks.
  [[nodiscard]] base::Result<bool> flush(std::chrono::milliseconds deadline);
  [[nodiscard]] std::string trouble() const;  // of the first sink that has some
  void cancel() noexcept;                     // nobody waits for sinks any more
  void run_ended() noexcept;                  // lets those who wait for rows go

  [[nodiscard]] bool has_sinks() const noexcept { return !sinks_.empty() || delivery_ != nullptr; }
  [[nodiscard]] std::uint64_t rows() const noexcept {
    return rows_.load(std::memory_order_acquire);
  }
  [[nodiscard]] bool wait_rows(std::uint64_t rows, std::chrono::milliseconds timeout) const;
  [[nodiscard]] const FrameStore& frames() const noexcept { return frames_; }
  [[nodiscard]] RejectLog& rejects() noexcept { return rejects_; }
  [[nodiscard]] const RejectLog& rejects() const noexcept { return rejects_; }
  [[nodiscard]] Frame take_collected();

 private:
  void announce(std::size_t rows);

  std::vector<std::shared_ptr<sink::Sink>> sinks_;
  Delivery* delivery_ = nullptr;
  Engine::BatchListener on_batch_;
  std::mutex writing_;  // one compute thread at a time
  FrameStore frames_;
  std::optional<Collector> collector_;
  RejectLog rejects_;
  std::atomic<std::uint64_t> rows_{0};
  // Readers announce themselves before they look; the writer looks for them after it has published.
  // Both do so by read-modify-write, so that one of the two sees the other.
  mutable std::atomic<int> waiting_{0};
  mutable std::mutex wait_mutex_;
  mutable std::condition_variable arrived_;
  bool ended_ = false;
};

}  // namespace headrace::pipeline
