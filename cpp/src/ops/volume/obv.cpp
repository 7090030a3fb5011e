#include <headrace/ops/volume/obv.hpp>

#include <headrace/ops/keyed_indicator.hpp>

namespace headrace::ops {

IndicatorInfo obv_info() {
  return describe<Obv>({.name = "obv",
                        .inputs = {"real", "volume"},
                        .params = {},
                        .outputs = {""},
                        .panel = "volume"});
}

}  // namespace headrace::ops
