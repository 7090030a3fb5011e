#include <headrace/ops/stat/sum.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo sum_info() {
  return describe<Sum>({.name = "sum",
                        .inputs = {"real"},
                        .params = {period_param("timeperiod", 30, 2)},
                        .outputs = {""},
                        .panel = "sum"});
}

}  // namespace headrace::ops
