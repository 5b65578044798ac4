#include "motion.h"

#include <cmath>

#include "ramp.h"

namespace havatar {
namespace {

constexpr float kAtRest = 10;           // mm/s of a wheel
constexpr uint32_t kQuiet = 50;         // ms that the wheels stand before the robot counts as at rest: measured speeds pass through 0
constexpr uint32_t kQuietTick = 20;     // ms of that in one call
constexpr uint32_t kLongestStep = 50;   // ms that the ramp goes up in one call, should a call come late

float clamp(float value, float lowest, float highest) {
  return value < lowest ? lowest : value > highest ? highest : value;
}

StepResult result_of(StopReason reason) {
  switch (reason) {
    case StopReason::kWatchdog:
    case StopReason::kOld:
    case StopReason::kEnded: return StepResult::kTimedOut;
    case StopReason::kBlocked: return StepResult::kBlocked;
    default: return StepResult::kStopped;
  }
}

}  // namespace

Motion::Motion(const Build& build)
    : build_(build),
      limits_(build.limits),
      left_(build.full_speed, 1000.0F / static_cast<float>(build.ticks_per_metre)),
      right_(left_) {}

Refusal Motion::set(const Drive& drive, Millis now) {
  if (drive.linear == 0 && drive.angular == 0) {
    if (ahead(drive.timing.stamp, now) > kStampAhead) return Refusal::kStampAhead;
    neutral();
    return Refusal::kNone;
  }
  const Refusal timing = judge_timing(drive.timing, now);
  if (timing != Refusal::kNone) return timing;
  if (held_) return Refusal::kNeutralFirst;
  if (mode_ == Mode::kStepping) return Refusal::kStepRunning;
  mode_ = Mode::kDriving;
  quiet_ = 0;
  breath_ = Breath(drive.timing, now);
  asked_ = {static_cast<float>(drive.linear), static_cast<float>(drive.angular)};
  return Refusal::kNone;
}

Refusal Motion::set(const Step& step, Millis now, const Odometry& odometry) {
  const bool same = any_step_ && step.id == step_id_;
  if (!same) {
    const Refusal range = judge_step(step, limits_);
    if (range != Refusal::kNone) return range;
  }
  const Refusal timing = judge_timing(step.timing, now);
  if (timing != Refusal::kNone) return timing;
  if (held_) return Refusal::kNeutralFirst;
  if (same) {
    // The last repetitions of a step that has just come to its end mean nothing, and in particular nothing for a DRIVE after it.
    if (mode_ == Mode::kStepping) breath_ = Breath(step.timing, now);
    return Refusal::kNone;
  }
  if (any_step_ && static_cast<int16_t>(step.id - step_id_) < 0) return Refusal::kOutOfOrder;
  if (mode_ == Mode::kStepping) return Refusal::kStepRunning;
  if (quiet_ < kQuiet) return Refusal::kNeutralFirst;
  mode_ = Mode::kStepping;
  quiet_ = 0;
  breath_ = Breath(step.timing, now);
  move_ = StepMove(step, odometry);
  any_step_ = true;
  step_id_ = step.id;
  step_result_ = StepResult::kRunning;
  return Refusal::kNone;
}

Refusal Motion::judge_timing(const Timing& timing, Millis now) const {
  if (timing.left == 0 || timing.left > kLongestLeft) return Refusal::kOutOfRange;
  if (ahead(timing.stamp, now) > kStampAhead) return Refusal::kStampAhead;
  return Breath(timing, now).verdict(now) == StopReason::kNone ? Refusal::kNone : Refusal::kLate;
}

void Motion::neutral() {
  end_step(StepResult::kStopped);
  mode_ = Mode::kIdle;
  if (fault_) return;
  held_ = false;
  blocked_ = false;
}

void Motion::stop(StopReason reason) {
  end_step(result_of(reason));
  mode_ = Mode::kIdle;
  held_ = true;
  stop_reason_ = reason;
  rest();
}

bool Motion::judge(Millis now) {
  if (mode_ == Mode::kIdle) return false;
  const StopReason reason = breath_.verdict(now);
  if (reason == StopReason::kNone) return false;
  if (trips_ != UINT16_MAX) ++trips_;
  stop(reason);
  return true;
}

bool Motion::fault(bool present) {
  const bool begins = present && !fault_;
  fault_ = present;
  if (begins) stop(StopReason::kMotorFault);
  return begins;
}

void Motion::begin_session() {
  stop(StopReason::kStart);
  limits_ = build_.limits;
  any_step_ = false;
  step_id_ = 0;
  step_result_ = StepResult::kNone;
}

bool Motion::control(const Odometry& odometry, uint32_t dt) {
  if (dt == 0) return false;
  const Velocity wanted = target(odometry);
  const float seconds = static_cast<float>(dt) / 1000.0F;
  const float up = static_cast<float>(dt > kLongestStep ? kLongestStep : dt) / static_cast<float>(dt);
  // LIMITS may make starting gentler, but never the way to rest longer: slowing down is always the device's own.
  now_.linear = ramp(now_.linear, wanted.linear, up * limits_.accel, build_.limits.accel, seconds);
  now_.angular = ramp(now_.angular, wanted.angular, up * limits_.turn_accel, build_.limits.turn_accel, seconds);
  if (mode_ == Mode::kIdle && now_.linear == 0 && now_.angular == 0) {
    rest();
    count_quiet(odometry, dt);
    return false;
  }
  quiet_ = 0;
  turn_wheels(odometry, dt > kLongestStep ? kLongestStep : dt);
  if (!left_.blocked() && !right_.blocked()) return false;
  stop(StopReason::kBlocked);
  blocked_ = true;
  return true;
}

// Where the ramps lead, within the limits of this moment. Ends a step that has come to its end.
Velocity Motion::target(const Odometry& odometry) {
  if (mode_ == Mode::kStepping && move_.finished(odometry)) {
    end_step(StepResult::kDone);
    mode_ = Mode::kIdle;
    now_ = {};
  }
  if (mode_ == Mode::kIdle) return {};
  const Velocity wanted = mode_ == Mode::kStepping ? move_.wanted(odometry, limits_) : asked_;
  const float turn = limits_.angular;
  return {clamp(wanted.linear, -static_cast<float>(limits_.reverse), limits_.linear), clamp(wanted.angular, -turn, turn)};
}

void Motion::turn_wheels(const Odometry& odometry, uint32_t dt) {
  const float aside = now_.angular * build_.track / 2 / 1000;
  float left = now_.linear - aside;
  float right = now_.linear + aside;
  // A robot that cannot do both as fast as asked does both slower, and so stays on the same curve.
  const float fastest = std::fmax(std::fabs(left), std::fabs(right));
  if (fastest > build_.full_speed) {
    left *= build_.full_speed / fastest;
    right *= build_.full_speed / fastest;
  }
  duties_.left = left_.drive(left, odometry.left_speed(), odometry.left_ticks(), dt);
  duties_.right = right_.drive(right, odometry.right_speed(), odometry.right_ticks(), dt);
  duties_.brake = false;
}

void Motion::rest() {
  now_ = {};
  left_.rest();
  right_.rest();
  duties_ = {0, 0, true};
}

void Motion::count_quiet(const Odometry& odometry, uint32_t dt) {
  const bool quiet = std::fabs(odometry.left_speed()) < kAtRest && std::fabs(odometry.right_speed()) < kAtRest;
  const uint32_t longer = quiet_ + (dt < kQuietTick ? dt : kQuietTick);
  quiet_ = !quiet ? 0 : longer < kQuiet ? longer : kQuiet;
}

void Motion::end_step(StepResult result) {
  if (mode_ == Mode::kStepping) step_result_ = result;
}

}  // namespace havatar
