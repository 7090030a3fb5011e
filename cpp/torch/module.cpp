// The Python module headrace._torch: a list of what it offers.
#include <pybind11/pybind11.h>

#include <memory>
#include <string>

#include <headrace/model/predictor_abi.h>
#include <headrace/base/error.hpp>

#include "runtime.hpp"
#include "torch_predictor.hpp"

namespace py = pybind11;
using namespace headrace;

namespace {

// The class that the error table names, from headrace.errors, as _core raises it.
void raise(const base::Error& error) {
  const base::ErrorInfo& info = base::info(error.code);
  const py::object type =
      py::module_::import("headrace.errors").attr(std::string(info.python_exception).c_str());
  const py::object instance =
      type(error.message, std::string(info.name), error.retriable, error.native_code);
  PyErr_SetObject(type.ptr(), instance.ptr());
}

// Who adopts the table sets its release to null in the capsule; else the capsule releases it.
py::capsule in_capsule(const headrace_predictor& table) {
  auto held = std::make_unique<headrace_predictor>(table);
  py::capsule capsule(held.get(), HEADRACE_PREDICTOR_CAPSULE, [](PyObject* object) {
    auto* owned =
        static_cast<headrace_predictor*>(PyCapsule_GetPointer(object, HEADRACE_PREDICTOR_CAPSULE));
    if (owned->release != nullptr) owned->release(owned->self);
    delete owned;
  });
  held.release();
  return capsule;
}

py::capsule load(std::string path, std::uint32_t input_width, std::uint32_t window,
                 std::uint32_t output_width, std::string device, int threads) {
  const torchscript::LoadOptions options{.path = std::move(path),
                                         .input_width = input_width,
                                         .window = window,
                                         .output_width = output_width,
                                         .device = std::move(device),
                                         .threads = threads};
  const headrace_predictor table = [&] {
    const py::gil_scoped_release no_gil;
    return torchscript::load_torchscript(options).value_or_throw();
  }();
  return in_capsule(table);
}

}  // namespace

PYBIND11_MODULE(_torch, module) {
  module.doc() = "TorchScript models for headrace's core.";
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const base::Exception& exception) {
      raise(exception.error());
    }
  });
  module.def("load", &load, py::arg("path"), py::kw_only(), py::arg("input_width"),
             py::arg("window") = 0, py::arg("output_width") = 0, py::arg("device") = "cpu",
             py::arg("threads") = 1);
  module.def("torch_version", &torchscript::loaded_version);
  module.def("built_for", &torchscript::built_version);
}
