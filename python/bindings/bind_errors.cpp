#include <headrace/base/nearest.hpp>

#include "bindings.hpp"

namespace headrace::python {
namespace {

// The class named in the error table, from headrace.errors, with the error's fields.
void raise(const base::Error& error) {
  const base::ErrorInfo& info = base::info(error.code);
  const py::object type =
      py::module_::import("headrace.errors").attr(std::string(info.python_exception).c_str());
  const py::object instance =
      type(error.message, std::string(info.name), error.retriable, error.native_code);
  PyErr_SetObject(type.ptr(), instance.ptr());
}

}  // namespace

void bind_errors(py::module_& module) {
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const base::Exception& exception) {
      raise(exception.error());
    }
  });
  module.def("error_table", [] {
    py::dict table;
    for (const base::ErrorInfo& info : base::kErrorTable) {
      table[py::str(info.name.data(), info.name.size())] =
          py::str(info.python_exception.data(), info.python_exception.size());
    }
    return table;
  });
  module.def("unknown_name", [](const std::string& what, const std::string& name,
                                const std::vector<std::string>& candidates) {
    return base::unknown_name(what, name, candidates);
  });
}

}  // namespace headrace::python
