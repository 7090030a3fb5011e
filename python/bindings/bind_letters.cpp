// Dead letters: read with their headers, and written back where they came from.
#include <headrace/sink/kafka/redrive.hpp>
#include <headrace/source/kafka/message_headers.hpp>

#include <array>

#include "bindings.hpp"

namespace headrace::python {
namespace {

using std::chrono::milliseconds;
using Settings = std::map<std::string, std::string>;
using Offset = std::tuple<std::string, std::int32_t, std::int64_t, std::string>;

py::list read_letters(const std::string& topic, const std::string& bootstrap,
                      const Settings& settings, std::size_t newest, int timeout_ms) {
  source::SampleRequest request;
  request.client = client_from(bootstrap, settings);
  request.topics = {topic};
  request.oldest = 0;
  request.newest = newest;
  request.headers = true;
  request.partial = false;
  request.timeout = milliseconds(timeout_ms);
  py::list rows;
  for (const source::SampleRecord& record : sampled(std::move(request), py::none())) {
    py::dict headers;
    for (const auto& [name, value] : record.headers) headers[py::str(name)] = py::bytes(value);
    rows.append(py::make_tuple(record.partition, record.offset, record.timestamp_ms,
                               bytes_or_none(record.key), bytes_or_none(record.value), headers));
  }
  return rows;
}

std::vector<Offset> open(sink::Redrive& redrive, const std::string& topic,
                         const std::vector<std::int32_t>& partitions) {
  std::vector<sink::GroupOffset> asked;
  for (const std::int32_t partition : partitions) {
    asked.push_back({.topic = topic, .partition = partition, .metadata = {}});
  }
  std::vector<Offset> found;
  for (sink::GroupOffset& one : unwrap(redrive.open(asked))) {
    found.emplace_back(one.topic, one.partition, one.offset, one.metadata);
  }
  return found;
}

// `records`: (topic, key or None, value, timestamp in ms, attempt). The list keeps the bytes alive.
void write(sink::Redrive& redrive, const py::list& records, const std::vector<Offset>& positions) {
  using Headers = std::array<std::pair<std::string_view, std::string_view>, 1>;
  std::vector<sink::ProducerRecord> batch(records.size());
  std::vector<std::string> texts(2 * records.size());  // topic and attempt of each
  std::vector<Headers> headers(records.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto row = records[i].cast<py::tuple>();
    texts[2 * i] = row[0].cast<std::string>();
    texts[2 * i + 1] = std::to_string(row[4].cast<int>());
    batch[i].topic = texts[2 * i];
    batch[i].has_key = !row[1].is_none();
    if (batch[i].has_key) batch[i].key = bytes_view(row[1]);
    batch[i].value = bytes_view(row[2]);
    batch[i].timestamp_ms = row[3].cast<std::int64_t>();
    headers[i] = {{{source::kHeaderAttempt, texts[2 * i + 1]}}};
    batch[i].headers = headers[i];
  }
  std::vector<sink::GroupOffset> offsets;
  for (const auto& [topic, partition, offset, metadata] : positions) {
    offsets.push_back(
        {.topic = topic, .partition = partition, .offset = offset, .metadata = metadata});
  }
  const py::gil_scoped_release release;
  redrive.write(batch, offsets).throw_if_error();
}

}  // namespace

void bind_letters(py::module_& module) {
  using no_gil = py::call_guard<py::gil_scoped_release>;
  module.def("read_letters", &read_letters, py::arg("topic"), py::arg("bootstrap"),
             py::arg("config"), py::arg("newest"), py::arg("timeout_ms"));
  py::class_<sink::Redrive>(module, "Redrive")
      .def(py::init([](const std::string& bootstrap, const Settings& settings,
                       const std::string& group) {
             return unwrap(
                 sink::Redrive::create({.client = client_from(bootstrap, settings)}, group));
           }),
           py::arg("bootstrap"), py::arg("config"), py::arg("group"))
      .def("open", &open, py::arg("topic"), py::arg("partitions"), no_gil())
      .def("write", &write, py::arg("records"), py::arg("positions"));
}

}  // namespace headrace::python
