#include <chrono>

#include <headrace/pipeline/batch_calls.hpp>
#include <headrace/pipeline/frame_source.hpp>
#include <headrace/pipeline/plan.hpp>

#include "bindings.hpp"

namespace headrace::python {
namespace {

using pipeline::BatchCalls;
using std::chrono::milliseconds;

std::optional<std::pair<std::uint64_t, pipeline::Frame>> take(BatchCalls& calls, int timeout_ms) {
  const py::gil_scoped_release release;
  std::optional<BatchCalls::Call> call = calls.take(milliseconds(timeout_ms));
  if (!call) return std::nullopt;
  return std::make_pair(call->id, std::move(call->frame));
}

// The table is read here, on the function's own thread: the core gets rows that are its own. The
// GIL is kept meanwhile, so that a thread that the interpreter leaves behind at its end never waits
// for it in here; nobody who has the lock of the calls wants the GIL.
void answer(BatchCalls& calls, std::uint64_t id, const pipeline::Plan& plan,
            const py::list& columns, std::size_t rows) {
  calls.answer(id, unwrap(pipeline::rows_of(plan.input_schema(), table_from(columns, rows))));
}

void answer_arrow(BatchCalls& calls, std::uint64_t id, const pipeline::Plan& plan,
                  const py::capsule& capsule) {
  auto* stream =
      static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule.ptr(), "arrow_array_stream"));
  if (stream == nullptr) throw py::error_already_set();
  calls.answer(id, unwrap(pipeline::rows_of(plan.input_schema(), stream)));
}

void fail(BatchCalls& calls, std::uint64_t id, const std::string& message) {
  calls.answer(id, base::Error{.code = base::ErrorCode::kFunction, .message = message});
}

}  // namespace

void bind_calls(py::module_& module) {
  py::class_<BatchCalls, std::shared_ptr<BatchCalls>>(module, "BatchCalls")
      .def(py::init<>())
      .def("take", &take, py::arg("timeout_ms"))
      .def("answer", &answer, py::arg("id"), py::arg("plan"), py::arg("columns"), py::arg("rows"))
      .def("answer_arrow", &answer_arrow, py::arg("id"), py::arg("plan"), py::arg("stream"))
      .def("fail", &fail, py::arg("id"), py::arg("message"))
      .def("close", &BatchCalls::close)
      .def_property_readonly("closed", &BatchCalls::closed)
      .def_property_readonly("busy", &BatchCalls::busy);
}

}  // namespace headrace::python
