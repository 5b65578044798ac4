#include "odometry.h"

#include <cmath>

namespace havatar {
namespace {

constexpr float kSmoothing = 25;  // ms: a few counts' worth at a slow walk

// Encoder counters wrap, so only differences mean anything, and those are taken without signs, where wrapping is defined.
int32_t difference(int32_t now, int32_t before) {
  return static_cast<int32_t>(static_cast<uint32_t>(now) - static_cast<uint32_t>(before));
}

float smoothed(float speed, double mm, float dt) {
  const float measured = static_cast<float>(mm) * 1000.0F / dt;
  return speed + (measured - speed) * dt / (kSmoothing + dt);
}

}  // namespace

Odometry::Odometry(const Build& build)
    : mm_per_tick_(1000.0 / static_cast<double>(build.ticks_per_metre)), track_(build.track) {}

void Odometry::update(int32_t left_ticks, int32_t right_ticks, uint32_t dt) {
  if (!begun_) {
    begun_ = true;
    last_left_ = left_ticks;
    last_right_ = right_ticks;
  }
  const double before = turned();
  const int32_t left = difference(left_ticks, last_left_);
  const int32_t right = difference(right_ticks, last_right_);
  last_left_ = left_ticks;
  last_right_ = right_ticks;
  left_ += left;
  right_ += right;

  const double way = (static_cast<double>(left) + static_cast<double>(right)) / 2 * mm_per_tick_;
  if (left != 0 || right != 0) {
    // The mean of the headings before and after is exact to third order for an arc.
    const double heading = (before + turned()) / 2 / 1000;
    x_ += way * std::cos(heading);
    y_ += way * std::sin(heading);
  }

  if (dt > 0) {
    const float ms = static_cast<float>(dt);
    left_speed_ = smoothed(left_speed_, static_cast<double>(left_ - speed_left_) * mm_per_tick_, ms);
    right_speed_ = smoothed(right_speed_, static_cast<double>(right_ - speed_right_) * mm_per_tick_, ms);
    speed_left_ = left_;
    speed_right_ = right_;
  }
}

double Odometry::way() const { return static_cast<double>(left_ + right_) / 2 * mm_per_tick_; }

double Odometry::turned() const {
  return static_cast<double>(right_ - left_) * mm_per_tick_ * 1000 / static_cast<double>(track_);
}

}  // namespace havatar
