#include "breath.h"

namespace havatar {

StopReason Breath::verdict(Millis now) const {
  if (elapsed(now, arrived_) >= kWatchdog) return StopReason::kWatchdog;
  // A stamp a little ahead of the clock counts as now, so that it buys no time.
  const uint32_t under_way = ahead(timing_.stamp, now) > 0 ? 0 : elapsed(now, timing_.stamp);
  // Not `age + under_way >= kOld`: with a stamp from long ago the sum would wrap and look young.
  if (timing_.age >= kOld || under_way >= kOld - timing_.age) return StopReason::kOld;
  if (under_way >= timing_.left) return StopReason::kEnded;
  return StopReason::kNone;
}

}  // namespace havatar
