// Checkpoints to look at, and the places at which tests kill.
#include <headrace/base/failpoint.hpp>
#include <headrace/checkpoint/files.hpp>
#include <headrace/checkpoint/kafka_store.hpp>
#include <headrace/checkpoint/store.hpp>

#include "bindings.hpp"

namespace headrace::python {
namespace {

using Position = std::tuple<std::string, std::int32_t, std::int64_t>;

std::vector<Position> positions_of(const std::vector<checkpoint::ReadTo>& read_to) {
  std::vector<Position> positions;
  for (const checkpoint::ReadTo& to : read_to) {
    positions.emplace_back(to.topic, to.partition, to.offset);
  }
  return positions;
}

// Every byte is looked at; one that is not whole is an error.
py::dict checkpoint_info(const std::string& path) {
  std::uint64_t bytes = 0;
  checkpoint::Checkpoint made = [&] {
    const py::gil_scoped_release release;
    checkpoint::FileReader reader = checkpoint::FileReader::open(path).value_or_throw();
    bytes = reader.size();
    const checkpoint::Fill fill = [&](std::span<std::byte> out) { return reader.read(out); };
    auto whole = checkpoint::decode(fill, reader.size(), checkpoint::Depth::kVerify);
    if (whole) return *std::move(whole);
    base::Error error = whole.error();
    error.message = path + ": " + error.message;
    throw base::Exception(std::move(error));
  }();
  py::list sections;
  for (const checkpoint::Section& section : made.sections) sections.append(section.name);
  py::dict dict;
  dict["unit"] = made.unit;
  dict["pipeline"] = made.pipeline;
  dict["commit"] = made.commit;
  dict["read_to"] = positions_of(made.read_to);
  dict["facts"] = made.facts;
  dict["sections"] = sections;
  dict["written_by"] = made.written_by;
  dict["bytes"] = bytes;
  return dict;
}

// What there is of all units, with the reason where it cannot be used. `verify`: looks at every
// byte, not at headers alone.
std::vector<checkpoint::Stored> stored_in(checkpoint::Store& store, bool verify) {
  std::vector<checkpoint::Stored> all;
  for (const std::string& unit : unwrap(store.units())) {
    for (checkpoint::Stored& stored : unwrap(store.list(unit))) {
      if (verify && stored.trouble.empty()) {
        if (const base::Status whole = store.verify(stored); !whole) {
          stored.trouble = whole.error().message;
        }
      }
      all.push_back(std::move(stored));
    }
  }
  return all;
}

py::list rows(checkpoint::Store& store, bool verify) {
  std::vector<checkpoint::Stored> all;
  {
    const py::gil_scoped_release release;
    all = stored_in(store, verify);
  }
  py::list table;
  for (const checkpoint::Stored& stored : all) {
    py::dict row;
    row["unit"] = stored.unit;
    row["commit"] = stored.commit;
    row["read_to"] = positions_of(stored.read_to);
    row["bytes"] = stored.bytes;
    row["reason"] = stored.trouble;
    row["pipeline"] = stored.pipeline;
    row["facts"] = stored.facts;
    row["where"] = stored.where;
    table.append(row);
  }
  return table;
}

std::shared_ptr<checkpoint::Store> find_kafka_store(
    const std::string& bootstrap, const std::map<std::string, std::string>& config,
    const std::string& topic) {
  using Opened = base::Result<std::shared_ptr<checkpoint::Store>>;
  return unwrap(interruptible<Opened>([client = client_from(bootstrap, config), topic] {
    return checkpoint::open_kafka_store({.client = client, .topic = topic, .make = false});
  }));
}

}  // namespace

void bind_checkpoint(py::module_& module) {
  using checkpoint::Store;
  module.def("checkpoint_info", &checkpoint_info, py::arg("path"));
  py::class_<Store, std::shared_ptr<Store>>(module, "CheckpointStore")
      .def_static(
          "directory",
          [](const std::string& path) { return unwrap(checkpoint::find_directory_store(path)); },
          py::arg("path"), py::call_guard<py::gil_scoped_release>())
      .def_static("kafka", &find_kafka_store, py::arg("bootstrap"), py::arg("config"),
                  py::arg("topic"))
      .def("rows", &rows, py::arg("verify"))
      .def(
          "savepoints", [](Store& store) { return unwrap(store.savepoints()); },
          py::call_guard<py::gil_scoped_release>())
      .def(
          "savepoint",
          [](Store& store, const std::string& name) { return unwrap(store.savepoint(name)); },
          py::arg("name"), py::call_guard<py::gil_scoped_release>())
      .def(
          "remove_savepoint",
          [](Store& store, const std::string& name) {
            store.remove_savepoint(name).throw_if_error();
          },
          py::arg("name"), py::call_guard<py::gil_scoped_release>())
      .def("describe", &Store::describe);
#ifdef HEADRACE_FAILPOINTS
  module.def("_failpoints", [](const std::string& text) {
    if (!base::set_failpoints(text)) {
      throw base::Exception(base::invalid_argument("malformed failpoints: \"" + text + '"'));
    }
  });
  module.def("_passed_failpoints", &base::passed_failpoints);
#endif
}

}  // namespace headrace::python
