// Where the robot is and how it moves, from the two wheels' encoders.
//
// Nothing is lost over hours: each wheel's way, and with it the heading, are whole counts in 64 bits, which no rounding can make drift.
// x and y are sums of small parts in double. A float would round each part by up to 0.004 mm at 100 m from the start, and 200 of those a
// second can add up to metres in an hour; a double's rounding stays below a thousandth of a millimetre in a year.
#pragma once

#include <cstdint>

#include "build.h"

namespace havatar {

class Odometry {
 public:
  Odometry() = default;
  explicit Odometry(const Build& build);

  // Counts as the pins have them (wrapping), `dt` ms after the update before. The first ones are taken as the origin.
  void update(int32_t left_ticks, int32_t right_ticks, uint32_t dt);

  int64_t left_ticks() const { return left_; }    // since boot
  int64_t right_ticks() const { return right_; }
  float mm_per_tick() const { return static_cast<float>(mm_per_tick_); }

  double way() const;      // mm along the robot's path since boot, backwards counted down
  double turned() const;   // mrad since boot, left positive, not wrapped
  double x() const { return x_; }  // mm
  double y() const { return y_; }  // mm

  // Measured, smoothed over some 25 ms.
  float left_speed() const { return left_speed_; }  // mm/s
  float right_speed() const { return right_speed_; }
  float linear() const { return (left_speed_ + right_speed_) / 2; }                     // mm/s
  float angular() const { return (right_speed_ - left_speed_) * 1000.0F / track_; }     // mrad/s

 private:
  double mm_per_tick_ = 0;
  float track_ = 1;  // mm
  bool begun_ = false;
  int32_t last_left_ = 0;
  int32_t last_right_ = 0;
  int64_t left_ = 0;
  int64_t right_ = 0;
  double x_ = 0;
  double y_ = 0;
  float left_speed_ = 0;
  float right_speed_ = 0;
  int64_t speed_left_ = 0;   // counts that the speeds have seen
  int64_t speed_right_ = 0;
};

}  // namespace havatar
