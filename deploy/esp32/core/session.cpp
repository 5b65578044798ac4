#include "session.h"

namespace havatar {

void Session::begin() {
  constexpr int kDraws = 8;
  uint32_t number = 0;
  for (int i = 0; i < kDraws && (number == 0 || number == former_); ++i) number = random_(context_);
  // A source that is stuck must not hang the robot, and must not bring the former session back to life either.
  while (number == 0 || number == former_) ++number;
  number_ = number;
  former_ = number;
  accepted_ = 0;
  sent_ = 0;
}

void Session::end() {
  number_ = 0;
  accepted_ = 0;
  sent_ = 0;
}

Refusal Session::judge(const Header& header) const {
  if (number_ == 0 || header.session != number_) return Refusal::kWrongSession;
  return header.seq > accepted_ ? Refusal::kNone : Refusal::kOutOfOrder;
}

void Session::accept(const Header& header) {
  if (judge(header) == Refusal::kNone) accepted_ = header.seq;
}

}  // namespace havatar
