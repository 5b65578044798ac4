#include "battery.h"

namespace havatar {
namespace {

constexpr float kSmoothing = 1000;   // ms: motors pull the voltage down for about as long as they start
constexpr float kHysteresis = 200;   // mV above the threshold before a warning goes away

// How much charge is left where the voltage stands between critical (0) and full (1), for Li-ion under a light load:
// steep at both ends, flat between. Good to some ten per cent, which is what a voltage can tell.
struct Point {
  float voltage;  // 0 to 1
  float charge;   // per cent
};
constexpr Point kCurve[] = {{0.0F, 0}, {0.4F, 8}, {0.55F, 25}, {0.65F, 55}, {0.8F, 82}, {1.0F, 100}};

bool beneath(bool already, float mv, uint16_t threshold) {
  const float limit = static_cast<float>(threshold);
  return mv <= limit || (already && mv < limit + kHysteresis);
}

}  // namespace

void Battery::update(uint16_t mv, uint32_t dt) {
  mv_ = mv;
  if (mv == 0) {
    smooth_ = 0;  // the next measurement begins anew; a warning stays, for nothing has shown that it is over
    return;
  }
  const float measured = mv;
  const float step = static_cast<float>(dt);
  smooth_ = smooth_ > 0 ? smooth_ + (measured - smooth_) * step / (kSmoothing + step) : measured;
  low_ = beneath(low_, smooth_, low_mv_);
  critical_ = beneath(critical_, smooth_, critical_mv_);
}

uint8_t Battery::percent() const {
  if (mv_ == 0) return kUnknownPercent;
  const float span = static_cast<float>(full_mv_) - static_cast<float>(critical_mv_);
  if (span <= 0) return kUnknownPercent;
  const float voltage = (smooth_ - static_cast<float>(critical_mv_)) / span;
  if (voltage <= 0) return 0;
  const Point* from = kCurve;
  for (const Point& to : kCurve) {
    if (voltage < to.voltage) {
      const float part = (voltage - from->voltage) / (to.voltage - from->voltage);
      return static_cast<uint8_t>(from->charge + part * (to.charge - from->charge) + 0.5F);
    }
    from = &to;
  }
  return 100;
}

}  // namespace havatar
