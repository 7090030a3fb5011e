#include <headrace/ops/volume/pvt.hpp>

#include <headrace/ops/keyed_indicator.hpp>

namespace headrace::ops {

IndicatorInfo pvt_info() {
  return describe<Pvt>({.name = "pvt",
                        .inputs = {"real", "volume"},
                        .params = {},
                        .outputs = {""},
                        .panel = "volume"});
}

}  // namespace headrace::ops
