#include "wheel.h"

namespace havatar {
namespace {

constexpr float kFullDuty = 1000;
// The feed-forward does most of the work; what is left to the loop is friction, slopes and a battery that runs down.
constexpr float kProportional = 0.4F;  // duty per mm/s
constexpr float kIntegral = 4.0F;      // duty per mm/s and second
// How late a motor of this size follows, and the measurement behind it, in ms. The loop compares with a wheel that follows as late:
// otherwise it would make up for the lag while the speed rises, and shoot beyond the limit at the ramp's end.
constexpr float kLag = 100;
// All that the loop may add or take. It bounds how fast a wheel gets whose encoder is dead, until that counts as blocked.
constexpr float kTrim = 300;

constexpr uint32_t kBlockedAfter = 500;  // ms
constexpr int64_t kProgress = 3;         // ticks: fewer may be a shiver on an edge
constexpr float kExpected = 6;           // ticks that must be missing, or a very slow wheel would seem blocked

float bounded(float value, float most) { return value > most ? most : value < -most ? -most : value; }

}  // namespace

int16_t Wheel::drive(float wanted, float measured, int64_t ticks, uint32_t dt) {
  const float ms = static_cast<float>(dt);
  due_ += (wanted - due_) * ms / (kLag + ms);
  watch(ticks, dt);
  const float error = due_ - measured;
  integral_ = bounded(integral_ + error * kIntegral * ms / 1000.0F, kTrim);
  const float trim = bounded(integral_ + error * kProportional, kTrim);
  const float duty = bounded(wanted / full_speed_ * kFullDuty + trim, kFullDuty);
  return static_cast<int16_t>(duty);
}

void Wheel::rest() {
  due_ = 0;
  integral_ = 0;
  watching_ = false;
  waited_ = 0;
  expected_ = 0;
}

bool Wheel::blocked() const { return waited_ >= kBlockedAfter && expected_ >= kExpected * mm_per_tick_; }

void Wheel::watch(int64_t ticks, uint32_t dt) {
  const bool forward = due_ > 0;
  const int64_t progress = forward ? ticks - from_ticks_ : from_ticks_ - ticks;
  if (due_ == 0 || !watching_ || forward != forward_ || progress >= kProgress) {
    watching_ = due_ != 0;
    forward_ = forward;
    from_ticks_ = ticks;
    waited_ = 0;
    expected_ = 0;
    return;
  }
  // A wheel that still rolls the other way, as after a turn, begins where it comes to rest.
  if (progress < 0) from_ticks_ = ticks;
  waited_ += dt;
  expected_ += (forward ? due_ : -due_) * static_cast<float>(dt) / 1000.0F;
}

}  // namespace havatar
