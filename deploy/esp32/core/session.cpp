#include "session.h"

namespace havatar {

namespace {

// Every bit of the number changes about half of the bits, and no two numbers become the same one (MurmurHash3's last step).
uint32_t stirred(uint32_t number) {
  number ^= number >> 16;
  number *= 0x85EBCA6BU;
  number ^= number >> 13;
  number *= 0xC2B2AE35U;
  number ^= number >> 16;
  return number;
}

}  // namespace

// Each part makes a difference of its own, so dice that fall the same way after every boot, as a chip's may without its radio, or a
// host that repeats its nonce, still bring no former session back to life.
void Session::begin(uint32_t nonce) {
  const uint32_t drawn = stirred(stirred(stirred(random_(context_)) ^ nonce) ^ boot_);
  uint32_t number = 0;
  while (number == 0 || number == former_) number = stirred(drawn ^ ++begun_);
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
