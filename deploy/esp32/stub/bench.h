// The chip on the bench: what a test puts on the pins, and what the sketch made of them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace bench {

struct Pin {
  uint8_t mode = 0;
  uint8_t level = 0;       // as written, or as the test has it
  bool attached = false;   // to a PWM channel
  uint32_t duty = 0;
  uint32_t hz = 0;
  uint8_t bits = 0;
  uint8_t channel = 0;
  void (*handler)(void*) = nullptr;
  void* argument = nullptr;
};

struct Chip {
  Pin pins[40];
  uint32_t clock = 0;           // ms
  uint32_t battery_mv = 2164;   // at the pin: 12 V through the divider
  std::deque<uint8_t> to_device;
  std::deque<uint8_t> from_device;
  int room = 128;               // of the transmitter
  bool store_opens = true;
  bool store_writes = true;
  std::map<std::string, uint32_t> stored;
  uint32_t writes = 0;          // to the store
  uint32_t tried = 0;           // to write, well or not
  uint32_t watchdog_ms = 0;     // 0: not set
  bool watchdog_resets = false;
  bool watched = false;
  uint32_t fed = 0;

  // Changes an input and calls the interrupt handler that waits for that.
  void set(uint8_t pin, uint8_t level);
};

Chip& chip();

}  // namespace bench
