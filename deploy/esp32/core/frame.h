// Frames: COBS(body ++ crc) ++ 00, as docs/serial-protocol.md has them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace havatar {

constexpr size_t kMinBody = 9;
constexpr size_t kMaxBody = 64;
constexpr size_t kCrcBytes = 4;
constexpr size_t kMaxEncoded = kMaxBody + kCrcBytes + 1;  // COBS adds one byte to fewer than 254
constexpr size_t kMaxFrame = kMaxEncoded + 1;             // and the 00 that ends it

// Writes `body` as a frame into `frame` (kMaxFrame bytes of room) and gives the frame's length, its 00 included.
// 0 when the body's length is not one that a frame can have.
size_t encode_frame(const uint8_t* body, size_t length, uint8_t* frame);

// Finds frames in whatever comes along the line. Never holds more than one, and is in step again after the next 00.
class FrameDecoder {
 public:
  enum class Result {
    kNothing,  // in the middle of a frame, or an empty one
    kBody,     // body() and length() hold a sound body until the next byte is fed
    kDamaged,  // a frame was dropped
  };

  Result feed(uint8_t byte);
  const uint8_t* body() const { return buffer_; }
  size_t length() const { return length_; }

 private:
  bool decode();

  uint8_t buffer_[kMaxEncoded] = {};
  size_t filled_ = 0;
  size_t length_ = 0;
  bool too_long_ = false;
};

}  // namespace havatar
