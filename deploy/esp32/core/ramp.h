// A speed that changes no faster than it may.
#pragma once

namespace havatar {

// `current` after `dt` seconds on the way to `target`: away from 0 by at most `up` per second, towards it by at most `down`.
float ramp(float current, float target, float up, float down, float dt);

}  // namespace havatar
