#include <headrace/ops/volatility/atr.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo atr_info() {
  return describe<Atr>({.name = "atr",
                        .inputs = {"high", "low", "close"},
                        .params = {period_param("timeperiod", 14, 1)},
                        .outputs = {""},
                        .panel = "atr"});
}

}  // namespace headrace::ops
