#include <headrace/ops/stat/stddev.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo stddev_info() {
  return describe<Stddev>(
      {.name = "stddev",
       .inputs = {"real"},
       .params = {period_param("timeperiod", 5, 2), deviations_param("nbdev", 1)},
       .outputs = {""},
       .panel = "stddev"});
}

}  // namespace headrace::ops
