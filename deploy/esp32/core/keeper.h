// Sees to it that the board keeps the e-stop's latch over a reset: asks for it, hears whether that succeeded, asks again.
#pragma once

#include <cstdint>

#include "clock.h"
#include "estop.h"

namespace havatar {

class Keeper {
 public:
  Keeper() = default;
  // The latch as it was read, which is what the board keeps.
  explicit Keeper(const Estop& estop) : known_(true), latch_(estop.latch()), latched_(estop.latched()) {}

  // What became of keeping this.
  void heard(uint16_t latch, bool latched, bool done, Millis now);
  // Whether the latch as it is now would come back after a reset.
  bool keeps(const Estop& estop) const { return known_ && estop.latch() == latch_ && estop.latched() == latched_; }
  // Whether to keep it now. True counts as asked, and as not kept until heard() says otherwise.
  bool ask(const Estop& estop, Millis now);

 private:
  bool known_ = false;    // what the board keeps; a write that failed may have left anything
  uint16_t latch_ = 0;
  bool latched_ = false;
  bool waiting_ = false;  // after one that was not done
  Millis asked_at_ = 0;
};

}  // namespace havatar
