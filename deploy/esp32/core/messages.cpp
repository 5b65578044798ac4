#include "messages.h"

#include "bytes.h"

namespace havatar {
namespace {

// The whole body's length, 0 for a type that no host sends.
size_t length_of(uint8_t type) {
  switch (static_cast<Type>(type)) {
    case Type::kHello: return 15;
    case Type::kDrive: return 21;
    case Type::kStep: return 26;
    case Type::kStop: return 10;
    case Type::kEstop: return 10;
    case Type::kRelease: return 11;
    case Type::kHead: return 13;
    case Type::kLights: return 11;
    case Type::kBuzzer: return 13;
    case Type::kLimits: return 19;
    case Type::kReport: return 11;
    default: return 0;
  }
}

Timing read_timing(Reader& in) {
  Timing timing;
  timing.stamp = in.u32();
  timing.age = in.u16();
  timing.left = in.u16();
  return timing;
}

Step read_step(Reader& in) {
  Step step;
  step.timing = read_timing(in);
  step.id = in.u16();
  step.kind = in.u8();
  step.amount = in.i32();
  step.speed = in.u16();
  return step;
}

Limits read_limits(Reader& in) {
  Limits limits;
  limits.linear = in.u16();
  limits.reverse = in.u16();
  limits.angular = in.u16();
  limits.accel = in.u16();
  limits.turn_accel = in.u16();
  return limits;
}

Writer begin(uint8_t* body, Type type, uint32_t session, uint32_t seq) {
  Writer out(body);
  out.u8(static_cast<uint8_t>(type));
  out.u32(session);
  out.u32(seq);
  return out;
}

}  // namespace

// Braces fill a struct from left to right, in the order in which the fields stand on the wire.
Refusal decode_message(const uint8_t* body, size_t length, Message& message) {
  Reader in(body);
  message.header.type = in.u8();
  message.header.session = in.u32();
  message.header.seq = in.u32();
  const size_t wanted = length_of(message.header.type);
  if (wanted == 0) return Refusal::kUnknownType;
  if (wanted != length) return Refusal::kWrongLength;
  switch (static_cast<Type>(message.header.type)) {
    case Type::kHello: message.hello = {in.u8(), in.u8(), in.u32()}; break;
    case Type::kDrive: message.drive = {read_timing(in), in.i16(), in.i16()}; break;
    case Type::kStep: message.step = read_step(in); break;
    case Type::kStop:
    case Type::kEstop: message.stop = {in.u8()}; break;
    case Type::kRelease: message.release = {in.u16()}; break;
    case Type::kHead: message.head = {in.i16(), in.i16()}; break;
    case Type::kLights: message.lights = {in.u8(), in.u8()}; break;
    case Type::kBuzzer: message.buzzer = {in.u16(), in.u16()}; break;
    case Type::kLimits: message.limits = read_limits(in); break;
    case Type::kReport: message.report = {in.u16()}; break;
    default: return Refusal::kUnknownType;
  }
  return Refusal::kNone;
}

size_t encode_message(uint32_t session, uint32_t seq, const Welcome& welcome, uint8_t* body) {
  Writer out = begin(body, Type::kWelcome, session, seq);
  out.u8(welcome.version);
  out.u32(welcome.echo);
  out.u32(welcome.session);
  out.u32(welcome.boot);
  out.u32(welcome.clock);
  out.u16(welcome.features);
  out.u16(welcome.max_linear);
  out.u16(welcome.max_reverse);
  out.u16(welcome.max_angular);
  out.u16(welcome.watchdog);
  for (size_t i = 0; i < welcome.name_length && i < kMaxName; ++i) out.u8(static_cast<uint8_t>(welcome.name[i]));
  return out.written();
}

size_t encode_message(uint32_t session, uint32_t seq, const Status& status, uint8_t* body) {
  Writer out = begin(body, Type::kStatus, session, seq);
  out.u32(status.clock);
  out.u32(status.accepted);
  out.u32(status.boot);
  out.u8(static_cast<uint8_t>(status.state));
  out.u16(status.flags);
  out.u16(status.latch);
  out.u16(status.step);
  out.u8(static_cast<uint8_t>(status.step_result));
  out.i16(status.linear);
  out.i16(status.angular);
  out.i32(status.x);
  out.i32(status.y);
  out.i32(status.heading);
  out.u16(status.battery_mv);
  out.u8(status.battery_percent);
  out.i16(status.pan);
  out.i16(status.tilt);
  out.u8(status.light);
  out.u8(status.presence);
  out.u8(static_cast<uint8_t>(status.stop_reason));
  out.u16(status.trips);
  out.u16(status.bad_frames);
  return out.written();
}

size_t encode_message(uint32_t session, uint32_t seq, const Refused& refused, uint8_t* body) {
  Writer out = begin(body, Type::kRefused, session, seq);
  out.u32(refused.refused);
  out.u8(refused.of);
  out.u8(static_cast<uint8_t>(refused.code));
  return out.written();
}

}  // namespace havatar
