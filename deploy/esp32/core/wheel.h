// One wheel: from the speed wanted and the speed measured to the motor's duty, and whether the wheel is blocked.
#pragma once

#include <cstdint>

namespace havatar {

class Wheel {
 public:
  Wheel() = default;
  // Speed at full duty in mm/s, and the encoder's resolution.
  Wheel(float full_speed, float mm_per_tick) : full_speed_(full_speed), mm_per_tick_(mm_per_tick) {}

  // The duty (-1000 to 1000) for `wanted` mm/s where `measured` is driven, `dt` ms after the call before.
  // `ticks` is the encoder's sum, by which blocking is judged.
  int16_t drive(float wanted, float measured, int64_t ticks, uint32_t dt);
  // Forgets what it has learned about the load; for a wheel that is not driven.
  void rest();
  // Driven for 500 ms, and not a step in the direction asked for. A wheel that turns the other way counts as blocked too:
  // that is what crossed motor or encoder wires look like, and they would run away.
  bool blocked() const;

 private:
  void watch(int64_t ticks, uint32_t dt);

  float full_speed_ = 1;
  float mm_per_tick_ = 1;
  float due_ = 0;          // mm/s that a wheel which follows with the usual lag would have by now
  float integral_ = 0;     // duty
  bool watching_ = false;
  bool forward_ = true;
  int64_t from_ticks_ = 0;  // where progress is counted from
  uint32_t waited_ = 0;    // ms without progress
  float expected_ = 0;     // mm that should have been covered in it
};

}  // namespace havatar
