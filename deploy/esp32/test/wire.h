// The host's side of the wire, for tests: bodies to the device, and the device's answers read again.
#pragma once

#include <cstdint>
#include <vector>

#include "messages.h"

namespace wire {

using Bytes = std::vector<uint8_t>;

// One body, field by field.
class Body {
 public:
  Body(havatar::Type type, uint32_t session, uint32_t seq);
  Body& u8(uint32_t value);
  Body& u16(uint32_t value);
  Body& u32(uint32_t value);
  const Bytes& bytes() const { return bytes_; }
  Bytes frame() const;

 private:
  Bytes bytes_;
};

Bytes framed(const Bytes& body);

// What the device said. The member that `header.type` names is filled in.
struct Answer {
  havatar::Header header;
  havatar::Welcome welcome;
  havatar::Status status;
  havatar::Refused refused;
};

// False for a body that the device must never send.
bool read(const uint8_t* body, size_t length, Answer& answer);

}  // namespace wire
