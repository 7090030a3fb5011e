#include <headrace/pipeline/task.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include <headrace/pipeline/operator_names.hpp>
#include <headrace/pipeline/render.hpp>

namespace headrace::pipeline {
namespace {

base::Error damaged(const std::string& how) {
  return {.code = base::ErrorCode::kCheckpoint, .message = "the snapshot of a task " + how};
}

constexpr const char* kDigestSection = "digest";

std::string section_of(std::size_t step) { return "operator " + std::to_string(step); }

void put_section(base::ByteWriter& writer, const base::ByteWriter& section) {
  const std::span<const std::byte> bytes = section.bytes();
  writer.put_span(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

// Restores one part from a section of its own: it cannot read on into the next one.
template <class Part>
base::Status restore_section(base::ByteReader& reader, Part& part) {
  const base::Result<std::vector<std::uint8_t>> bytes = reader.get_vector<std::uint8_t>();
  if (!bytes) return bytes.error();
  base::ByteReader section(std::as_bytes(std::span(*bytes)));
  if (base::Status status = part.restore(section); !status) return status;
  if (section.remaining() != 0) return damaged("has a section that is too long");
  return {};
}

}  // namespace

base::Result<Task> Task::create(const Plan& plan, bool with_digest, std::size_t skip) {
  base::Result<std::vector<ops::OperatorPtr>> operators = plan.instantiate();
  if (!operators) return operators.error();
  Task task;
  const std::vector<std::string>& names = plan.operator_names();
  task.names_.assign(names.begin() + static_cast<std::ptrdiff_t>(skip), names.end());
  const record::Schema& records = *plan.input_schema();
  const int key = records.key_index();
  if (key >= 0) task.key_ = records.fields()[static_cast<std::size_t>(key)].name;
  operators->erase(operators->begin(), operators->begin() + static_cast<std::ptrdiff_t>(skip));
  task.operators_ = std::move(*operators);
  task.first_holder_ = task.holder_from(0);
  task.with_digest_ = with_digest;
  return task;
}

base::Status Task::process(record::RecordBatch& batch, record::Rejects& rejects) {
  return run(0, &ops::Operator::process, batch, rejects);
}

base::Status Task::finish(record::RecordBatch& batch, record::Rejects& rejects) {
  return end_by(&ops::Operator::finish, batch, rejects);
}

base::Status Task::stop(record::RecordBatch& batch, record::Rejects& rejects) {
  return end_by(&ops::Operator::stop, batch, rejects);
}

base::Status Task::end_by(Step step, record::RecordBatch& batch, record::Rejects& rejects) {
  if (!holds_rows()) return {};
  batch.replace_columns(operators_[first_holder_]->output_schema(), {});
  return run(first_holder_, step, batch, rejects);
}

// Rows that are rejected after an operator that holds rows back may be of any earlier batch: their
// values are taken from what it gave out.
base::Status Task::run(std::size_t first, Step step, record::RecordBatch& batch,
                       record::Rejects& rejects) {
  while (first < operators_.size()) {
    const std::size_t end = std::min(operators_.size(), holder_from(first) + 1);
    const record::RecordBatch before = batch;  // shares its columns
    const std::size_t rendered = rejects.size();
    for (; first < end; ++first) {
      base::Status status = (operators_[first].get()->*step)(batch, rejects);
      if (!status) return status;
    }
    render_values(before, std::span(rejects).subspan(rendered));
  }
  if (with_digest_) digest_.update(batch);
  return {};
}

std::size_t Task::holder_from(std::size_t first) const noexcept {
  while (first < operators_.size() && !operators_[first]->holds_rows()) ++first;
  return first;
}

std::int64_t Task::first_held() const noexcept {
  std::int64_t first = ops::Operator::kNothingHeld;
  for (const ops::OperatorPtr& op : operators_) first = std::min(first, op->first_held());
  return first;
}

void Task::note_held(ops::HeldOffsets& held) const {
  for (const ops::OperatorPtr& op : operators_) op->note_held(held);
}

std::uint64_t Task::dropped() const noexcept {
  std::uint64_t sum = 0;
  for (const ops::OperatorPtr& op : operators_) sum += op->dropped();
  return sum;
}

std::uint64_t Task::late() const noexcept {
  std::uint64_t sum = 0;
  for (const ops::OperatorPtr& op : operators_) sum += op->late();
  return sum;
}

std::uint64_t Task::evicted() const noexcept {
  std::uint64_t sum = 0;
  for (const ops::OperatorPtr& op : operators_) sum += op->evicted();
  return sum;
}

void Task::snapshot(base::ByteWriter& writer) const {
  writer.put(static_cast<std::uint64_t>(operators_.size()));
  for (const ops::OperatorPtr& op : operators_) {
    base::ByteWriter section;
    op->snapshot(section);
    put_section(writer, section);
  }
  base::ByteWriter section;
  digest_.snapshot(section);
  put_section(writer, section);
}

void Task::save(checkpoint::Checkpoint& made, const std::string& prefix) const {
  const auto add = [&](const std::string& name, const auto& part) {
    base::ByteWriter writer;
    part.snapshot(writer);
    made.sections.push_back({.name = prefix + name, .bytes = std::move(writer).take()});
  };
  for (std::size_t i = 0; i < operators_.size(); ++i) add(section_of(i), *operators_[i]);
  add(kDigestSection, digest_);
  made.facts[kOperatorsFact] = operators_fact(names_);
  made.facts["key"] = key_;
}

base::Status Task::load(const checkpoint::Checkpoint& state, const std::string& prefix) {
  const std::vector<std::optional<std::size_t>> places = places_of(names_, state);
  for (std::size_t i = 0; i < operators_.size(); ++i) {
    if (!places[i]) continue;
    const std::string section = prefix + section_of(*places[i]);
    base::Status status = checkpoint::load(state, section, *operators_[i]);
    if (!status) return status;
  }
  if (!is_same(names_, state)) return {};
  return checkpoint::load(state, prefix + kDigestSection, digest_);
}

base::Status Task::restore(base::ByteReader& reader) {
  std::uint64_t count = 0;
  if (base::Status status = reader.get_into(count); !status) return status;
  if (count != operators_.size()) {
    return damaged("has " + std::to_string(count) + " operators, the plan has " +
                   std::to_string(operators_.size()));
  }
  for (const ops::OperatorPtr& op : operators_) {
    if (base::Status status = restore_section(reader, *op); !status) return status;
  }
  return restore_section(reader, digest_);
}

}  // namespace headrace::pipeline
