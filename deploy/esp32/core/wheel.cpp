#include "wheel.h"

namespace havatar {
namespace {

constexpr float kFullDuty = 1000;
// The feed-forward does most of the work; what is left to the loop is friction, slopes and a battery that runs down.
constexpr float kProportional = 0.4F;  // duty per mm/s
constexpr float kIntegral = 4.0F;      // duty per mm/s and second
// All that the loop may add or take. It bounds how fast a wheel gets whose encoder is dead, until that counts as blocked.
constexpr float kTrim = 300;

constexpr uint32_t kBlockedAfter = 500;  // ms
constexpr int64_t kProgress = 2;         // ticks: one may be a shiver on an edge
constexpr float kExpected = 4;           // ticks that must be missing, or a very slow wheel would seem blocked

float bounded(float value, float most) { return value > most ? most : value < -most ? -most : value; }

}  // namespace

int16_t Wheel::drive(float wanted, float measured, int64_t ticks, uint32_t dt) {
  watch(wanted, ticks, dt);
  const float error = wanted - measured;
  integral_ = bounded(integral_ + error * kIntegral * static_cast<float>(dt) / 1000.0F, kTrim);
  const float trim = bounded(integral_ + error * kProportional, kTrim);
  const float duty = bounded(wanted / full_speed_ * kFullDuty + trim, kFullDuty);
  return static_cast<int16_t>(duty);
}

void Wheel::rest() {
  integral_ = 0;
  watching_ = false;
  waited_ = 0;
  expected_ = 0;
}

bool Wheel::blocked() const { return waited_ >= kBlockedAfter && expected_ >= kExpected * mm_per_tick_; }

void Wheel::watch(float wanted, int64_t ticks, uint32_t dt) {
  const bool forward = wanted > 0;
  const int64_t progress = forward ? ticks - from_ticks_ : from_ticks_ - ticks;
  if (wanted == 0 || !watching_ || forward != forward_ || progress >= kProgress) {
    watching_ = wanted != 0;
    forward_ = forward;
    from_ticks_ = ticks;
    waited_ = 0;
    expected_ = 0;
    return;
  }
  waited_ += dt;
  expected_ += (forward ? wanted : -wanted) * static_cast<float>(dt) / 1000.0F;
}

}  // namespace havatar
