#include "build.h"

namespace havatar {
namespace {

constexpr uint16_t kTrack = 260;
constexpr uint32_t kTicksPerMetre = 6464;  // 1320 counts a turn (11 x 4 x 30) on a wheel of 65 mm
constexpr uint16_t kFullSpeed = 700;
constexpr Limits kLimits = {500, 250, 785, 500, 2000};  // 785 mrad/s: 45 degrees a second

// Three Li-ion cells: 4.2 V full; 3.6 V, some tenth of the charge is left; 3.2 V, to be charged now, and well before a
// protection circuit cuts off the robot in the middle of a room (2.5 to 3.0 V).
constexpr uint16_t kBatteryFull = 12600;
constexpr uint16_t kBatteryLow = 10800;
constexpr uint16_t kBatteryCritical = 9600;

template <typename T>
T or_default(T given, T otherwise) {
  return given != 0 ? given : otherwise;
}

uint16_t lower(uint16_t own, uint16_t asked) { return asked < own ? asked : own; }

}  // namespace

Build complete(const hv_build& given) {
  Build build;
  build.track = or_default(given.track_mm, kTrack);
  build.ticks_per_metre = or_default(given.ticks_per_metre, kTicksPerMetre);
  build.full_speed = or_default(given.full_speed, kFullSpeed);
  build.limits.linear = or_default(given.max_linear, kLimits.linear);
  build.limits.reverse = or_default(given.max_reverse, kLimits.reverse);
  build.limits.angular = or_default(given.max_angular, kLimits.angular);
  build.limits.accel = or_default(given.accel, kLimits.accel);
  build.limits.turn_accel = or_default(given.turn_accel, kLimits.turn_accel);
  build.battery_low_mv = or_default(given.battery_low_mv, kBatteryLow);
  build.battery_critical_mv = or_default(given.battery_critical_mv, kBatteryCritical);
  build.battery_full_mv = or_default(given.battery_full_mv, kBatteryFull);
  return build;
}

Limits lowered(const Limits& own, const Limits& asked) {
  Limits limits;
  limits.linear = lower(own.linear, asked.linear);
  limits.reverse = lower(own.reverse, asked.reverse);
  limits.angular = lower(own.angular, asked.angular);
  limits.accel = asked.accel == 0 ? own.accel : lower(own.accel, asked.accel);
  limits.turn_accel = asked.turn_accel == 0 ? own.turn_accel : lower(own.turn_accel, asked.turn_accel);
  return limits;
}

}  // namespace havatar
