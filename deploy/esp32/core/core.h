// The firmware without its pins: bytes and inputs go in, bytes and outputs come out.
//
// A frame takes effect in receive(), so that a stop waits for no tick. Motion already under way is judged by the clock before
// anything that comes later is looked at, in receive() as well as in tick(): a set-point that arrives after its forerunner
// ran out finds the robot stopped, no matter how late the caller was.
#pragma once

#include <cstddef>
#include <cstdint>

#include "battery.h"
#include "build.h"
#include "capi.h"
#include "clock.h"
#include "estop.h"
#include "extras.h"
#include "frame.h"
#include "keeper.h"
#include "messages.h"
#include "motion.h"
#include "odometry.h"
#include "outbox.h"
#include "session.h"

namespace havatar {

class Core {
 public:
  // `name` is UTF-8 and cut to kMaxName bytes, never within a character.
  Core(const Build& build, uint32_t boot, const Estop& estop, const Keeper& keeper, const Session& session, const char* name,
       Millis now);

  void receive(const uint8_t* bytes, size_t length, Millis now);
  void tick(const hv_inputs& inputs, Millis now, hv_outputs& outputs);
  void kept(uint16_t latch, bool latched, bool done) { keeper_.heard(latch, latched, done, now_); }
  size_t transmit(uint8_t* bytes, size_t room);

 private:
  void judge(Millis now);
  void handle_body();
  Refusal obey(const Message& message);
  Refusal obey_stop(const Header& header, StopReason reason);
  Refusal obey_in_session(const Message& message);
  void hello(const Hello& hello);
  Refusal report(const Report& report);
  Refusal release(const Release& release);
  bool next_frame();
  Welcome welcome() const;
  Status status() const;
  State state() const;
  uint16_t flags() const;
  uint16_t features() const;
  void fill(hv_outputs& outputs);

  Build build_;
  uint32_t boot_;
  char name_[kMaxName] = {};
  uint8_t name_length_ = 0;

  FrameDecoder decoder_;
  Session session_;
  Estop estop_;
  Keeper keeper_;
  Odometry odometry_;
  Battery battery_;
  Motion motion_;
  Extras extras_;
  Outbox outbox_;

  Millis now_;          // of the newest call
  Millis ticked_at_;
  Millis reported_at_;
  uint16_t period_;     // ms
  bool mute_ = false;
  uint16_t bad_frames_ = 0;
  uint8_t version_ = 0; // agreed on with the host
  uint32_t nonce_ = 0;  // of the last HELLO
};

}  // namespace havatar
