#include "ramp.h"

namespace havatar {
namespace {

float towards(float current, float target, float most) {
  const float way = target - current;
  if (way > most) return current + most;
  if (way < -most) return current - most;
  return target;
}

}  // namespace

float ramp(float current, float target, float up, float down, float dt) {
  const bool reversing = (current > 0 && target < 0) || (current < 0 && target > 0);
  if (reversing) return towards(current, 0, down * dt);
  const bool slower = current > 0 ? target < current : target > current;
  return towards(current, target, (current != 0 && slower ? down : up) * dt);
}

}  // namespace havatar
