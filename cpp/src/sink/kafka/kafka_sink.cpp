#include <headrace/sink/kafka/kafka_sink.hpp>

#include <mutex>
#include <utility>

namespace headrace::sink {

namespace {

using std::chrono::milliseconds;

class KafkaSink final : public Sink {
 public:
  KafkaSink(KafkaTopics topics, std::unique_ptr<KafkaProducer> producer)
      : producer_(std::move(producer)), writer_(std::move(topics)) {}

  base::Status write(const record::BatchPtr& batch) override {
    const std::lock_guard lock(mutex_);
    return writer_.write(*producer_, *batch);
  }
  base::Status write_rejects(std::span<const record::Reject> rejects) override {
    const std::lock_guard lock(mutex_);
    return writer_.write(*producer_, rejects);
  }
  base::Result<bool> flush(milliseconds deadline) override {
    return producer_->try_flush(deadline);
  }
  std::string trouble() const override { return producer_->trouble(); }
  void cancel() noexcept override { producer_->cancel(); }

 private:
  std::unique_ptr<KafkaProducer> producer_;
  std::mutex mutex_;  // guards the writer
  KafkaWriter writer_;
};

}  // namespace

base::Result<std::unique_ptr<Sink>> make_kafka_sink(KafkaSinkConfig config) {
  if (base::Status status = check(config.topics); !status) return status.error();
  auto producer = KafkaProducer::create(config.producer);
  if (!producer) return producer.error();
  return std::unique_ptr<Sink>(
      std::make_unique<KafkaSink>(std::move(config.topics), *std::move(producer)));
}

}  // namespace headrace::sink
