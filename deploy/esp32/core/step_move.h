// A step: one bounded move, straight on or on the spot, that the wheels' own counts bring to its end.
#pragma once

#include "build.h"
#include "messages.h"
#include "odometry.h"

namespace havatar {

// A speed of the whole robot: mm/s and mrad/s.
struct Velocity {
  float linear;
  float angular;
};

// kNone when the device can do this step within `limits`: the ranges of the specification, and a motion that is not forbidden.
Refusal judge_step(const Step& step, const Limits& limits);

class StepMove {
 public:
  StepMove() = default;
  // `step` has passed judge_step().
  StepMove(const Step& step, const Odometry& odometry);

  bool finished(const Odometry& odometry) const;
  // What to aim at now: the step's speed, less where its end comes near, so that `limits` are enough to stop at it.
  Velocity wanted(const Odometry& odometry, const Limits& limits) const;

 private:
  float remaining(const Odometry& odometry) const;  // mm or mrad, negative beyond the end

  bool turn_ = false;
  bool forward_ = true;  // or left
  float amount_ = 0;     // mm or mrad, not negative
  float speed_ = 0;      // mm/s or mrad/s
  double from_ = 0;      // way or heading at the start
  double heading_ = 0;   // at the start, mrad
};

}  // namespace havatar
