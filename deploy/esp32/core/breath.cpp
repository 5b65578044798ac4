#include "breath.h"

namespace havatar {

// A stamp a little ahead of the clock counts as the moment of arrival, so that it buys no time.
Breath::Breath(const Timing& timing, Millis arrived) : timing_(timing), arrived_(arrived) {
  if (ahead(timing.stamp, arrived) > 0) timing_.stamp = arrived;
}

StopReason Breath::verdict(Millis now) const {
  if (elapsed(now, arrived_) >= kWatchdog) return StopReason::kWatchdog;
  const uint32_t under_way = elapsed(now, timing_.stamp);
  // Not `age + under_way >= kOld`: with a stamp from long ago the sum would wrap and look young.
  if (timing_.age >= kOld || under_way >= kOld - timing_.age) return StopReason::kOld;
  if (under_way >= timing_.left) return StopReason::kEnded;
  return StopReason::kNone;
}

}  // namespace havatar
