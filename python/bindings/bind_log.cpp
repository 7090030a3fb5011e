#include <chrono>
#include <map>

#include <headrace/pipeline/log_calls.hpp>

#include "bindings.hpp"

namespace headrace::python {
namespace {

using pipeline::LogCalls;
using std::chrono::milliseconds;
using Mark = std::pair<std::int64_t, std::string>;

// Whatever has an output has a position in the same call, which knows the name of its topic.
std::map<std::int32_t, std::string> topics_of(const LogCalls::Call& call) {
  std::map<std::int32_t, std::string> names;
  for (const sink::Position& position : call.positions) {
    names[position.origin.task.topic] = position.partition.first;
  }
  return names;
}

py::list positions_of(const LogCalls::Call& call) {
  py::list positions;
  for (const sink::Position& position : call.positions) {
    positions.append(py::make_tuple(position.partition.first, position.partition.second,
                                    position.mark.offset, position.mark.metadata));
  }
  return positions;
}

py::list rejects_of(const LogCalls::Call& call, const std::map<std::int32_t, std::string>& topics) {
  py::list rows;
  for (const sink::Output& output : call.outputs) {
    if (!output.rejects) continue;
    for (const record::Reject& reject : *output.rejects) {
      const auto topic = topics.find(reject.task.topic);
      rows.append(reject_row(reject, topic == topics.end() ? std::string() : topic->second));
    }
  }
  return rows;
}

py::object take(LogCalls& calls, int timeout_ms) {
  std::optional<LogCalls::Call> call;
  std::optional<pipeline::Frame> rows;
  {
    const py::gil_scoped_release release;
    call = calls.take(milliseconds(timeout_ms));
    if (call) rows = pipeline::rows_of(call->outputs);
  }
  if (!call) return py::none();
  switch (call->kind) {
    case LogCalls::Kind::kOpen:
      return py::make_tuple(call->id, "open", py::tuple());
    case LogCalls::Kind::kCommitted:
      return py::make_tuple(call->id, "committed", py::make_tuple(call->partitions));
    case LogCalls::Kind::kCommit:
      break;
  }
  const std::map<std::int32_t, std::string> topics = topics_of(*call);
  return py::make_tuple(
      call->id, "commit",
      py::make_tuple(std::move(rows), topics, rejects_of(*call, topics), positions_of(*call)));
}

void answer(LogCalls& calls, std::uint64_t id, const std::vector<Mark>& marks) {
  std::vector<sink::Mark> ours;
  for (const auto& [offset, metadata] : marks) {
    ours.push_back({.offset = offset, .metadata = metadata});
  }
  calls.answer(id, std::move(ours));
}

void fail(LogCalls& calls, std::uint64_t id, const std::string& code, const std::string& message,
          bool retriable) {
  base::Error error{.code = base::ErrorCode::kIo, .message = message, .retriable = retriable};
  for (const base::ErrorInfo& known : base::kErrorTable) {
    if (known.name == code) error.code = known.code;
  }
  calls.answer(id, std::move(error));
}

}  // namespace

void bind_log(py::module_& module) {
  py::class_<LogCalls, std::shared_ptr<LogCalls>>(module, "LogCalls")
      .def(py::init<std::string>(), py::arg("name"))
      .def("take", &take, py::arg("timeout_ms"))
      .def("answer", &answer, py::arg("id"), py::arg("marks"))
      .def("fail", &fail, py::arg("id"), py::arg("code"), py::arg("message"), py::arg("retriable"))
      .def("close", &LogCalls::close)
      .def_property_readonly("closed", &LogCalls::closed)
      .def_property_readonly("busy", &LogCalls::busy);
}

}  // namespace headrace::python
