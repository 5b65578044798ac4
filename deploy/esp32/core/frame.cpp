#include "frame.h"

#include "bytes.h"
#include "crc32.h"

namespace havatar {
namespace {

// `length` is at most kMaxBody + kCrcBytes, so a block never reaches COBS's longest and every zero ends one.
size_t cobs(const uint8_t* raw, size_t length, uint8_t* encoded) {
  size_t code_at = 0;
  size_t out = 1;
  uint8_t code = 1;
  for (size_t i = 0; i < length; ++i) {
    if (raw[i] == 0) {
      encoded[code_at] = code;
      code_at = out++;
      code = 1;
    } else {
      encoded[out++] = raw[i];
      ++code;
    }
  }
  encoded[code_at] = code;
  return out;
}

}  // namespace

size_t encode_frame(const uint8_t* body, size_t length, uint8_t* frame) {
  if (length < kMinBody || length > kMaxBody) return 0;
  uint8_t raw[kMaxBody + kCrcBytes];
  for (size_t i = 0; i < length; ++i) raw[i] = body[i];
  Writer(raw + length).u32(crc32(body, length));
  const size_t encoded = cobs(raw, length + kCrcBytes, frame);
  frame[encoded] = 0;
  return encoded + 1;
}

FrameDecoder::Result FrameDecoder::feed(uint8_t byte) {
  if (byte != 0) {
    if (filled_ < kMaxEncoded) {
      buffer_[filled_++] = byte;
    } else {
      too_long_ = true;
    }
    return Result::kNothing;
  }
  const bool empty = filled_ == 0;
  const bool sound = !empty && !too_long_ && decode();
  filled_ = 0;
  too_long_ = false;
  if (empty) return Result::kNothing;
  return sound ? Result::kBody : Result::kDamaged;
}

// In place: what is written never overtakes what is read, because each block is one byte shorter decoded.
bool FrameDecoder::decode() {
  size_t in = 0;
  size_t out = 0;
  while (in < filled_) {
    const size_t code = buffer_[in++];
    if (code - 1 > filled_ - in) return false;
    for (size_t i = 1; i < code; ++i) buffer_[out++] = buffer_[in++];
    if (in < filled_) buffer_[out++] = 0;
  }
  if (out < kMinBody + kCrcBytes) return false;
  length_ = out - kCrcBytes;
  return Reader(buffer_ + length_).u32() == crc32(buffer_, length_);
}

}  // namespace havatar
