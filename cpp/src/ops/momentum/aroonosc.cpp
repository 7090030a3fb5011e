#include <headrace/ops/momentum/aroonosc.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo aroonosc_info() {
  return describe<Aroonosc>({.name = "aroonosc",
                             .inputs = {"high", "low"},
                             .params = {period_param("timeperiod", 14, 2)},
                             .outputs = {""},
                             .panel = "aroonosc"});
}

}  // namespace headrace::ops
