// The device's clock: milliseconds since boot in 32 bits. It wraps after 49.7 days, so only differences mean anything.
#pragma once

#include <cstdint>

namespace havatar {

using Millis = uint32_t;

// How long ago `then` was, in ms, modulo 2^32.
constexpr uint32_t elapsed(Millis now, Millis then) { return now - then; }

// How far `stamp` lies ahead of `now`, in ms; 0 or less when it does not. The further half of the circle counts as past.
constexpr int32_t ahead(Millis stamp, Millis now) { return static_cast<int32_t>(stamp - now); }

}  // namespace havatar
