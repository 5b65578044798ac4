#include "estop.h"

namespace havatar {

bool Estop::close() {
  if (latched_) return false;
  latched_ = true;
  ++latch_;
  return true;
}

bool Estop::button(bool pressed) {
  pressed_ = pressed;
  return pressed && close();
}

Refusal Estop::release(uint16_t latch) {
  if (latch != latch_) return Refusal::kWrongLatch;
  if (pressed_) return Refusal::kButtonPressed;
  latched_ = false;
  return Refusal::kNone;
}

}  // namespace havatar
