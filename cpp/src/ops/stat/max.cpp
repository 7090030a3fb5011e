#include <headrace/ops/stat/max.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo max_info() {
  return describe<Max>({.name = "max",
                        .inputs = {"real"},
                        .params = {period_param("timeperiod", 30, 2)},
                        .outputs = {""},
                        .panel = "price"});
}

}  // namespace headrace::ops
