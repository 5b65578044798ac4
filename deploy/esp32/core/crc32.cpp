#include "crc32.h"

namespace havatar {
namespace {

constexpr uint32_t kPolynomial = 0xEDB88320;  // 04C11DB7 with its bits reversed

// A nibble at a time: 64 bytes of table instead of a kilobyte, and still quick enough for 115200 baud by far.
struct Table {
  uint32_t of[16] = {};
  constexpr Table() {
    for (uint32_t nibble = 0; nibble < 16; ++nibble) {
      uint32_t value = nibble;
      for (int bit = 0; bit < 4; ++bit) value = (value & 1) != 0 ? (value >> 1) ^ kPolynomial : value >> 1;
      of[nibble] = value;
    }
  }
};
constexpr Table kTable;

}  // namespace

uint32_t crc32(const uint8_t* bytes, size_t length) {
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 0; i < length; ++i) {
    crc ^= bytes[i];
    crc = (crc >> 4) ^ kTable.of[crc & 15];
    crc = (crc >> 4) ^ kTable.of[crc & 15];
  }
  return ~crc;
}

}  // namespace havatar
