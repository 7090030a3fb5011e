#include <headrace/ops/average/sma.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo sma_info() {
  return describe<Sma>({.name = "sma",
                        .inputs = {"real"},
                        .params = {period_param("timeperiod", 30, 1)},
                        .outputs = {""},
                        .panel = "price"});
}

}  // namespace headrace::ops
