#include <headrace/ops/registry.hpp>

#include <algorithm>

#include <headrace/ops/average/ema.hpp>
#include <headrace/ops/average/sma.hpp>
#include <headrace/ops/average/wma.hpp>
#include <headrace/ops/momentum/aroon.hpp>
#include <headrace/ops/momentum/aroonosc.hpp>
#include <headrace/ops/momentum/macd.hpp>
#include <headrace/ops/momentum/roc.hpp>
#include <headrace/ops/momentum/rsi.hpp>
#include <headrace/ops/stat/lag.hpp>
#include <headrace/ops/stat/max.hpp>
#include <headrace/ops/stat/min.hpp>
#include <headrace/ops/stat/pct_change.hpp>
#include <headrace/ops/stat/stddev.hpp>
#include <headrace/ops/stat/sum.hpp>
#include <headrace/ops/stat/zscore.hpp>
#include <headrace/ops/volatility/atr.hpp>
#include <headrace/ops/volatility/bbands.hpp>
#include <headrace/ops/volume/obv.hpp>
#include <headrace/ops/volume/pvt.hpp>

namespace headrace::ops {

const std::vector<IndicatorInfo>& indicators() {
  static const std::vector<IndicatorInfo> all = {
      sma_info(),        ema_info(),    wma_info(), aroon_info(), aroonosc_info(),
      macd_info(),       roc_info(),    rsi_info(), atr_info(),   bbands_info(),
      obv_info(),        pvt_info(),    lag_info(), max_info(),   min_info(),
      pct_change_info(), stddev_info(), sum_info(), zscore_info()};
  return all;
}

const IndicatorInfo* find_indicator(std::string_view name) noexcept {
  const std::vector<IndicatorInfo>& all = indicators();
  const auto found = std::ranges::find(all, name, &IndicatorInfo::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace headrace::ops
