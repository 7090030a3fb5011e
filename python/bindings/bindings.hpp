// What the binding files share: one bind_<family> function each, errors, and small conversions.
//
// Bindings forward and never compute. They drop the GIL before anything that can wait, and core
// threads never touch Python.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <headrace/base/error.hpp>
#include <headrace/pipeline/engine.hpp>
#include <headrace/record/foreign_column.hpp>
#include <headrace/record/reject.hpp>
#include <headrace/sink/sink.hpp>
#include <headrace/source/kafka/config.hpp>
#include <headrace/source/kafka/sample.hpp>
#include <headrace/source/source.hpp>

namespace headrace::python {

namespace py = pybind11;

void bind_errors(py::module_& module);
void bind_calls(py::module_& module);
void bind_checkpoint(py::module_& module);
void bind_plan(py::module_& module);
void bind_frame(py::module_& module);
void bind_sources(py::module_& module);
void bind_engine(py::module_& module);
void bind_kafka(py::module_& module);
void bind_letters(py::module_& module);
void bind_log(py::module_& module);

// Does work that waits for a broker on a thread of its own, so that Ctrl-C is noticed whatever it
// waits for; `stop` is asked, too, whether to wait no longer. Called and returns with the GIL. Work
// that is given up goes on without us: it is to own all that it uses.
template <class T>
T interruptible(std::function<T()> work, const std::function<bool()>& stop = {}) {
  std::packaged_task<T()> task(std::move(work));
  std::future<T> answer = task.get_future();
  std::thread(std::move(task)).detach();
  const auto answered = [&answer] {
    const py::gil_scoped_release release;
    return answer.wait_for(std::chrono::milliseconds(50)) == std::future_status::ready;
  };
  while (!answered()) {
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    if (!stop || !stop()) continue;
    throw base::Exception({.code = base::ErrorCode::kCancelled, .message = "stopped"});
  }
  return answer.get();
}

// A source on its way from the function that makes it to the engine, which takes it over.
struct SourceHandle {
  std::unique_ptr<source::Source> source;
};

// Topic name by TaskId::topic; empty until the engine that knows them exists.
using TopicNames = std::function<std::string(std::int32_t)>;

struct SinkHandle {
  std::shared_ptr<sink::Sink> sink;
  std::shared_ptr<TopicNames> topic_names;  // null where the sink does not ask
};

// How a run goes on from the one before it; made before its sources and its engine.
struct DurabilityHandle {
  pipeline::Durability durability;
  std::shared_ptr<checkpoint::Store> savepoint;  // to begin with; null: none
  std::shared_ptr<TopicNames> topic_names;
  // Who reads the partitions; empty until the engine that knows exists.
  std::shared_ptr<std::function<base::Result<std::string>()>> membership;
};

// Columns as (name, values, null mask or None, texts or None); arrays are contiguous. The table
// keeps them alive, and gives the last of them back with the GIL held.
[[nodiscard]] record::ForeignTable table_from(const py::list& columns, std::size_t rows);

// A dead letter as (reason, field, detail, topic, partition, offset, timestamp, key, value,
// behind).
[[nodiscard]] py::tuple reject_row(const record::Reject& reject, const std::string& topic);

// A client as a user's settings say; its lines go to Python's logging. Needs no GIL.
[[nodiscard]] source::ClientConfig client_from(const std::string& bootstrap,
                                               std::map<std::string, std::string> settings);

// A sample, waited for so that Ctrl-C is noticed, and `stop`, a callable or None.
[[nodiscard]] std::vector<source::SampleRecord> sampled(source::SampleRequest request,
                                                        const py::object& stop);
[[nodiscard]] py::object bytes_or_none(const std::optional<std::string>& value);
// Valid while `value`, a bytes object, lives.
[[nodiscard]] std::string_view bytes_view(py::handle value);

// The value, or the Python exception that the error's code names.
template <class T>
T unwrap(base::Result<T>&& result) {
  return std::move(result).value_or_throw();
}

}  // namespace headrace::python
