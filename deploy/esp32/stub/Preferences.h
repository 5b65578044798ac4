// Non-volatile storage; see Arduino.h here.
#pragma once

#include <cstddef>
#include <cstdint>

class Preferences {
 public:
  bool begin(const char* space, bool read_only);
  uint32_t getUInt(const char* key, uint32_t otherwise);
  size_t putUInt(const char* key, uint32_t value);
};
