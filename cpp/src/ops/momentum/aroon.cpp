#include <headrace/ops/momentum/aroon.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo aroon_info() {
  return describe<Aroon>({.name = "aroon",
                          .inputs = {"high", "low"},
                          .params = {period_param("timeperiod", 14, 2)},
                          .outputs = {"down", "up"},
                          .panel = "aroon"});
}

}  // namespace headrace::ops
