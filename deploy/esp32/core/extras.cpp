#include "extras.h"

namespace havatar {
namespace {

constexpr int16_t kWidestAngle = 9000;  // hundredths of a degree, which is a common servo's way
constexpr uint8_t kPresences = 3;       // nobody, watched, driven
constexpr uint16_t kLowestHz = 100;
constexpr uint16_t kHighestHz = 5000;
constexpr uint16_t kLongestSound = 2000;  // ms

int16_t reachable(int16_t angle) {
  return angle < -kWidestAngle ? static_cast<int16_t>(-kWidestAngle) : angle > kWidestAngle ? kWidestAngle : angle;
}

}  // namespace

Refusal Extras::set(const Head& head) {
  head_ = {reachable(head.pan), reachable(head.tilt)};
  return Refusal::kNone;
}

Refusal Extras::set(const Lights& lights) {
  if (lights.presence >= kPresences) return Refusal::kOutOfRange;
  lights_ = lights;
  return Refusal::kNone;
}

Refusal Extras::set(const Buzzer& buzzer, Millis now) {
  const bool silence = buzzer.hz == 0;
  const bool heard = buzzer.hz >= kLowestHz && buzzer.hz <= kHighestHz;
  if ((!silence && !heard) || buzzer.ms > kLongestSound) return Refusal::kOutOfRange;
  buzzer_ = buzzer;
  sounding_since_ = now;
  return Refusal::kNone;
}

void Extras::update(Millis now) {
  if (elapsed(now, sounding_since_) >= buzzer_.ms) buzzer_ = {};
}

}  // namespace havatar
