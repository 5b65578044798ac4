// Randomness; see Arduino.h here.
#pragma once

#include <cstdint>

uint32_t esp_random();
