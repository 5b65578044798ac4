#include "wire.h"

#include "bytes.h"
#include "frame.h"

namespace wire {

using namespace havatar;

Body::Body(Type type, uint32_t session, uint32_t seq) { u8(static_cast<uint8_t>(type)).u32(session).u32(seq); }

Body& Body::u8(uint32_t value) {
  bytes_.push_back(static_cast<uint8_t>(value));
  return *this;
}

Body& Body::u16(uint32_t value) { return u8(value & 0xFF).u8(value >> 8 & 0xFF); }

Body& Body::u32(uint32_t value) { return u16(value & 0xFFFF).u16(value >> 16); }

Bytes Body::frame() const { return framed(bytes_); }

Bytes framed(const Bytes& body) {
  uint8_t frame[kMaxFrame];
  const size_t length = encode_frame(body.data(), body.size(), frame);
  return Bytes(frame, frame + length);
}

namespace {

bool read_welcome(const uint8_t* body, size_t length, Welcome& out) {
  if (length < 37 || length > 60) return false;
  Reader in(body + 9);
  out.version = in.u8();
  out.echo = in.u32();
  out.session = in.u32();
  out.boot = in.u32();
  out.clock = in.u32();
  out.features = in.u16();
  out.max_linear = in.u16();
  out.max_reverse = in.u16();
  out.max_angular = in.u16();
  out.watchdog = in.u16();
  out.name_length = static_cast<uint8_t>(length - 36);
  for (size_t i = 0; i < out.name_length; ++i) out.name[i] = static_cast<char>(in.u8());
  return true;
}

bool read_status(const uint8_t* body, size_t length, Status& out) {
  if (length != 59) return false;
  Reader in(body + 9);
  out.clock = in.u32();
  out.accepted = in.u32();
  out.boot = in.u32();
  out.state = static_cast<State>(in.u8());
  out.flags = in.u16();
  out.latch = in.u16();
  out.step = in.u16();
  out.step_result = static_cast<StepResult>(in.u8());
  out.linear = in.i16();
  out.angular = in.i16();
  out.x = in.i32();
  out.y = in.i32();
  out.heading = in.i32();
  out.battery_mv = in.u16();
  out.battery_percent = in.u8();
  out.pan = in.i16();
  out.tilt = in.i16();
  out.light = in.u8();
  out.presence = in.u8();
  out.stop_reason = static_cast<StopReason>(in.u8());
  out.trips = in.u16();
  out.bad_frames = in.u16();
  return true;
}

}  // namespace

bool read(const uint8_t* body, size_t length, Answer& answer) {
  Reader in(body);
  answer = {};
  answer.header = {in.u8(), in.u32(), in.u32()};
  switch (static_cast<Type>(answer.header.type)) {
    case Type::kWelcome: return read_welcome(body, length, answer.welcome);
    case Type::kStatus: return read_status(body, length, answer.status);
    case Type::kRefused:
      if (length != 15) return false;
      answer.refused = {in.u32(), in.u8(), static_cast<Refusal>(in.u8())};
      return true;
    default: return false;
  }
}

}  // namespace wire
