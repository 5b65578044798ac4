// A robot on the bench: the core behind its C face, two ideal motors, and a host that speaks to it.
#pragma once

#include <cstdint>
#include <vector>

#include "capi.h"
#include "plant.h"
#include "wire.h"

// How long a set-point says that it holds.
struct Life {
  int32_t stamp = 0;  // ms, relative to the clock at sending
  uint32_t age = 0;
  uint32_t left = 1000;
};

class Robot {
 public:
  explicit Robot(const hv_build& build = {}, uint32_t start = 1000, uint16_t latch = 0, uint8_t latched = 0,
                 const char* name = "bench");

  // Lets `ms` pass in ticks of 5 ms.
  void run(uint32_t ms);
  // Lets `dt` ms pass and ticks once.
  void tick(uint32_t dt = 5);
  // Gives bytes to the core as they are, and reads its answers.
  void bytes(const wire::Bytes& bytes);
  // Reads what the core has to say.
  void listen();

  // As a host does: the next seq of the session.
  wire::Body body(havatar::Type type) { return wire::Body(type, session, ++seq); }
  void send(const wire::Body& body) { bytes(body.frame()); }
  void hello(uint32_t lowest = 1, uint32_t highest = 1, uint32_t nonce = 7);
  void drive(int linear, int angular, Life life = {});
  void neutral() { drive(0, 0); }
  void step(uint32_t id, uint32_t kind, int amount, uint32_t speed, Life life = {});
  void stop() { send(body(havatar::Type::kStop).u8(1)); }
  void estop() { send(body(havatar::Type::kEstop).u8(1)); }
  void release(uint32_t latch) { send(body(havatar::Type::kRelease).u16(latch)); }
  void limits(uint32_t linear, uint32_t reverse, uint32_t angular, uint32_t accel, uint32_t turn_accel);
  // At rest for long enough, HELLO, neutral: ready to drive.
  void ready();
  // Keeps driving, a set-point every 50 ms.
  void drive_for(uint32_t ms, int linear, int angular);
  // Keeps a step alive until it is over; how long that took, in ms. `most` bounds it.
  uint32_t step_until_over(uint32_t id, uint32_t kind, int amount, uint32_t speed, uint32_t most = 20000);

  // What the core says of itself at this moment; asks by a RELEASE of no session, which changes nothing.
  // The refusal of that is not told, and a millisecond passes, so that it does not silence the next one.
  const havatar::Status& look();
  // The code of the newest REFUSED since the last call; kNone without one.
  havatar::Refusal refusal();
  bool moving() const { return out.left_duty != 0 || out.right_duty != 0; }

  hv_core* core;
  Plant plant;
  hv_inputs in = {};
  hv_outputs out = {};
  uint32_t now;
  bool keeps = true;    // the board stores the latch
  bool answers = true;  // and says what became of that
  uint32_t asked = 0;   // how often it was asked to
  uint32_t session = 0;
  uint32_t seq = 0;
  havatar::Status status = {};
  havatar::Welcome welcome = {};
  uint32_t statuses = 0;  // heard so far
  uint32_t welcomes = 0;
  uint32_t refusals = 0;
  uint32_t device_seq = 0;

 private:
  std::vector<uint64_t> memory_;
  havatar::FrameDecoder decoder_;
  havatar::Refused refused_ = {};
};
