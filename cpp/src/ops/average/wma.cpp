#include <headrace/ops/average/wma.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo wma_info() {
  return describe<Wma>({.name = "wma",
                        .inputs = {"real"},
                        .params = {period_param("timeperiod", 30, 1)},
                        .outputs = {""},
                        .panel = "price"});
}

}  // namespace headrace::ops
