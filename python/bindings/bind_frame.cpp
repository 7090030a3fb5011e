#include <pybind11/numpy.h>

#include <cstring>

#include <headrace/pipeline/frame_store.hpp>
#include <headrace/record/arrow_export.hpp>

#include "bindings.hpp"

namespace headrace::python {
namespace {

using pipeline::Frame;
using record::BufferPtr;
using record::Column;
using record::DType;

// An array over a buffer. Its base is a capsule that shares the buffer's ownership, so the memory
// outlives frame, engine and stream for as long as the array (or a slice of it) is used. Read-only,
// unless nobody else reads the memory.
py::array view(const py::dtype& type, const BufferPtr& buffer, std::size_t rows, bool writable) {
  auto owner = std::make_unique<BufferPtr>(buffer);
  const py::capsule base(owner.get(), [](void* held) { delete static_cast<BufferPtr*>(held); });
  const BufferPtr* held = owner.release();
  py::array array(type, static_cast<py::ssize_t>(rows), (*held)->data(), base);
  if (!writable) {
    py::detail::array_proxy(array.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  }
  return array;
}

py::dtype dtype_of(DType type) {
  switch (type) {
    case DType::kBool:
      return py::dtype("bool");
    case DType::kInt64:
      return py::dtype("int64");
    case DType::kFloat64:
      return py::dtype("float64");
    case DType::kString:
      return py::dtype("int32");
    case DType::kTimestamp:
      break;
  }
  return py::dtype("datetime64[ns]");
}

py::object categories_of(const Column& column) {
  if (!column.dictionary) return py::none();
  py::list words;
  for (std::int32_t code = 0; code < column.dictionary->size(); ++code) {
    const std::string_view text = column.dictionary->text(code);
    words.append(py::str(text.data(), text.size()));
  }
  return words;
}

py::object validity_of(const Column& column, std::size_t rows) {
  if (!column.validity) return py::none();
  py::array_t<bool> mask(static_cast<py::ssize_t>(rows));
  bool* out = mask.mutable_data();
  bool all = true;
  for (std::size_t i = 0; i < rows; ++i) {
    out[i] = column.is_valid(i);
    all = all && out[i];
  }
  if (all) return py::none();
  return mask;
}

const Column& column_at(const Frame& frame, std::size_t index) {
  if (index >= frame.columns.size()) throw py::index_error("no column " + std::to_string(index));
  return frame.columns[index];
}

py::tuple column_tuple(const Frame& frame, std::size_t index) {
  const Column& column = column_at(frame, index);
  return py::make_tuple(view(dtype_of(column.type), column.data, frame.rows, frame.exclusive),
                        validity_of(column, frame.rows), categories_of(column));
}

std::vector<std::string> names_of(const Frame& frame) {
  std::vector<std::string> names;
  for (const record::Field& field : frame.schema->fields()) names.push_back(field.name);
  return names;
}

// The stream in a capsule of Arrow's PyCapsule interface; released with it where nobody took it.
py::capsule arrow_stream(const Frame& frame, bool positions) {
  auto stream = std::make_unique<ArrowArrayStream>();
  record::ArrowTable table{.schema = frame.schema,
                           .rows = frame.rows,
                           .columns = frame.columns,
                           .partitions = positions ? frame.partitions : nullptr,
                           .offsets = positions ? frame.offsets : nullptr};
  record::export_stream(std::move(table), stream.get());
  return py::capsule(stream.release(), "arrow_array_stream", [](PyObject* capsule) {
    auto* held =
        static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule, "arrow_array_stream"));
    if (held->release != nullptr) held->release(held);
    delete held;
  });
}

}  // namespace

void bind_frame(py::module_& module) {
  py::class_<Frame>(module, "Frame")
      .def_readonly("rows", &Frame::rows)
      .def_readonly("end_row", &Frame::end_row)
      .def_property_readonly("names", &names_of)
      .def("column", &column_tuple, py::arg("index"))
      .def("arrow_stream", &arrow_stream, py::arg("positions"))
      .def("topics",
           [](const Frame& f) { return view(py::dtype("int32"), f.topics, f.rows, f.exclusive); })
      .def("partitions",
           [](const Frame& f) {
             return view(py::dtype("int32"), f.partitions, f.rows, f.exclusive);
           })
      .def("offsets",
           [](const Frame& f) { return view(py::dtype("int64"), f.offsets, f.rows, f.exclusive); });
}

}  // namespace headrace::python
