// The vectors that the host's side is held to as well.
#include <cstring>

#include "check.h"
#include "vectors.h"

using namespace havatar;

namespace {

using Fields = std::map<std::string, std::string>;

long long number(const Fields& fields, const char* name) {
  const auto found = fields.find(name);
  CHECK(found != fields.end());
  return found == fields.end() ? 0 : std::strtoll(found->second.c_str(), nullptr, 10);
}

template <typename T>
void take(T& to, const Fields& fields, const char* name) {
  to = static_cast<T>(number(fields, name));
}

void check_timing(const Timing& timing, const Fields& f) {
  CHECK_EQ(timing.stamp, number(f, "stamp"));
  CHECK_EQ(timing.age, number(f, "age"));
  CHECK_EQ(timing.left, number(f, "left"));
}

void check_fields(const Message& m, const Fields& f) {
  CHECK_EQ(m.header.type, number(f, "type"));
  CHECK_EQ(m.header.session, number(f, "session"));
  CHECK_EQ(m.header.seq, number(f, "seq"));
  switch (static_cast<Type>(m.header.type)) {
    case Type::kHello:
      CHECK_EQ(m.hello.lowest, number(f, "lowest"));
      CHECK_EQ(m.hello.highest, number(f, "highest"));
      CHECK_EQ(m.hello.nonce, number(f, "nonce"));
      break;
    case Type::kDrive:
      check_timing(m.drive.timing, f);
      CHECK_EQ(m.drive.linear, number(f, "linear"));
      CHECK_EQ(m.drive.angular, number(f, "angular"));
      break;
    case Type::kStep:
      check_timing(m.step.timing, f);
      CHECK_EQ(m.step.id, number(f, "id"));
      CHECK_EQ(m.step.kind, number(f, "kind"));
      CHECK_EQ(m.step.amount, number(f, "amount"));
      CHECK_EQ(m.step.speed, number(f, "speed"));
      break;
    case Type::kStop:
    case Type::kEstop: CHECK_EQ(m.stop.reason, number(f, "reason")); break;
    case Type::kRelease: CHECK_EQ(m.release.latch, number(f, "latch")); break;
    case Type::kHead:
      CHECK_EQ(m.head.pan, number(f, "pan"));
      CHECK_EQ(m.head.tilt, number(f, "tilt"));
      break;
    case Type::kLights:
      CHECK_EQ(m.lights.light, number(f, "light"));
      CHECK_EQ(m.lights.presence, number(f, "presence"));
      break;
    case Type::kBuzzer:
      CHECK_EQ(m.buzzer.hz, number(f, "hz"));
      CHECK_EQ(m.buzzer.ms, number(f, "ms"));
      break;
    case Type::kLimits:
      CHECK_EQ(m.limits.linear, number(f, "linear"));
      CHECK_EQ(m.limits.reverse, number(f, "reverse"));
      CHECK_EQ(m.limits.angular, number(f, "angular"));
      CHECK_EQ(m.limits.accel, number(f, "accel"));
      CHECK_EQ(m.limits.turn_accel, number(f, "turn_accel"));
      break;
    case Type::kReport: CHECK_EQ(m.report.period, number(f, "period")); break;
    default: CHECK(!"a type that the firmware does not read");
  }
}

size_t encode_welcome(const Fields& f, uint32_t session, uint32_t seq, uint8_t* body) {
  Welcome w = {};
  take(w.version, f, "version");
  take(w.echo, f, "echo");
  w.session = session;
  take(w.boot, f, "boot");
  take(w.clock, f, "clock");
  take(w.features, f, "features");
  take(w.max_linear, f, "max_linear");
  take(w.max_reverse, f, "max_reverse");
  take(w.max_angular, f, "max_angular");
  take(w.watchdog, f, "watchdog");
  const std::string& name = f.at("name");
  CHECK(name.size() <= kMaxName);
  w.name_length = static_cast<uint8_t>(std::min(name.size(), kMaxName));
  std::memcpy(w.name, name.data(), w.name_length);
  return encode_message(session, seq, w, body);
}

size_t encode_status(const Fields& f, uint32_t session, uint32_t seq, uint8_t* body) {
  Status s = {};
  take(s.clock, f, "clock");
  take(s.accepted, f, "accepted");
  take(s.boot, f, "boot");
  take(s.state, f, "state");
  take(s.flags, f, "flags");
  take(s.latch, f, "latch");
  take(s.step, f, "step");
  take(s.step_result, f, "step_result");
  take(s.linear, f, "linear");
  take(s.angular, f, "angular");
  take(s.x, f, "x");
  take(s.y, f, "y");
  take(s.heading, f, "heading");
  take(s.battery_mv, f, "battery_mv");
  take(s.battery_percent, f, "battery_percent");
  take(s.pan, f, "pan");
  take(s.tilt, f, "tilt");
  take(s.light, f, "light");
  take(s.presence, f, "presence");
  take(s.stop_reason, f, "stop_reason");
  take(s.trips, f, "trips");
  take(s.bad_frames, f, "bad_frames");
  return encode_message(session, seq, s, body);
}

size_t encode(const Fields& f, uint8_t* body) {
  const auto session = static_cast<uint32_t>(number(f, "session"));
  const auto seq = static_cast<uint32_t>(number(f, "seq"));
  switch (static_cast<Type>(number(f, "type"))) {
    case Type::kWelcome: return encode_welcome(f, session, seq, body);
    case Type::kStatus: return encode_status(f, session, seq, body);
    case Type::kRefused: {
      Refused r = {};
      take(r.refused, f, "refused");
      take(r.of, f, "of");
      take(r.code, f, "code");
      return encode_message(session, seq, r, body);
    }
    default: return 0;
  }
}

}  // namespace

TEST(frames_to_the_device_are_read_as_the_vectors_say) {
  int seen = 0;
  for (const Line& line : read_vectors("frames.txt")) {
    check::about() = line.columns[0];
    CHECK_EQ(line.columns.size(), 4);
    if (line.columns[1] != "to_device") continue;
    FrameDecoder decoder;
    bool found = false;
    for (const uint8_t byte : from_hex(line.columns[2])) found = decoder.feed(byte) == FrameDecoder::Result::kBody;
    CHECK(found);
    if (!found) continue;
    Message message;
    CHECK(decode_message(decoder.body(), decoder.length(), message) == Refusal::kNone);
    check_fields(message, read_fields(line.columns[3]));
    ++seen;
  }
  CHECK(seen >= 30);
}

TEST(frames_from_the_device_are_written_as_the_vectors_say) {
  int seen = 0;
  for (const Line& line : read_vectors("frames.txt")) {
    check::about() = line.columns[0];
    if (line.columns[1] != "from_device") continue;
    const wire::Bytes wanted = from_hex(line.columns[2]);
    uint8_t body[kMaxBody];
    uint8_t frame[kMaxFrame];
    const size_t length = encode_frame(body, encode(read_fields(line.columns[3]), body), frame);
    CHECK_EQ(length, wanted.size());
    CHECK(length == wanted.size() && std::memcmp(frame, wanted.data(), length) == 0);
    ++seen;
  }
  CHECK(seen >= 10);
}

TEST(damaged_bytes_hold_as_many_good_bodies_as_the_vectors_say) {
  int seen = 0;
  for (const Line& line : read_vectors("damaged.txt")) {
    check::about() = line.columns[0];
    FrameDecoder decoder;
    long count = 0;
    for (const uint8_t byte : from_hex(line.columns[1])) count += decoder.feed(byte) == FrameDecoder::Result::kBody ? 1 : 0;
    CHECK_EQ(count, std::strtol(line.columns[2].c_str(), nullptr, 10));
    ++seen;
  }
  CHECK(seen >= 30);
}
