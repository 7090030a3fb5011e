#include "json_peer.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <simdjson.h>

namespace headrace::bench {
namespace {

namespace ondemand = simdjson::ondemand;

struct Bar {
  std::string_view date;
  std::string_view ticker;
  std::array<double, 5> prices{};
  std::int64_t volume = 0;
  std::int64_t label = 0;

  [[nodiscard]] double sum() const {
    double total = static_cast<double>(date.size() + ticker.size());
    for (const double price : prices) total += price;
    return total + static_cast<double>(volume + label);
  }
};

constexpr std::array<const char*, 5> kPrices{"Open", "High", "Low", "Close", "Adj Close"};

bool read_in_order(ondemand::object bar, Bar& out) {
  bool bad = bar.find_field("Date").get_string().get(out.date) ||
             bar.find_field("Ticker").get_string().get(out.ticker);
  for (std::size_t i = 0; i < 5; ++i) {
    bad = bad || bar.find_field(kPrices[i]).get_double().get(out.prices[i]);
  }
  return !bad && !bar.find_field("Volume").get_int64().get(out.volume) &&
         !bar.find_field("Label").get_int64().get(out.label);
}

bool read_reversed(ondemand::object bar, Bar& out) {
  bool bad = bar.find_field("Label").get_int64().get(out.label) ||
             bar.find_field("Volume").get_int64().get(out.volume);
  for (std::size_t i = 5; i-- > 0;) {
    bad = bad || bar.find_field(kPrices[i]).get_double().get(out.prices[i]);
  }
  return !bad && !bar.find_field("Ticker").get_string().get(out.ticker) &&
         !bar.find_field("Date").get_string().get(out.date);
}

bool read_field(ondemand::field field, Bar& out) {
  const auto key = field.key();
  if (key == "Date") return !field.value().get_string().get(out.date);
  if (key == "Ticker") return !field.value().get_string().get(out.ticker);
  for (std::size_t i = 0; i < 5; ++i) {
    if (key == kPrices[i]) return !field.value().get_double().get(out.prices[i]);
  }
  if (key == "Volume") return !field.value().get_int64().get(out.volume);
  return key == "Label" && !field.value().get_int64().get(out.label);
}

bool read_any(ondemand::object bar, Bar& out) {
  for (auto next : bar) {
    ondemand::field field;
    if (std::move(next).get(field) || !read_field(field, out)) return false;
  }
  return true;
}

}  // namespace

struct JsonPeer::Impl {
  explicit Impl(Order known) : order(known) {}
  Order order;
  ondemand::parser parser;
  std::array<char, 4096> padded{};
};

JsonPeer::JsonPeer(Order order) : impl_(std::make_unique<Impl>(order)) {}
JsonPeer::~JsonPeer() = default;

std::string JsonPeer::name() {
  return "simdjson " + std::to_string(simdjson::SIMDJSON_VERSION_MAJOR) + "." +
         std::to_string(simdjson::SIMDJSON_VERSION_MINOR) + "." +
         std::to_string(simdjson::SIMDJSON_VERSION_REVISION) + " on-demand";
}

double JsonPeer::parse(std::string_view record) {
  Impl& self = *impl_;
  std::memcpy(self.padded.data(), record.data(), record.size());
  ondemand::document document;
  ondemand::object bar;
  Bar out;
  bool good =
      !self.parser.iterate(self.padded.data(), record.size(), self.padded.size()).get(document) &&
      !document.get_object().get(bar);
  switch (self.order) {
    case Order::kSequential:
      good = good && read_in_order(bar, out);
      break;
    case Order::kReversed:
      good = good && read_reversed(bar, out);
      break;
    case Order::kAny:
      good = good && read_any(bar, out);
      break;
  }
  if (!good) {
    std::fprintf(stderr, "the peer could not read %.*s\n", static_cast<int>(record.size()),
                 record.data());
    std::exit(1);
  }
  return out.sum();
}

}  // namespace headrace::bench
