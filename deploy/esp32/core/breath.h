// The three rules by which a motion ends unless the driver keeps asking for it: watchdog, old, ended.
#pragma once

#include <cstdint>

#include "clock.h"
#include "messages.h"

namespace havatar {

constexpr uint32_t kWatchdog = 250;   // ms since the newest set-point arrived
constexpr uint32_t kOld = 300;        // ms since the operator's last sign of life
constexpr int32_t kStampAhead = 5;    // ms that a stamp may lie in the future: rounding on the host's side
constexpr uint16_t kLongestLeft = 8000;  // ms

// What a set-point says about its own life, together with the moment at which it came in.
class Breath {
 public:
  Breath() = default;
  Breath(const Timing& timing, Millis arrived);

  // Which rule ends the motion at `now`; kNone as long as it may go on. Asking late gives the same answer as asking in time.
  StopReason verdict(Millis now) const;

 private:
  Timing timing_ = {};
  Millis arrived_ = 0;
};

}  // namespace havatar
