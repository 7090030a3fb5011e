#include <headrace/ops/volatility/bbands.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo bbands_info() {
  return describe<Bbands>(
      {.name = "bbands",
       .inputs = {"real"},
       .params = {period_param("timeperiod", 20, 2), deviations_param("nbdevup", 2),
                  deviations_param("nbdevdn", 2)},
       .outputs = {"upper", "middle", "lower"},
       .panel = "price"});
}

}  // namespace headrace::ops
