// The core under an onlooker who believes nothing: it reads both sides of the wire, keeps its own time in 64 bits, and says what the
// core may do at most. It knows what a set-point needs to be believed, not how the core finds out.
#pragma once

#include <cstdint>
#include <vector>

#include "capi.h"
#include "frame.h"
#include "plant.h"
#include "wire.h"

class World {
 public:
  explicit World(uint32_t start);

  // Gives bytes to the core and judges what it made of each frame.
  void receive(const wire::Bytes& bytes);
  // Lets `dt` ms pass, ticks, and judges the outputs.
  void tick(uint32_t dt);
  // A reset of the device. What it stored comes back.
  void reset();

  // Empty as long as nothing was wrong; what was, otherwise.
  const char* wrong() const { return wrong_; }
  uint64_t moved() const { return moved_; }        // ticks on which the wheels were driven
  uint64_t believed() const { return believed_; }  // moving set-points that were accepted

  uint32_t clock() const { return static_cast<uint32_t>(now_); }
  uint32_t session() const { return session_; }
  const havatar::Status& status() const { return status_; }  // the newest

  hv_inputs inputs = {};
  bool stores = true;  // what it is asked to keep
  hv_outputs outputs = {};
  Plant plant;

 private:
  // Until when the newest moving set-point lets the wheels turn.
  struct Permit {
    bool valid = false;
    bool step = false;
    uint64_t watchdog_at = 0;
    uint64_t old_at = 0;
    uint64_t ends_at = 0;
  };

  void boot(uint16_t latch, bool latched);
  void keep();
  void expect(bool holds, const char* what);
  void listen();
  void heard(const wire::Answer& answer);
  void probe();
  void judge(const havatar::Message& message, const havatar::Status& before);
  void judge_drive(const havatar::Drive& drive);
  void judge_step(const havatar::Step& step, const havatar::Status& before);
  Permit judge_timing(const havatar::Timing& timing);
  void judge_release(uint16_t latch, bool accepted);
  void judge_time();
  void judge_outputs();
  void close_latch();
  void stopped();

  uint64_t now_;
  hv_core* core_ = nullptr;
  std::vector<uint64_t> memory_;
  havatar::FrameDecoder incoming_;
  havatar::FrameDecoder outgoing_;
  bool in_frame_ = false;  // the core has the beginning of one
  bool looked_ = false;    // status_ is of this very moment
  havatar::Status status_ = {};
  uint32_t session_ = 0;
  uint32_t device_seq_ = 0;
  uint32_t boots_ = 0;
  uint64_t refused_at_ = 0;
  uint32_t random_ = 1;

  uint16_t stored_latch_ = 0;
  bool stored_latched_ = false;
  bool failed_ = false;  // the newest keeping
  uint64_t kept_at_ = 0;

  bool latched_ = false;
  uint16_t latch_ = 0;
  bool pressed_ = true;
  bool fault_ = false;
  bool held_ = true;
  Permit permit_;
  uint64_t slowing_until_ = 0;  // after a neutral
  uint64_t moved_ = 0;
  uint64_t believed_ = 0;
  const char* wrong_ = nullptr;
};
