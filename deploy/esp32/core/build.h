// What the robot is built like, with every default filled in. Lengths in mm, speeds in mm/s and mrad/s.
#pragma once

#include <cstdint>

#include "capi.h"
#include "messages.h"

namespace havatar {

struct Build {
  float track;
  uint32_t ticks_per_metre;
  float full_speed;  // of a wheel at full duty
  Limits limits;     // the device's own
  uint16_t battery_low_mv;
  uint16_t battery_critical_mv;
  uint16_t battery_full_mv;
};

// Takes the default for each field that is 0.
Build complete(const hv_build& given);

// The device's limits, lowered by what the host asks for: never above `own`; 0 in an acceleration means the device's own.
Limits lowered(const Limits& own, const Limits& asked);

}  // namespace havatar
