// A task: one partition, its chain of operators, its keyed state, its digest.
//
// Thread contract: one compute thread at a time.
// Cost: that of its operators.
//
//   Task task(plan.instantiate().value());
//   base::Status s = task.process(batch, rejects);
#pragma once

#include <cstdint>
#include <vector>

#include <headrace/pipeline/digest.hpp>
#include <headrace/pipeline/plan.hpp>

namespace headrace::pipeline {

class Task {
 public:
  [[nodiscard]] static base::Result<Task> create(const Plan& plan, bool with_digest);

  [[nodiscard]] base::Status process(record::RecordBatch& batch, record::Rejects& rejects);
  [[nodiscard]] const Digest& digest() const noexcept { return digest_; }
  void snapshot(base::ByteWriter& writer) const;
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  std::vector<ops::OperatorPtr> operators_;
  Digest digest_;
  bool with_digest_ = false;
};

}  // namespace headrace::pipeline
