// Which frames are believed: those of the present session that are newer than any accepted in it.
#pragma once

#include <cstdint>

#include "messages.h"

namespace havatar {

class Session {
 public:
  using Random = uint32_t (*)(void* context);

  Session() = default;
  Session(Random random, void* context, uint32_t boot) : random_(random), context_(context), boot_(boot) {}

  // A new number, made of the boot, the host's nonce, the device's dice and how many there were before: not 0, and not the former one.
  // Counting begins anew on both sides.
  void begin(uint32_t nonce);
  // No session: nothing is believed until the next begin().
  void end();

  // kNone when the frame is of this session and newer than any accepted.
  Refusal judge(const Header& header) const;
  // Remembers the frame, if it is one that judge() would let pass.
  void accept(const Header& header);

  uint32_t number() const { return number_; }
  uint32_t accepted() const { return accepted_; }
  // The number for the device's next frame.
  uint32_t next_seq() { return ++sent_; }

 private:
  Random random_ = nullptr;
  void* context_ = nullptr;
  uint32_t boot_ = 0;
  uint32_t begun_ = 0;
  uint32_t number_ = 0;
  uint32_t former_ = 0;
  uint32_t accepted_ = 0;
  uint32_t sent_ = 0;
};

}  // namespace havatar
