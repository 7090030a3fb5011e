#include <headrace/ops/stat/lag.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo lag_info() {
  return describe<Lag>({.name = "lag",
                        .inputs = {"real"},
                        .params = {period_param("timeperiod", 1, 1)},
                        .outputs = {""},
                        .panel = "price"});
}

}  // namespace headrace::ops
