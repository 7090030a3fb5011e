#include <headrace/sink/kafka/redrive.hpp>

#include <headrace/base/failpoint.hpp>
#include <headrace/sink/kafka/transaction_error.hpp>
#include <headrace/source/kafka/kafka_source.hpp>

namespace headrace::sink {

base::Result<std::unique_ptr<Redrive>> Redrive::create(ProducerConfig config, std::string group) {
  if (group.empty()) return base::invalid_argument("redrive: the group is empty");
  config.transactional_id = group;
  config.delivery_timeout = TransactionDeadlines::kFlush;
  if (auto probe = KafkaProducer::create(config); !probe) return probe.error();
  return std::unique_ptr<Redrive>(new Redrive(std::move(config), std::move(group)));
}

Redrive::~Redrive() { give_up(); }

// Destroyed in the background: a client that has lost its broker takes long to die.
void Redrive::give_up() noexcept {
  if (!producer_) return;
  producer_->abandon();
  producer_.reset();
}

base::Result<std::vector<GroupOffset>> Redrive::open(std::span<const GroupOffset> partitions) {
  give_up();
  base::Result<std::unique_ptr<KafkaProducer>> made = KafkaProducer::create(config_);
  if (!made) return made.error();
  producer_ = *std::move(made);
  if (base::Status status = producer_->init_transactions(TransactionDeadlines::kInit); !status)
    return status.error();
  return producer_->committed_offsets(group_, partitions, TransactionDeadlines::kCall);
}

base::Status Redrive::write(std::span<const ProducerRecord> records,
                            std::span<const GroupOffset> positions) {
  if (!producer_) return base::invalid_argument("redrive: write() before open()");
  if (base::Status status = producer_->begin_transaction(); !status) return status;
  for (const ProducerRecord& record : records) {
    if (base::Status status = producer_->produce(record); !status) {
      return of_transaction(status.error());
    }
  }
  HEADRACE_FAILPOINT("redrive.after_produce");
  if (base::Status status = producer_->flush(TransactionDeadlines::kFlush); !status) {
    return of_transaction(status.error());
  }
  HEADRACE_FAILPOINT("redrive.before_positions");
  base::Status status = producer_->send_offsets(source::membership_of(group_), positions,
                                                TransactionDeadlines::kCall);
  if (!status) return status;
  HEADRACE_FAILPOINT("redrive.before_end");
  status = producer_->commit_transaction(TransactionDeadlines::kCall);
  HEADRACE_FAILPOINT("redrive.after_end");
  return status;
}

}  // namespace headrace::sink
