#include <headrace/ops/momentum/roc.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo roc_info() {
  return describe<Roc>({.name = "roc",
                        .inputs = {"real"},
                        .params = {period_param("timeperiod", 10, 1)},
                        .outputs = {""},
                        .panel = "roc"});
}

}  // namespace headrace::ops
