#include <headrace/ops/stat/min.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo min_info() {
  return describe<Min>({.name = "min",
                        .inputs = {"real"},
                        .params = {period_param("timeperiod", 30, 2)},
                        .outputs = {""},
                        .panel = "price"});
}

}  // namespace headrace::ops
