// The e-stop's latch. It closes by ESTOP or by the button and opens only by a RELEASE that names this very latching.
#pragma once

#include <cstdint>

#include "messages.h"

namespace havatar {

class Estop {
 public:
  Estop() = default;
  // As it was stored before the reset.
  Estop(uint16_t latch, bool latched) : latch_(latch), latched_(latched) {}

  // True when this closed it. Closing again what is closed is the same latching: hosts repeat ESTOP until they see it.
  bool close();
  // What the button says now. True when that closed the latch.
  bool button(bool pressed);
  // kNone when it is open now, also if it was before.
  Refusal release(uint16_t latch);

  bool latched() const { return latched_; }
  bool pressed() const { return pressed_; }
  uint16_t latch() const { return latch_; }

 private:
  uint16_t latch_ = 0;
  bool latched_ = false;
  bool pressed_ = true;  // nobody has looked yet, and unknown means stopped: no release before the first look
};

}  // namespace havatar
