#include <pybind11/numpy.h>

#include <headrace/pipeline/frame_source.hpp>
#include <headrace/pipeline/plan.hpp>
#include <headrace/source/lines_source.hpp>

#include "bindings.hpp"

namespace headrace::python {
namespace {

using record::ForeignColumn;
using record::ForeignKind;

std::unique_ptr<SourceHandle> handle_of(std::unique_ptr<source::Source> made) {
  return std::make_unique<SourceHandle>(SourceHandle{std::move(made)});
}

// Shares a Python object with the core, whose threads may drop the last reference.
std::shared_ptr<const void> keep(py::object object) {
  auto* held = new py::object(std::move(object));
  return {held, [](const py::object* last) {
            const py::gil_scoped_acquire gil;
            delete last;
          }};
}

ForeignKind kind_of(const py::dtype& type) {
  const char kind = type.kind();
  const auto bytes = type.itemsize();
  switch (kind) {
    case 'b':
      return ForeignKind::kBool;
    case 'M':
      return ForeignKind::kTimestamp;
    case 'f':
      if (bytes == 4) return ForeignKind::kFloat32;
      if (bytes == 8) return ForeignKind::kFloat64;
      break;
    case 'i':
    case 'u': {
      constexpr std::array<ForeignKind, 4> kSigned{ForeignKind::kInt8, ForeignKind::kInt16,
                                                   ForeignKind::kInt32, ForeignKind::kInt64};
      constexpr std::array<ForeignKind, 4> kUnsigned{ForeignKind::kUInt8, ForeignKind::kUInt16,
                                                     ForeignKind::kUInt32, ForeignKind::kUInt64};
      const std::size_t power = bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3;
      return kind == 'i' ? kSigned[power] : kUnsigned[power];
    }
    default:
      break;
  }
  return ForeignKind::kOther;
}

// What "datetime64[us]" counts.
record::TimeUnit unit_of(const std::string& dtype) {
  const std::size_t at = dtype.find('[');
  switch (at == std::string::npos ? 'n' : dtype[at + 1]) {
    case 's':
      return record::TimeUnit::kSecond;
    case 'm':
      return record::TimeUnit::kMillisecond;
    case 'u':
      return record::TimeUnit::kMicrosecond;
    default:
      return record::TimeUnit::kNanosecond;
  }
}

// The texts that codes point at; the views look into the Python strings, which `list` keeps alive.
std::shared_ptr<const std::vector<std::string_view>> words_of(const py::list& list) {
  auto words = std::make_shared<std::vector<std::string_view>>();
  words->reserve(list.size());
  for (const py::handle word : list) {
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(word.ptr(), &size);
    if (text == nullptr) throw py::error_already_set();
    words->emplace_back(text, static_cast<std::size_t>(size));
  }
  return words;
}

// (name, values, null mask or None, texts or None); arrays are contiguous.
ForeignColumn column_from(const py::tuple& row) {
  const auto values = row[1].cast<py::array>();
  ForeignColumn column;
  column.name = row[0].cast<std::string>();
  column.kind = kind_of(values.dtype());
  column.data = values.data();
  column.other = py::str(values.dtype()).cast<std::string>();
  if (column.kind == ForeignKind::kTimestamp) column.unit = unit_of(column.other);
  if (!row[2].is_none()) {
    column.null_bytes = static_cast<const std::uint8_t*>(row[2].cast<py::array>().data());
  }
  if (!row[3].is_none()) {
    column.code_kind = column.kind;
    column.kind = ForeignKind::kCodes;
    column.words = words_of(row[3].cast<py::list>());
  }
  column.keep_alive = keep(row);
  return column;
}

std::unique_ptr<SourceHandle> columns_source(const pipeline::Plan& plan, const py::list& columns,
                                             std::size_t rows) {
  return handle_of(
      unwrap(pipeline::make_frame_source(plan.input_schema(), table_from(columns, rows))));
}

std::unique_ptr<SourceHandle> arrow_source(const pipeline::Plan& plan, const py::capsule& capsule) {
  auto* stream =
      static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule.ptr(), "arrow_array_stream"));
  if (stream == nullptr) throw py::error_already_set();
  return handle_of(unwrap(pipeline::make_frame_source(plan.input_schema(), stream)));
}

std::unique_ptr<SourceHandle> lines_source(const std::string& path, bool csv, char delimiter,
                                           bool header, const std::string& name) {
  return handle_of(unwrap(source::make_lines_source(
      {.path = path,
       .format = csv ? source::LineFormat::kCsv : source::LineFormat::kJson,
       .poll_max = 4096,
       .delimiter = delimiter,
       .header = header,
       .name = name})));
}

}  // namespace

record::ForeignTable table_from(const py::list& columns, std::size_t rows) {
  record::ForeignTable table{.rows = rows, .columns = {}};
  for (const py::handle row : columns) table.columns.push_back(column_from(row.cast<py::tuple>()));
  return table;
}

void bind_sources(py::module_& module) {
  py::class_<SourceHandle>(module, "Source");
  module.def("columns_source", &columns_source, py::arg("plan"), py::arg("columns"),
             py::arg("rows"));
  module.def("arrow_source", &arrow_source, py::arg("plan"), py::arg("stream"));
  module.def("lines_source", &lines_source, py::arg("path"), py::arg("csv"),
             py::arg("delimiter") = ',', py::arg("header") = true, py::arg("name") = "");
}

}  // namespace headrace::python
