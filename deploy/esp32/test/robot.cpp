#include "robot.h"

#include "check.h"

using namespace havatar;

namespace {

// Unpredictable enough for tests, and the same every time.
uint32_t counted_random(void* context) {
  auto* state = static_cast<uint32_t*>(context);
  *state = *state * 1664525 + 1013904223;
  return *state;
}
uint32_t random_state = 1;

}  // namespace

Robot::Robot(const hv_build& build, uint32_t start, uint16_t latch, uint8_t latched, const char* name)
    : now(start), memory_((hv_size() + 7) / 8) {
  core = hv_init(memory_.data(), &build, 5, latch, latched, counted_random, &random_state, name, now);
  if (build.full_speed != 0) plant.full_speed = build.full_speed;
  if (build.ticks_per_metre != 0) plant.ticks_per_metre = build.ticks_per_metre;
  in.battery_mv = 12000;
}

void Robot::run(uint32_t ms) {
  for (uint32_t passed = 0; passed < ms; passed += 5) tick(5);
}

void Robot::tick(uint32_t dt) {
  plant.move(out, dt);
  plant.write(in);
  now += dt;
  hv_tick(core, &in, now, &out);
  if (out.keep != 0) {
    ++asked;
    if (answers) hv_kept(core, out.latch, out.latched, keeps ? 1 : 0);
  }
  listen();
}

void Robot::bytes(const wire::Bytes& bytes) {
  hv_receive(core, bytes.data(), bytes.size(), now);
  listen();
}

void Robot::listen() {
  uint8_t buffer[256];
  for (size_t length = hv_transmit(core, buffer, sizeof buffer); length > 0; length = hv_transmit(core, buffer, sizeof buffer)) {
    for (size_t i = 0; i < length; ++i) {
      const FrameDecoder::Result result = decoder_.feed(buffer[i]);
      CHECK(result != FrameDecoder::Result::kDamaged);
      if (result != FrameDecoder::Result::kBody) continue;
      wire::Answer answer;
      CHECK(wire::read(decoder_.body(), decoder_.length(), answer));
      device_seq = answer.header.seq;
      switch (static_cast<Type>(answer.header.type)) {
        case Type::kWelcome: welcome = answer.welcome; ++welcomes; break;
        case Type::kStatus: status = answer.status; ++statuses; break;
        default: refused_ = answer.refused; ++refusals; break;
      }
    }
  }
}

void Robot::hello(uint32_t lowest, uint32_t highest, uint32_t nonce) {
  send(wire::Body(Type::kHello, 0, 1).u8(lowest).u8(highest).u32(nonce));
  session = welcome.session;
  seq = 0;
}

void Robot::drive(int linear, int angular, Life life) {
  send(body(Type::kDrive)
           .u32(now + static_cast<uint32_t>(life.stamp))
           .u16(life.age)
           .u16(life.left)
           .u16(static_cast<uint16_t>(linear))
           .u16(static_cast<uint16_t>(angular)));
}

void Robot::step(uint32_t id, uint32_t kind, int amount, uint32_t speed, Life life) {
  send(body(Type::kStep)
           .u32(now + static_cast<uint32_t>(life.stamp))
           .u16(life.age)
           .u16(life.left)
           .u16(id)
           .u8(kind)
           .u32(static_cast<uint32_t>(amount))
           .u16(speed));
}

void Robot::limits(uint32_t linear, uint32_t reverse, uint32_t angular, uint32_t accel, uint32_t turn_accel) {
  send(body(Type::kLimits).u16(linear).u16(reverse).u16(angular).u16(accel).u16(turn_accel));
}

void Robot::ready() {
  run(50);
  hello();
  neutral();
  CHECK(look().state == State::kReady);
}

void Robot::drive_for(uint32_t ms, int linear, int angular) {
  for (uint32_t passed = 0; passed < ms; passed += 50) {
    drive(linear, angular);
    run(50);
  }
}

uint32_t Robot::step_until_over(uint32_t id, uint32_t kind, int amount, uint32_t speed, uint32_t most) {
  const uint32_t began = now;
  do {
    step(id, kind, amount, speed);
    run(50);
  } while (look().step_result == StepResult::kRunning && now - began < most);
  run(300);  // braked wheels roll out
  return now - began;
}

const Status& Robot::look() {
  const uint32_t before = statuses;
  const Refused refused = refused_;
  const uint32_t count = refusals;
  send(wire::Body(Type::kRelease, 0, 0).u16(0));
  CHECK(statuses > before);
  refused_ = refused;
  refusals = count;
  ++now;
  return status;
}

Refusal Robot::refusal() {
  const Refusal code = refused_.code;
  refused_ = {};
  return code;
}
