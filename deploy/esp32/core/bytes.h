// Numbers as they stand on the wire: little-endian, signed ones in two's complement.
#pragma once

#include <cstddef>
#include <cstdint>

namespace havatar {

// Reads on from a body. The caller has checked the body's length against the message's, so there is no error to report.
class Reader {
 public:
  explicit Reader(const uint8_t* at) : at_(at) {}

  uint8_t u8() { return *at_++; }
  uint16_t u16() {
    const unsigned low = u8();
    return static_cast<uint16_t>(low | static_cast<unsigned>(u8()) << 8);
  }
  uint32_t u32() {
    const uint32_t low = u16();
    return low | static_cast<uint32_t>(u16()) << 16;
  }
  int16_t i16() { return static_cast<int16_t>(u16()); }
  int32_t i32() { return static_cast<int32_t>(u32()); }

 private:
  const uint8_t* at_;
};

// Writes on into a body. The caller gives room for the whole message.
class Writer {
 public:
  explicit Writer(uint8_t* at) : start_(at), at_(at) {}

  void u8(uint8_t value) { *at_++ = value; }
  void u16(uint16_t value) {
    u8(static_cast<uint8_t>(value));
    u8(static_cast<uint8_t>(value >> 8));
  }
  void u32(uint32_t value) {
    u16(static_cast<uint16_t>(value));
    u16(static_cast<uint16_t>(value >> 16));
  }
  void i16(int16_t value) { u16(static_cast<uint16_t>(value)); }
  void i32(int32_t value) { u32(static_cast<uint32_t>(value)); }
  size_t written() const { return static_cast<size_t>(at_ - start_); }

 private:
  uint8_t* start_;
  uint8_t* at_;
};

}  // namespace havatar
