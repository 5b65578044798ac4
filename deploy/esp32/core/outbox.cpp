#include "outbox.h"

namespace havatar {

void Outbox::begin_session() {
  welcome_ = false;
  status_ = false;
  waiting_ = 0;
}

void Outbox::refuse(const Header& header, Refusal code, Millis now) {
  if (waiting_ == kRefusals || (ever_refused_ && now == refused_at_)) return;
  ever_refused_ = true;
  refused_at_ = now;
  refusals_[(first_ + waiting_) % kRefusals] = {header.seq, header.type, code};
  ++waiting_;
}

Outbox::Due Outbox::take(Refused& refused) {
  if (welcome_) {
    welcome_ = false;
    return Due::kWelcome;
  }
  if (status_) {
    status_ = false;
    return Due::kStatus;
  }
  if (waiting_ == 0) return Due::kNothing;
  refused = refusals_[first_];
  first_ = (first_ + 1) % kRefusals;
  --waiting_;
  return Due::kRefused;
}

void Outbox::send(const uint8_t* body, size_t length) {
  length_ = encode_frame(body, length, frame_);
  sent_ = 0;
}

size_t Outbox::copy(uint8_t* bytes, size_t room) {
  size_t copied = 0;
  while (copied < room && sending()) bytes[copied++] = frame_[sent_++];
  return copied;
}

}  // namespace havatar
