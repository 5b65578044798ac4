#include "step_move.h"

#include <cmath>

namespace havatar {
namespace {

constexpr int32_t kLongest = 1000;  // mm
constexpr int32_t kWidest = 3142;   // mrad

// Where a step counts as done. A braked wheel rolls on for about as much.
constexpr float kNearMm = 1;
constexpr float kNearMrad = 4;

// The last bit is crept, because a speed that falls to 0 exactly at the end never gets there.
constexpr float kCreep = 20;      // mm/s
constexpr float kTurnCreep = 150; // mrad/s: about as fast for a wheel

// Braking by the plan takes this part of the deceleration that is there; the rest is for motors that follow late.
constexpr float kPlanned = 0.5F;

// Per second: how quickly a straight step turns back to the heading at which it began.
constexpr float kStraighten = 2;

bool within(int32_t amount, int32_t most) { return amount >= -most && amount <= most; }

float slowing(float remaining, float speed, float creep, float deceleration) {
  if (speed <= creep) return speed;
  const float planned = remaining > 0 ? std::sqrt(2 * kPlanned * deceleration * remaining) : 0;
  if (planned <= creep) return creep;
  return planned < speed ? planned : speed;
}

}  // namespace

Refusal judge_step(const Step& step, const Limits& limits) {
  if (step.speed == 0) return Refusal::kOutOfRange;
  if (step.kind == static_cast<uint8_t>(StepKind::kStraight)) {
    const uint16_t limit = step.amount < 0 ? limits.reverse : limits.linear;
    return within(step.amount, kLongest) && limit != 0 ? Refusal::kNone : Refusal::kOutOfRange;
  }
  if (step.kind == static_cast<uint8_t>(StepKind::kTurn)) {
    return within(step.amount, kWidest) && limits.angular != 0 ? Refusal::kNone : Refusal::kOutOfRange;
  }
  return Refusal::kOutOfRange;
}

StepMove::StepMove(const Step& step, const Odometry& odometry)
    : turn_(step.kind == static_cast<uint8_t>(StepKind::kTurn)),
      forward_(step.amount >= 0),
      amount_(std::fabs(static_cast<float>(step.amount))),
      speed_(step.speed),
      from_(turn_ ? odometry.turned() : odometry.way()),
      heading_(odometry.turned()) {}

bool StepMove::finished(const Odometry& odometry) const {
  return remaining(odometry) <= (turn_ ? kNearMrad : kNearMm);
}

Velocity StepMove::wanted(const Odometry& odometry, const Limits& limits) const {
  const float left = remaining(odometry);
  if (turn_) {
    const float speed = slowing(left, speed_, kTurnCreep, limits.turn_accel);
    return {0, forward_ ? speed : -speed};
  }
  const float speed = slowing(left, speed_, kCreep, limits.accel);
  const float astray = static_cast<float>(heading_ - odometry.turned());
  return {forward_ ? speed : -speed, kStraighten * astray};
}

float StepMove::remaining(const Odometry& odometry) const {
  const double done = (turn_ ? odometry.turned() : odometry.way()) - from_;
  return amount_ - static_cast<float>(forward_ ? done : -done);
}

}  // namespace havatar
