// What moves nobody: head, lights, buzzer.
#pragma once

#include <cstdint>

#include "clock.h"
#include "messages.h"

namespace havatar {

class Extras {
 public:
  // Angles that the servos do not reach are clamped.
  Refusal set(const Head& head);
  Refusal set(const Lights& lights);
  Refusal set(const Buzzer& buzzer, Millis now);
  // Ends a sound that has lasted its time.
  void update(Millis now);

  Head head() const { return head_; }
  Lights lights() const { return lights_; }
  uint16_t hz() const { return buzzer_.hz; }  // 0 silence

 private:
  Head head_ = {};
  Lights lights_ = {};
  Buzzer buzzer_ = {};
  Millis sounding_since_ = 0;
};

}  // namespace havatar
