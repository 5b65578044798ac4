#include "core.h"

#include "convert.h"

namespace havatar {
namespace {

// What it can whatever happens.
constexpr uint16_t kAlways = kFeatureOdometry | kFeatureBattery | kFeatureHead | kFeatureLight | kFeaturePresence | kFeatureBuzzer |
                             kFeatureMuteSwitch | kFeatureEstopButton;
constexpr uint16_t kPeriod = 50;          // ms between two STATUS, until the host says otherwise
constexpr uint16_t kShortestPeriod = 20;
constexpr uint16_t kLongestPeriod = 1000;

// The device's own frames come back on a line with an echo. Answering them would make more of them.
bool is_own(uint8_t type) {
  return type >= static_cast<uint8_t>(Type::kWelcome) && type <= static_cast<uint8_t>(Type::kRefused);
}

// How much of `name` fits, whole characters only.
uint8_t fitting(const char* name) {
  size_t length = 0;
  while (length <= kMaxName && name[length] != 0) ++length;
  if (length <= kMaxName) return static_cast<uint8_t>(length);
  length = kMaxName;
  const auto continues = [name](size_t at) { return (static_cast<uint8_t>(name[at]) & 0xC0) == 0x80; };
  while (length > 1 && continues(length)) --length;
  return static_cast<uint8_t>(length);
}

}  // namespace

Core::Core(const Build& build, uint32_t boot, const Estop& estop, const Keeper& keeper, const Session& session, const char* name,
           Millis now)
    : build_(build),
      boot_(boot),
      session_(session),
      estop_(estop),
      keeper_(keeper),
      odometry_(build),
      battery_(build),
      motion_(build),
      now_(now),
      ticked_at_(now),
      reported_at_(now),
      period_(kPeriod) {
  if (name == nullptr || name[0] == 0) name = "havatar";  // WELCOME has no room for no name
  name_length_ = fitting(name);
  for (size_t i = 0; i < name_length_; ++i) name_[i] = name[i];
}

void Core::receive(const uint8_t* bytes, size_t length, Millis now) {
  judge(now);
  for (size_t i = 0; i < length; ++i) {
    switch (decoder_.feed(bytes[i])) {
      case FrameDecoder::Result::kBody: handle_body(); break;
      case FrameDecoder::Result::kDamaged:
        if (bad_frames_ != UINT16_MAX) ++bad_frames_;
        break;
      case FrameDecoder::Result::kNothing: break;
    }
  }
}

void Core::tick(const hv_inputs& inputs, Millis now, hv_outputs& outputs) {
  judge(now);
  const uint32_t dt = elapsed(now, ticked_at_);
  ticked_at_ = now;
  if (estop_.button(inputs.estop_button != 0)) {
    motion_.stop(StopReason::kEstop);
    outbox_.status();
  }
  if (motion_.fault(inputs.motor_fault != 0)) outbox_.status();
  mute_ = inputs.mute_switch != 0;
  odometry_.update(inputs.left_ticks, inputs.right_ticks, dt);
  battery_.update(inputs.battery_mv, dt);
  extras_.update(now);
  if (motion_.control(odometry_, dt)) outbox_.status();
  if (elapsed(now, reported_at_) >= period_) {
    reported_at_ = now;
    outbox_.status();
  }
  fill(outputs);
}

size_t Core::transmit(uint8_t* bytes, size_t room) {
  size_t copied = 0;
  while (copied < room && (outbox_.sending() || next_frame())) copied += outbox_.copy(bytes + copied, room - copied);
  return copied;
}

void Core::judge(Millis now) {
  now_ = now;
  if (motion_.judge(now)) outbox_.status();
}

void Core::handle_body() {
  Message message;
  Refusal refusal = decode_message(decoder_.body(), decoder_.length(), message);
  if (is_own(message.header.type)) return;
  if (refusal == Refusal::kNone) refusal = obey(message);
  if (refusal != Refusal::kNone) outbox_.refuse(message.header, refusal, now_);
}

Refusal Core::obey(const Message& message) {
  switch (static_cast<Type>(message.header.type)) {
    case Type::kHello: hello(message.hello); return Refusal::kNone;
    case Type::kStop: return obey_stop(message.header, StopReason::kStop);
    case Type::kEstop: estop_.close(); return obey_stop(message.header, StopReason::kEstop);
    case Type::kRelease: outbox_.status(); break;
    default: break;
  }
  Refusal refusal = session_.judge(message.header);
  if (refusal == Refusal::kNone) refusal = obey_in_session(message);
  if (refusal == Refusal::kNone) session_.accept(message.header);
  return refusal;
}

// To stop is never wrong, so neither session nor seq is asked for.
Refusal Core::obey_stop(const Header& header, StopReason reason) {
  motion_.stop(reason);
  session_.accept(header);
  outbox_.status();
  return Refusal::kNone;
}

Refusal Core::obey_in_session(const Message& message) {
  switch (static_cast<Type>(message.header.type)) {
    case Type::kDrive: return estop_.latched() ? Refusal::kEstopLatched : motion_.set(message.drive, now_);
    case Type::kStep: return estop_.latched() ? Refusal::kEstopLatched : motion_.set(message.step, now_, odometry_);
    case Type::kRelease: return release(message.release);
    case Type::kHead: return extras_.set(message.head);
    case Type::kLights: return extras_.set(message.lights);
    case Type::kBuzzer: return extras_.set(message.buzzer, now_);
    case Type::kLimits: motion_.limit(message.limits); return Refusal::kNone;
    case Type::kReport: return report(message.report);
    default: return Refusal::kUnknownType;
  }
}

void Core::hello(const Hello& hello) {
  motion_.begin_session();
  outbox_.begin_session();
  period_ = kPeriod;
  nonce_ = hello.nonce;
  version_ = hello.lowest <= kProtocolVersion && hello.highest >= kProtocolVersion ? kProtocolVersion : uint8_t{0};
  if (version_ != 0) {
    session_.begin(hello.nonce);
  } else {
    session_.end();
  }
  outbox_.welcome();
}

Refusal Core::report(const Report& report) {
  if (report.period < kShortestPeriod || report.period > kLongestPeriod) return Refusal::kOutOfRange;
  period_ = report.period;
  return Refusal::kNone;
}

// The latch closed by stopping, so the robot is held already when it opens. A repetition that comes when it is open and
// the robot is driven again changes nothing.
Refusal Core::release(const Release& release) { return estop_.release(release.latch); }

bool Core::next_frame() {
  uint8_t body[kMaxBody];
  Refused refused;
  size_t length = 0;
  switch (outbox_.take(refused)) {
    case Outbox::Due::kNothing: return false;
    case Outbox::Due::kWelcome: length = encode_message(session_.number(), session_.next_seq(), welcome(), body); break;
    case Outbox::Due::kStatus: length = encode_message(session_.number(), session_.next_seq(), status(), body); break;
    case Outbox::Due::kRefused: length = encode_message(session_.number(), session_.next_seq(), refused, body); break;
  }
  outbox_.send(body, length);
  return true;
}

Welcome Core::welcome() const {
  Welcome welcome = {};
  welcome.version = version_;
  welcome.echo = nonce_;
  welcome.session = session_.number();
  welcome.boot = boot_;
  welcome.clock = now_;
  welcome.features = features();
  welcome.max_linear = build_.limits.linear;
  welcome.max_reverse = build_.limits.reverse;
  welcome.max_angular = build_.limits.angular;
  welcome.watchdog = kWatchdog;
  for (size_t i = 0; i < name_length_; ++i) welcome.name[i] = name_[i];
  welcome.name_length = name_length_;
  return welcome;
}

Status Core::status() const {
  Status status = {};
  status.clock = now_;
  status.accepted = session_.accepted();
  status.boot = boot_;
  status.state = state();
  status.flags = flags();
  status.latch = estop_.latch();
  status.step = motion_.step();
  status.step_result = motion_.step_result();
  status.linear = to_i16(odometry_.linear());
  status.angular = to_i16(odometry_.angular());
  status.x = to_i32(odometry_.x());
  status.y = to_i32(odometry_.y());
  status.heading = to_i32(odometry_.turned());
  status.battery_mv = battery_.mv();
  status.battery_percent = battery_.percent();
  status.pan = extras_.head().pan;
  status.tilt = extras_.head().tilt;
  status.light = extras_.lights().light;
  status.presence = extras_.lights().presence;
  status.stop_reason = motion_.stop_reason();
  status.trips = motion_.trips();
  status.bad_frames = bad_frames_;
  return status;
}

State Core::state() const {
  if (estop_.latched()) return State::kEstop;
  if (session_.number() == 0) return State::kNoSession;
  if (motion_.held()) return State::kHeld;
  if (motion_.stepping()) return State::kStepping;
  return motion_.driving() ? State::kDriving : State::kReady;
}

uint16_t Core::flags() const {
  unsigned flags = 0;
  if (estop_.latched()) flags |= kFlagLatched;
  if (estop_.pressed()) flags |= kFlagButton;
  if (battery_.low()) flags |= kFlagBatteryLow;
  if (battery_.critical()) flags |= kFlagBatteryCritical;
  if (motion_.faulty()) flags |= kFlagMotorFault;
  if (motion_.blocked()) flags |= kFlagBlocked;
  if (mute_) flags |= kFlagMute;
  return static_cast<uint16_t>(flags);
}

uint16_t Core::features() const {
  return keeper_.keeps(estop_) ? static_cast<uint16_t>(kAlways | kFeatureLatchSurvives) : kAlways;
}

void Core::fill(hv_outputs& outputs) {
  const Duties duties = motion_.duties();
  outputs.left_duty = duties.left;
  outputs.right_duty = duties.right;
  outputs.brake = duties.brake ? 1 : 0;
  outputs.pan = extras_.head().pan;
  outputs.tilt = extras_.head().tilt;
  outputs.light = extras_.lights().light;
  outputs.presence = extras_.lights().presence;
  outputs.buzzer_hz = extras_.hz();
  outputs.latch = estop_.latch();
  outputs.latched = estop_.latched() ? 1 : 0;
  // Not while the wheels are driven: the loop waits for the flash, and meanwhile nobody would stop them. What waits then is a release,
  // and a reset before it is kept wakes up latched.
  outputs.keep = duties.brake && keeper_.ask(estop_, now_) ? 1 : 0;
}

}  // namespace havatar
