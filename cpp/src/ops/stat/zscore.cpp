#include <headrace/ops/stat/zscore.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

IndicatorInfo zscore_info() {
  return describe<Zscore>({.name = "zscore",
                           .inputs = {"real"},
                           .params = {period_param("timeperiod", 30, 2)},
                           .outputs = {""},
                           .panel = "zscore"});
}

}  // namespace headrace::ops
