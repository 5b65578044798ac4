#include "world.h"

#include <cmath>
#include <cstdlib>

#include "messages.h"

using namespace havatar;

namespace {

constexpr uint64_t kLongestSlowDown = 1000 + 1;  // ms: 500 mm/s at 500 mm/s2

uint32_t next(void* context) {
  auto* state = static_cast<uint32_t*>(context);
  *state = *state * 1664525 + 1013904223;
  return *state;
}

}  // namespace

World::World(uint32_t start) : now_(uint64_t{1} << 40 | start), memory_((hv_size() + 7) / 8) {
  inputs.battery_mv = 12000;
  boot(0, false);
}

void World::reset() {
  outputs = {};
  outputs.brake = 1;
  constexpr uint32_t kBootLoader = 300;  // ms
  plant.move(outputs, kBootLoader);
  now_ += kBootLoader;
  boot(stored_latch_, stored_latched_);
}

void World::boot(uint16_t latch, bool latched) {
  const hv_build build = {};
  core_ = hv_init(memory_.data(), &build, ++boots_, latch, latched ? 1 : 0, next, &random_, "world", clock());
  incoming_ = FrameDecoder();
  outgoing_ = FrameDecoder();
  in_frame_ = false;
  session_ = 0;
  device_seq_ = 0;
  latched_ = latched;
  latch_ = latch;
  pressed_ = true;
  fault_ = false;
  failed_ = false;
  outputs = {};
  outputs.brake = 1;
  outputs.latch = latch;
  outputs.latched = latched ? 1 : 0;
  stopped();
  probe();
  expect(status_.state == (latched ? State::kEstop : State::kNoSession), "a boot that is not the beginning");
}

void World::expect(bool holds, const char* what) {
  if (!holds && wrong_ == nullptr) wrong_ = what;
}

// From now on nothing moves before a neutral and another set-point.
void World::stopped() {
  held_ = true;
  permit_ = {};
  slowing_until_ = 0;
}

void World::close_latch() {
  if (!latched_) ++latch_;
  latched_ = true;
  stopped();
}

void World::receive(const wire::Bytes& bytes) {
  for (const uint8_t byte : bytes) {
    const Status before = status_;
    const bool looked = looked_;
    const bool body = incoming_.feed(byte) == FrameDecoder::Result::kBody;
    in_frame_ = byte != 0;
    hv_receive(core_, &byte, 1, clock());
    listen();
    if (in_frame_) continue;
    probe();
    Message message;
    if (body && decode_message(incoming_.body(), incoming_.length(), message) == Refusal::kNone) {
      judge(message, before);
    } else {
      expect(status_.accepted == before.accepted, "bytes that are no message were accepted");
      expect(!looked || status_.state == before.state, "bytes that are no message changed the state");
    }
  }
}

void World::tick(uint32_t dt) {
  now_ += dt;
  looked_ = false;
  plant.move(outputs, dt < 1000 ? dt : 1000);
  plant.write(inputs);
  judge_time();
  pressed_ = inputs.estop_button != 0;
  if (pressed_) close_latch();
  if (inputs.motor_fault != 0 && !fault_) stopped();
  fault_ = inputs.motor_fault != 0;
  hv_tick(core_, &inputs, clock(), &outputs);
  if (outputs.keep != 0) keep();
  listen();
  judge_outputs();
  if (!in_frame_) probe();
}

void World::keep() {
  expect(!failed_ || now_ - kept_at_ >= 1000, "a store that failed is hammered");
  expect(outputs.brake == 1, "the latch is stored while the wheels are driven");
  kept_at_ = now_;
  failed_ = !stores;
  if (stores) {
    stored_latch_ = outputs.latch;
    stored_latched_ = outputs.latched != 0;
  }
  hv_kept(core_, outputs.latch, outputs.latched, stores ? 1 : 0);
}

// Asks for a STATUS by a RELEASE of no session, which changes nothing. Only between frames.
void World::probe() {
  status_.boot = 0;
  const wire::Bytes question = wire::Body(Type::kRelease, 0, 0).u16(0).frame();
  hv_receive(core_, question.data(), question.size(), clock());
  listen();
  looked_ = true;
  expect(status_.boot == boots_, "a RELEASE that was not answered at once");
  expect(((status_.flags & kFlagLatched) != 0) == (status_.state == State::kEstop), "flag and state differ about the e-stop");
}

void World::listen() {
  uint8_t buffer[128];
  for (size_t length = hv_transmit(core_, buffer, sizeof buffer); length > 0; length = hv_transmit(core_, buffer, sizeof buffer)) {
    for (size_t i = 0; i < length; ++i) {
      const FrameDecoder::Result result = outgoing_.feed(buffer[i]);
      expect(result != FrameDecoder::Result::kDamaged, "the core sent a damaged frame");
      if (result != FrameDecoder::Result::kBody) continue;
      wire::Answer answer;
      expect(wire::read(outgoing_.body(), outgoing_.length(), answer), "the core sent what no device sends");
      heard(answer);
    }
  }
}

void World::heard(const wire::Answer& answer) {
  switch (static_cast<Type>(answer.header.type)) {
    case Type::kWelcome:
      expect(answer.header.seq == 1, "a WELCOME that is not the first of its session");
      expect(answer.welcome.session == answer.header.session, "a WELCOME of two sessions");
      expect(answer.welcome.session == 0 || answer.welcome.session != session_, "the same session again");
      expect((answer.welcome.session == 0) == (answer.welcome.version == 0), "a session without a version");
      expect((answer.welcome.features & kFeatureLatchSurvives) == 0 ||
                 ((status_.flags & kFlagLatched) != 0) == stored_latched_,
             "it boasts of a latch that it would forget");
      session_ = answer.welcome.session;
      device_seq_ = 0;
      break;
    case Type::kStatus:
      status_ = answer.status;
      expect(status_.clock == clock(), "a STATUS of another time");
      // That it stopped by itself is believed, because it only takes away.
      if (status_.state == State::kHeld || status_.state == State::kNoSession || status_.state == State::kEstop) stopped();
      break;
    default:
      expect(refused_at_ != now_, "two refusals in a millisecond");
      refused_at_ = now_;
      break;
  }
  expect(answer.header.session == session_, "a frame of another session");
  expect(answer.header.seq > device_seq_, "a sequence number again");
  device_seq_ = answer.header.seq;
}

void World::judge(const Message& message, const Status& before) {
  const auto type = static_cast<Type>(message.header.type);
  if (type == Type::kHello) {
    stopped();
    expect(status_.accepted == 0, "a new session that has accepted already");
    return;
  }
  const bool accepted = status_.accepted != before.accepted;
  if (accepted) {
    expect(session_ != 0 && message.header.session == session_, "a frame of another session was accepted");
    expect(message.header.seq == status_.accepted && message.header.seq > before.accepted, "an old frame was accepted");
  }
  switch (type) {
    case Type::kStop:
      stopped();
      expect(status_.state != State::kDriving && status_.state != State::kStepping, "a STOP was not obeyed");
      break;
    case Type::kEstop:
      close_latch();
      expect(status_.state == State::kEstop, "an ESTOP was not obeyed");
      break;
    case Type::kRelease: judge_release(message.release.latch, accepted); break;
    case Type::kDrive:
      if (accepted) judge_drive(message.drive);
      break;
    case Type::kStep:
      if (accepted) judge_step(message.step, before);
      break;
    default: break;
  }
}

void World::judge_drive(const Drive& drive) {
  expect(!latched_, "a set-point was accepted under e-stop");
  if (drive.linear != 0 || drive.angular != 0) {
    expect(!held_, "a set-point was accepted before neutral");
    permit_ = judge_timing(drive.timing);
    ++believed_;
    return;
  }
  expect(static_cast<int32_t>(drive.timing.stamp - clock()) <= 5, "a neutral from the future was accepted");
  if (permit_.valid) slowing_until_ = now_ + kLongestSlowDown;
  permit_ = {};
  if (!fault_) held_ = false;
}

void World::judge_step(const Step& step, const Status& before) {
  expect(!latched_, "a step was accepted under e-stop");
  expect(!held_, "a step was accepted before neutral");
  if (step.id == before.step && before.step_result != StepResult::kNone) {
    // Repeated. That means nothing unless the step still runs.
    if (before.step_result == StepResult::kRunning && status_.step_result == StepResult::kRunning) permit_ = judge_timing(step.timing);
    return;
  }
  expect(before.state == State::kReady, "a step began that was not begun from rest");
  expect(std::fabs(plant.speed[0]) < 20 && std::fabs(plant.speed[1]) < 20, "a step began on the move");
  permit_ = judge_timing(step.timing);
  permit_.step = true;
  ++believed_;
}

World::Permit World::judge_timing(const Timing& timing) {
  const auto ahead = static_cast<int32_t>(timing.stamp - clock());
  expect(ahead <= 5, "a set-point from the future was accepted");
  const int64_t under_way = ahead < 0 ? -int64_t{ahead} : 0;
  const int64_t age = timing.age + under_way;
  expect(age < 300, "an old set-point was accepted");
  expect(timing.left > 0 && timing.left <= 8000 && under_way < timing.left, "an ended set-point was accepted");
  Permit permit = permit_;
  permit.valid = true;
  permit.watchdog_at = now_ + 250;
  permit.old_at = now_ + static_cast<uint64_t>(300 - age);
  permit.ends_at = now_ + static_cast<uint64_t>(timing.left - under_way);
  return permit;
}

void World::judge_release(uint16_t latch, bool accepted) {
  if (!accepted) {
    expect((status_.state == State::kEstop) == latched_, "a refused RELEASE opened the latch");
    return;
  }
  expect(latch == latch_, "a RELEASE of another latching was accepted");
  expect(!pressed_, "a RELEASE was accepted with the button pressed");
  latched_ = false;
}

// The rules need no frame: time alone ends a motion.
void World::judge_time() {
  if (!permit_.valid) return;
  if (now_ < permit_.watchdog_at && now_ < permit_.old_at && now_ < permit_.ends_at) return;
  if (permit_.step && status_.step_result == StepResult::kDone) {
    permit_ = {};
  } else {
    stopped();
  }
}

void World::judge_outputs() {
  const bool driven = outputs.left_duty != 0 || outputs.right_duty != 0;
  const bool may = permit_.valid || now_ < slowing_until_;
  expect(!driven || may, "driven without a set-point that is alive");
  expect(!driven || !latched_, "driven under e-stop");
  expect(!driven || !pressed_, "driven with the button pressed");
  expect(!driven || !fault_, "driven with a motor fault");
  expect(!driven || outputs.brake == 0, "driven and braked");
  expect(may || outputs.brake == 1, "neither driven nor braked");
  expect(std::abs(outputs.left_duty) <= 1000 && std::abs(outputs.right_duty) <= 1000, "more than full duty");
  expect((outputs.latched != 0) == latched_, "the latch is not where it should be");
  expect(outputs.latch == latch_, "the latch has another number");
  expect(outputs.presence <= 2 && std::abs(outputs.pan) <= 9000 && std::abs(outputs.tilt) <= 9000, "head or lights out of range");
  expect(outputs.buzzer_hz == 0 || (outputs.buzzer_hz >= 100 && outputs.buzzer_hz <= 5000), "a sound out of range");
  if (driven) ++moved_;
}
