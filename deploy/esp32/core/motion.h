// Whether and how the robot moves: set-points and what they need to be believed, the three rules, "neutral first", speed limits, ramps, steps.
//
// Everything here that ends a motion is judged by the clock and not by counting calls, so calls that come late stop the robot at once.
#pragma once

#include <cstdint>

#include "breath.h"
#include "build.h"
#include "clock.h"
#include "messages.h"
#include "odometry.h"
#include "step_move.h"
#include "wheel.h"

namespace havatar {

struct Duties {
  int16_t left;  // -1000 to 1000
  int16_t right;
  bool brake;    // both are 0 then
};

class Motion {
 public:
  Motion() = default;
  explicit Motion(const Build& build);

  // A set-point that came in at `now`. Session, seq and e-stop have been judged by the caller. kNone when it was accepted.
  Refusal set(const Drive& drive, Millis now);
  Refusal set(const Step& step, Millis now, const Odometry& odometry);

  // Brakes at once and holds, whatever is going on.
  void stop(StopReason reason);
  // Applies the three rules. True when one of them stopped the robot just now.
  bool judge(Millis now);
  // What the H-bridge says. True when that stopped the robot just now. While a fault lasts, neutral does not end the held state.
  bool fault(bool present);
  // What a new session begins with: stopped, the device's own limits, no step.
  void begin_session();
  void limit(const Limits& asked) { limits_ = lowered(build_.limits, asked); }

  // Moves on by `dt` ms: ramps, the step's end, wheels. True when the robot was blocked and stopped just now.
  bool control(const Odometry& odometry, uint32_t dt);

  Duties duties() const { return duties_; }
  bool held() const { return held_; }
  bool driving() const { return mode_ == Mode::kDriving; }
  bool stepping() const { return mode_ == Mode::kStepping; }
  bool blocked() const { return blocked_; }
  bool faulty() const { return fault_; }
  uint16_t step() const { return step_id_; }
  StepResult step_result() const { return step_result_; }
  StopReason stop_reason() const { return stop_reason_; }
  uint16_t trips() const { return trips_; }

 private:
  enum class Mode : uint8_t {
    kIdle,  // at rest or slowing down to it
    kDriving,
    kStepping,
  };

  Refusal judge_timing(const Timing& timing, Millis now) const;
  void neutral();
  void count_quiet(const Odometry& odometry, uint32_t dt);
  void end_step(StepResult result);
  Velocity target(const Odometry& odometry);
  void rest();
  void turn_wheels(const Odometry& odometry, uint32_t dt);

  Build build_ = {};
  Limits limits_ = {};
  Mode mode_ = Mode::kIdle;
  bool held_ = true;
  bool fault_ = false;
  bool blocked_ = false;
  Breath breath_;
  Velocity asked_ = {};  // by DRIVE
  Velocity now_ = {};    // on the ramp
  uint32_t quiet_ = 0;   // ms at rest, as far as they matter
  Wheel left_;
  Wheel right_;
  Duties duties_ = {0, 0, true};
  StepMove move_;
  bool any_step_ = false;
  uint16_t step_id_ = 0;
  StepResult step_result_ = StepResult::kNone;
  StopReason stop_reason_ = StopReason::kStart;
  uint16_t trips_ = 0;
};

}  // namespace havatar
