// CRC-32/ISO-HDLC, which guards every frame's body.
#pragma once

#include <cstddef>
#include <cstdint>

namespace havatar {

uint32_t crc32(const uint8_t* bytes, size_t length);

}  // namespace havatar
