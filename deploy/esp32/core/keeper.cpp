#include "keeper.h"

namespace havatar {
namespace {

constexpr uint32_t kAgain = 1000;  // ms; flash wears out, and the loop waits for it

}  // namespace

void Keeper::heard(uint16_t latch, bool latched, bool done, Millis now) {
  known_ = done;
  latch_ = latch;
  latched_ = latched;
  waiting_ = !done;
  asked_at_ = now;
}

bool Keeper::ask(const Estop& estop, Millis now) {
  if (keeps(estop) || (waiting_ && elapsed(now, asked_at_) < kAgain)) return false;
  known_ = false;
  waiting_ = true;
  asked_at_ = now;
  return true;
}

}  // namespace havatar
