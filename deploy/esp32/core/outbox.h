// What waits for the serial line. Not a queue of bytes: the answers that are due, written only when the line has room, so that a slow
// line makes them fewer and never older.
#pragma once

#include <cstddef>
#include <cstdint>

#include "clock.h"
#include "frame.h"
#include "messages.h"

namespace havatar {

class Outbox {
 public:
  enum class Due { kNothing, kWelcome, kStatus, kRefused };

  // A new session: what was due to the former one is not any more.
  void begin_session();
  void welcome() { welcome_ = true; }
  void status() { status_ = true; }
  // At most one a millisecond, and none when four are waiting already.
  void refuse(const Header& header, Refusal code, Millis now);

  // The most important answer that is due, taken out of the box. A REFUSED is in `refused` then.
  Due take(Refused& refused);

  // The frame that is going out.
  bool sending() const { return sent_ < length_; }
  void send(const uint8_t* body, size_t length);
  size_t copy(uint8_t* bytes, size_t room);

 private:
  static constexpr size_t kRefusals = 4;

  bool welcome_ = false;
  bool status_ = false;
  Refused refusals_[kRefusals] = {};
  size_t first_ = 0;
  size_t waiting_ = 0;
  bool ever_refused_ = false;
  Millis refused_at_ = 0;
  uint8_t frame_[kMaxFrame] = {};
  size_t length_ = 0;
  size_t sent_ = 0;
};

}  // namespace havatar
