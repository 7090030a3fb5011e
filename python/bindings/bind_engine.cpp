#include <headrace/pipeline/engine.hpp>

#include <array>
#include <cstdio>

#include "bindings.hpp"

namespace headrace::python {
namespace {

using pipeline::Engine;
using std::chrono::milliseconds;

std::string_view state_name(pipeline::EngineState state) {
  switch (state) {
    case pipeline::EngineState::kCreated:
      return "created";
    case pipeline::EngineState::kRunning:
      return "running";
    case pipeline::EngineState::kFinished:
      return "finished";
    case pipeline::EngineState::kStopped:
      return "stopped";
    case pipeline::EngineState::kFailed:
      break;
  }
  return "failed";
}

std::string_view connection_name(source::Connection connection) {
  switch (connection) {
    case source::Connection::kNone:
      return "none";
    case source::Connection::kConnecting:
      return "connecting";
    case source::Connection::kConnected:
      return "connected";
    case source::Connection::kLost:
      break;
  }
  return "lost";
}

pipeline::Overflow overflow_from(const std::string& name) {
  if (name == "pause") return pipeline::Overflow::kPause;
  if (name == "drop_oldest") return pipeline::Overflow::kDropOldest;
  if (name == "conflate") return pipeline::Overflow::kConflate;
  throw base::Exception(base::invalid_argument(
      "overflow: expected \"pause\", \"drop_oldest\" or \"conflate\", got \"" + name + "\""));
}

std::size_t positive(const char* name, py::handle value) {
  if (!py::isinstance<py::int_>(value) || value.cast<long long>() < 1) {
    throw base::Exception(base::invalid_argument(std::string(name) +
                                                 ": expected a whole number from 1, got " +
                                                 py::repr(value).cast<std::string>()));
  }
  return value.cast<std::size_t>();
}

pipeline::EngineOptions options_from(const py::dict& dict) {
  pipeline::EngineOptions options;
  for (const auto& [key, value] : dict) {
    const auto name = key.cast<std::string>();
    if (name == "history") {
      options.history_rows = positive("history", value);
    } else if (name == "threads") {
      options.compute_threads = static_cast<unsigned>(positive("threads", value));
    } else if (name == "batch_rows") {
      options.batch_rows = positive("batch_rows", value);
    } else if (name == "ring_batches") {
      options.ring_batches = positive("ring_batches", value);
    } else if (name == "overflow") {
      options.overflow = overflow_from(value.cast<std::string>());
    } else if (name == "collect") {
      options.collect = value.cast<bool>();
    } else if (name == "max_record_bytes") {
      options.max_record_bytes = positive("max_record_bytes", value);
    } else if (name == "fail_on_reject") {
      options.fail_on_reject = value.cast<bool>();
    } else if (name == "commit_interval_ms") {
      options.commit_interval = milliseconds(positive("commit_interval_ms", value));
    } else if (name == "commit_rows") {
      options.commit_rows = positive("commit_rows", value);
    } else if (name == "checkpoint_interval_ms") {
      options.checkpoint_interval = milliseconds(positive("checkpoint_interval_ms", value));
    } else if (name == "digest") {
      options.digest = value.cast<bool>();
    } else {
      throw base::Exception(base::invalid_argument("no engine option \"" + name + "\""));
    }
  }
  return options;
}

py::dict task_dict(const pipeline::TaskStatus& task) {
  py::dict entry;
  entry["topic"] = task.topic;
  entry["partition"] = task.position.task.partition;
  entry["position"] = task.position.position;
  entry["high_watermark"] = task.position.high_watermark;
  entry["lag"] = task.lag;
  entry["records"] = task.records;
  entry["event_time_ns"] =
      task.max_event_time_ns == 0 ? py::object(py::none()) : py::int_(task.max_event_time_ns);
  return entry;
}

py::dict status_dict(const pipeline::EngineStatus& status) {
  py::list tasks;
  for (const pipeline::TaskStatus& task : status.tasks) tasks.append(task_dict(task));
  py::dict result;
  result["state"] = std::string(state_name(status.state));
  result["message"] = status.message;
  result["records"] = status.records;
  result["rows"] = status.rows;
  result["tombstones"] = status.tombstones;
  result["dropped"] = status.dropped;
  result["evicted"] = status.evicted;
  result["late_counted"] = status.late;
  result["stale"] = status.stale;
  result["pauses"] = status.pauses;
  result["keys_in_several_partitions"] = status.keys_in_several_partitions;
  result["key_examples"] = status.key_examples;
  result["rejected"] = status.rejected;
  result["first_rejects"] = status.first_rejects;
  result["connection"] = std::string(connection_name(status.connection));
  result["connection_seconds"] = status.connection_seconds;
  result["commits"] = status.commits;
  result["commit_seconds"] = status.commit_seconds;
  result["checkpoints"] = status.checkpoints;
  result["checkpoint_age"] =
      status.checkpoint_age < 0 ? py::object(py::none()) : py::float_(status.checkpoint_age);
  result["longest_stall_seconds"] = status.longest_stall_seconds;
  result["recovery"] = status.recovery;
  result["seconds"] = status.seconds;
  result["tasks"] = tasks;
  return result;
}

py::object failure_tuple(const Engine& engine) {
  const std::optional<base::Error> error = engine.failure();
  if (!error) return py::none();
  const base::ErrorInfo& info = base::info(error->code);
  return py::make_tuple(std::string(info.python_exception), error->message, std::string(info.name),
                        error->retriable, error->native_code);
}

py::list reject_rows(const record::Rejects& rejects, const std::vector<std::string>& topics) {
  py::list rows;
  for (const record::Reject& reject : rejects) {
    const auto topic = static_cast<std::size_t>(reject.task.topic);
    rows.append(reject_row(reject, topic < topics.size() ? topics[topic] : std::string()));
  }
  return rows;
}

py::dict digest_dict(const Engine& engine) {
  pipeline::Digest digest;
  {
    const py::gil_scoped_release release;  // it waits for the batch that is being worked off
    digest = engine.digest();
  }
  py::dict result;
  for (std::size_t i = 0; i < digest.columns().size(); ++i) {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx",
                  static_cast<unsigned long long>(digest.columns()[i]));
    result[py::str(engine.schema()->fields()[i].name)] = std::string(text.data());
  }
  return result;
}

std::unique_ptr<Engine> make_engine(const pipeline::Plan& plan,
                                    const std::vector<std::vector<SourceHandle*>>& handles,
                                    const std::vector<SinkHandle*>& sink_handles,
                                    const py::dict& options, const DurabilityHandle* durability) {
  std::vector<Engine::Sources> sources(handles.size());  // by leaf of the plan
  for (std::size_t leaf = 0; leaf < handles.size(); ++leaf) {
    for (SourceHandle* handle : handles[leaf]) {
      if (!handle->source) {
        throw base::Exception(base::invalid_argument("this source runs in another engine already"));
      }
      sources[leaf].push_back(std::move(handle->source));
    }
  }
  std::vector<std::shared_ptr<sink::Sink>> sinks;
  for (const SinkHandle* handle : sink_handles) sinks.push_back(handle->sink);
  std::unique_ptr<Engine> engine = unwrap(Engine::create_merging(
      plan, std::move(sources), options_from(options), std::move(sinks), {},
      durability == nullptr ? pipeline::Durability{} : durability->durability));
  // Sinks are called by the engine's own threads only, so the pointer outlives every use.
  const TopicNames names = [running = engine.get()](std::int32_t topic) {
    return running->topics().at(static_cast<std::size_t>(topic));
  };
  for (const SinkHandle* handle : sink_handles) {
    if (handle->topic_names) *handle->topic_names = names;
  }
  if (durability != nullptr) {
    *durability->topic_names = names;
    *durability->membership = [running = engine.get()] { return running->membership(); };
  }
  return engine;
}

}  // namespace

py::tuple reject_row(const record::Reject& reject, const std::string& topic) {
  return py::make_tuple(std::string(record::info(reject.reason).name), reject.field, reject.detail,
                        topic, reject.task.partition, reject.offset, reject.timestamp_ms,
                        py::bytes(reject.key), py::bytes(reject.value), reject.behind_ns);
}

void bind_engine(py::module_& module) {
  using no_gil = py::call_guard<py::gil_scoped_release>;
  // The destructor joins threads that may be giving arrays back to Python, which takes the GIL.
  py::class_<Engine>(module, "Engine", py::release_gil_before_calling_cpp_dtor())
      .def(py::init(&make_engine), py::arg("plan"), py::arg("sources"), py::arg("sinks"),
           py::arg("options"), py::arg("durability") = py::none())
      .def(
          "start", [](Engine& engine) { engine.start().throw_if_error(); }, no_gil())
      .def("request_stop", &Engine::request_stop, no_gil())
      .def("stop", &Engine::stop, no_gil())
      .def(
          "wait",
          [](const Engine& engine, int timeout_ms) {
            return engine.wait(milliseconds(timeout_ms));
          },
          py::arg("timeout_ms"), no_gil())
      .def(
          "wait_rows",
          [](const Engine& engine, std::uint64_t rows, int timeout_ms) {
            return engine.wait_rows(rows, milliseconds(timeout_ms));
          },
          py::arg("rows"), py::arg("timeout_ms"), no_gil())
      .def("failure", &failure_tuple)
      .def("request_write", &Engine::request_write, no_gil())
      .def("are_written", &Engine::are_written, py::arg("requests"), no_gil())
      .def(
          "savepoint",
          [](Engine& engine, const std::string& name, int timeout_ms) {
            engine.savepoint(name, milliseconds(timeout_ms)).throw_if_error();
          },
          py::arg("name"), py::arg("timeout_ms"), no_gil())
      .def("status",
           [](const Engine& engine) {
             pipeline::EngineStatus status;
             {
               const py::gil_scoped_release release;
               status = engine.status();
             }
             return status_dict(status);
           })
      .def("frame", &Engine::frame, py::arg("last"), py::arg("key"), no_gil())
      .def(
          "since",
          [](const Engine& engine, std::uint64_t position) {
            std::uint64_t missed = 0;
            pipeline::Frame frame = engine.since(position, &missed);
            return std::make_pair(std::move(frame), missed);
          },
          py::arg("position"), no_gil())
      .def("rejects",
           [](const Engine& engine) { return reject_rows(engine.rejects(), engine.topics()); })
      .def("digest", &digest_dict)
      .def("take_collected", &Engine::take_collected, no_gil())
      .def("topics", &Engine::topics);
}

}  // namespace headrace::python
