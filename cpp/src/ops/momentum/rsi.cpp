#include <headrace/ops/momentum/rsi.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo rsi_info() {
  return describe<Rsi>({.name = "rsi",
                        .inputs = {"real"},
                        .params = {period_param("timeperiod", 14, 2)},
                        .outputs = {""},
                        .panel = "rsi"});
}

}  // namespace headrace::ops
