// How full the battery is, by its voltage.
#pragma once

#include <cstdint>

#include "build.h"

namespace havatar {

class Battery {
 public:
  static constexpr uint8_t kUnknownPercent = 255;

  Battery() = default;
  explicit Battery(const Build& build)
      : low_mv_(build.battery_low_mv), critical_mv_(build.battery_critical_mv), full_mv_(build.battery_full_mv) {}

  // A measurement (0: none to be had), `dt` ms after the one before.
  void update(uint16_t mv, uint32_t dt);

  uint16_t mv() const { return mv_; }  // as measured, 0 unknown
  uint8_t percent() const;             // 0 at critical, 255 unknown
  bool low() const { return low_; }
  bool critical() const { return critical_; }

 private:
  uint16_t low_mv_ = 0;
  uint16_t critical_mv_ = 0;
  uint16_t full_mv_ = 0;
  uint16_t mv_ = 0;
  float smooth_ = 0;  // mV; 0 before the first measurement
  bool low_ = false;
  bool critical_ = false;
};

}  // namespace havatar
