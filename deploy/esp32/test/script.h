// Plays bytes as a story: frames sound, late, repeated and damaged, ticks in time and too late, buttons, faults, resets. Any bytes are a
// story, so that a fuzzer and a source of random numbers can both write them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "world.h"

// Stops early when the world says that something is wrong.
void play(World& world, const uint8_t* story, size_t length);
