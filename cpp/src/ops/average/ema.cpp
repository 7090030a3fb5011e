#include <headrace/ops/average/ema.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo ema_info() {
  return describe<Ema>({.name = "ema",
                        .inputs = {"real"},
                        .params = {period_param("timeperiod", 30, 1)},
                        .outputs = {""},
                        .panel = "price"});
}

}  // namespace headrace::ops
