#include <headrace/ops/stat/pct_change.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo pct_change_info() {
  return describe<PctChange>({.name = "pct_change",
                              .inputs = {"real"},
                              .params = {period_param("timeperiod", 1, 1)},
                              .outputs = {""},
                              .panel = "pct_change"});
}

}  // namespace headrace::ops
