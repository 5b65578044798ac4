// From what is computed to the whole numbers of the wire: rounded, and at the end of the range where it goes beyond.
#pragma once

#include <cmath>
#include <cstdint>

namespace havatar {

inline int32_t to_i32(double value) {
  if (value >= static_cast<double>(INT32_MAX)) return INT32_MAX;
  if (value <= static_cast<double>(INT32_MIN)) return INT32_MIN;
  return static_cast<int32_t>(std::lround(value));
}

inline int16_t to_i16(float value) {
  const int32_t whole = to_i32(static_cast<double>(value));
  if (whole > INT16_MAX) return INT16_MAX;
  if (whole < INT16_MIN) return INT16_MIN;
  return static_cast<int16_t>(whole);
}

}  // namespace havatar
