#include <headrace/base/version.hpp>

#include "bindings.hpp"

PYBIND11_MODULE(_core, module) {
  module.doc() = "The C++ core of headrace: plans, sources, engines, frames.";
  module.attr("__version__") = headrace::base::kVersion;
  headrace::python::bind_errors(module);
  headrace::python::bind_calls(module);
  headrace::python::bind_log(module);
  headrace::python::bind_plan(module);
  headrace::python::bind_frame(module);
  headrace::python::bind_sources(module);
  headrace::python::bind_checkpoint(module);
  headrace::python::bind_kafka(module);
  headrace::python::bind_letters(module);
  headrace::python::bind_engine(module);
}
