#include <headrace/model/predictor.hpp>
#include <headrace/ops/join/static_table.hpp>
#include <headrace/ops/registry.hpp>
#include <headrace/pipeline/batch_calls.hpp>
#include <headrace/pipeline/decoded_values.hpp>
#include <headrace/pipeline/plan.hpp>
#include <headrace/pipeline/table_reader.hpp>
#include <headrace/record/reject.hpp>

#include "bindings.hpp"

namespace headrace::python {
namespace {

std::string_view unit_name(record::TimeUnit unit) {
  switch (unit) {
    case record::TimeUnit::kSecond:
      return "s";
    case record::TimeUnit::kMillisecond:
      return "ms";
    case record::TimeUnit::kMicrosecond:
      return "us";
    case record::TimeUnit::kNanosecond:
      return "ns";
    case record::TimeUnit::kAuto:
      break;
  }
  return "auto";
}

py::object name_at(const record::Schema& schema, int index) {
  if (index < 0) return py::none();
  return py::str(schema.fields()[static_cast<std::size_t>(index)].name);
}

py::list field_dicts(const std::vector<record::Field>& fields) {
  py::list entries;
  for (const record::Field& field : fields) {
    py::dict entry;
    entry["name"] = field.name;
    entry["type"] = field.is_list() ? "list" : std::string(record::name_of(field.type));
    entry["nullable"] = field.nullable;
    entry["unit"] = std::string(unit_name(field.unit));
    entry["items"] = field_dicts(field.items);
    entries.append(entry);
  }
  return entries;
}

py::dict schema_dict(const record::Schema& schema) {
  py::dict result;
  result["fields"] = field_dicts(schema.fields());
  result["event_time"] = name_at(schema, schema.event_time_index());
  result["key"] = name_at(schema, schema.key_index());
  return result;
}

py::dict indicator_dict(const ops::IndicatorInfo& info) {
  py::list params;
  for (const ops::ParamInfo& param : info.params) {
    py::dict entry;
    entry["name"] = param.name;
    entry["default"] = param.default_value;
    entry["minimum"] = param.minimum;
    entry["maximum"] = param.maximum;
    entry["integer"] = param.integer;
    params.append(entry);
  }
  py::dict result;
  result["name"] = info.name;
  result["inputs"] = info.inputs;
  result["params"] = params;
  result["outputs"] = info.outputs;
  result["panel"] = info.panel;
  return result;
}

// Takes the table out of its capsule; the capsule keeps nothing to release afterwards.
std::shared_ptr<model::Predictor> adopt(const py::capsule& capsule) {
  auto* table = static_cast<headrace_predictor*>(
      PyCapsule_GetPointer(capsule.ptr(), HEADRACE_PREDICTOR_CAPSULE));
  if (table == nullptr) throw py::error_already_set();
  if (table->release == nullptr) {
    throw base::Exception(base::invalid_argument("this predictor capsule was adopted before"));
  }
  const headrace_predictor copy = *table;
  table->release = nullptr;
  return unwrap(model::Predictor::adopt(copy));
}

// pybind11 holds no shared_ptr to const.
struct TableHandle {
  ops::StaticTablePtr table;
};

TableHandle static_table(const pipeline::Plan& plan, SourceHandle& source,
                         std::vector<std::string> on) {
  const py::gil_scoped_release no_gil;
  record::RecordBatch rows = unwrap(pipeline::read_table(plan.input_schema(), *source.source));
  return {unwrap(ops::StaticTable::create(std::move(rows), std::move(on)))};
}

std::vector<ops::StaticTablePtr> tables_of(const std::vector<TableHandle>& handles) {
  std::vector<ops::StaticTablePtr> tables;
  for (const TableHandle& handle : handles) tables.push_back(handle.table);
  return tables;
}

std::pair<pipeline::Frame, std::vector<std::size_t>> decode(
    const pipeline::Plan& plan, const std::vector<std::string_view>& values) {
  pipeline::DecodedValues read = pipeline::decoded_values(plan, values);
  return {std::move(read.frame), std::move(read.rows)};
}

}  // namespace

void bind_plan(py::module_& module) {
  py::class_<model::Predictor, std::shared_ptr<model::Predictor>>(module, "Predictor")
      .def(py::init([](const py::capsule& capsule, std::string version) {
             std::shared_ptr<model::Predictor> predictor = adopt(capsule);
             predictor->set_version(std::move(version));
             return predictor;
           }),
           py::arg("capsule"), py::arg("version") = "")
      .def_property_readonly("version", &model::Predictor::version)
      .def_property_readonly("input_width", &model::Predictor::input_width)
      .def_property_readonly("window", &model::Predictor::window)
      .def_property_readonly("output_width", &model::Predictor::output_width);

  py::class_<TableHandle>(module, "StaticTable")
      .def(py::init(&static_table), py::arg("plan"), py::arg("source"), py::arg("on"))
      .def_property_readonly("id", [](const TableHandle& table) { return table.table->id(); })
      .def_property_readonly("rows",
                             [](const TableHandle& table) { return table.table->rows().rows(); });

  py::class_<pipeline::Plan>(module, "Plan")
      .def(py::init([](const std::string& text,
                       std::vector<std::shared_ptr<model::Predictor>> predictors,
                       const std::vector<TableHandle>& tables,
                       const std::vector<std::shared_ptr<pipeline::BatchCalls>>& calls) {
             return unwrap(pipeline::Plan::parse(text, std::move(predictors), tables_of(tables),
                                                 {calls.begin(), calls.end()}));
           }),
           py::arg("text"), py::arg("predictors"), py::arg("tables") = py::tuple(),
           py::arg("calls") = std::vector<std::shared_ptr<pipeline::BatchCalls>>{})
      .def("decode", &decode, py::arg("values"))
      .def("schema", [](const pipeline::Plan& plan) { return schema_dict(*plan.output_schema()); })
      .def("input_schema",
           [](const pipeline::Plan& plan) { return schema_dict(*plan.input_schema()); })
      .def("kept_operators", [](const pipeline::Plan& plan) {  // as in a checkpoint's facts
        const std::vector<std::string>& names = plan.operator_names();
        const auto skip = static_cast<std::ptrdiff_t>(plan.leading_stateless_rules());
        return std::vector<std::string>(names.begin() + skip, names.end());
      });

  module.def("indicators", [] {
    py::list all;
    for (const ops::IndicatorInfo& info : ops::indicators()) all.append(indicator_dict(info));
    return all;
  });
  module.def("indicator_lookback", [](const std::string& name, const std::vector<double>& params) {
    const ops::IndicatorInfo* info = ops::find_indicator(name);
    if (info == nullptr) throw base::Exception(base::invalid_argument("no indicator " + name));
    return info->lookback(params);
  });
  module.def("reject_reasons", [] {
    py::dict table;
    for (const record::RejectInfo& info : record::kRejectTable) {
      table[py::str(std::string(info.name))] = std::string(info.meaning);
    }
    return table;
  });
}

}  // namespace headrace::python
