#pragma once

#include <cstdint>

#include "capi.h"

// Two motors that follow their duty like a first-order lag, and wheels that never slip.
class Plant {
 public:
  void move(const hv_outputs& outputs, uint32_t ms);
  void write(hv_inputs& inputs) const;

  double full_speed = 700;      // mm/s
  double ticks_per_metre = 6464;
  double lag = 80;              // ms, of a driven motor
  double brake_lag = 30;        // ms, of a braked one
  bool stuck[2] = {};           // left, right
  bool no_encoder[2] = {};
  double speed[2] = {};         // mm/s
  double way[2] = {};           // mm
  double counted[2] = {};       // mm that the encoders saw
  uint32_t tick_offset = 0;     // what the encoders said at power-on
};
