#include "script.h"

#include <vector>

using namespace havatar;

namespace {

class Story {
 public:
  Story(const uint8_t* bytes, size_t length) : at_(bytes), end_(bytes + length) {}
  bool over() const { return at_ == end_; }
  uint8_t u8() { return over() ? uint8_t{0} : *at_++; }
  uint32_t u16() {
    const uint32_t high = u8();
    return high << 8 | u8();
  }
  // From -128 to 127, and now and then anything.
  uint32_t around_zero() {
    const uint8_t value = u8();
    return value == 128 ? u16() << 16 | u16() : static_cast<uint32_t>(static_cast<int8_t>(value));
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

class Player {
 public:
  Player(World& world, Story story) : world_(world), story_(story) {}

  void play() {
    while (!story_.over() && world_.wrong() == nullptr) one();
  }

 private:
  struct Deed {
    unsigned weight;
    void (Player::*act)();
  };

  // Weighed so that the robot drives about as often as it stands.
  void one() {
    static constexpr Deed kDeeds[] = {
        {4, &Player::moment},  {14, &Player::tick}, {3, &Player::linger}, {1, &Player::late},    {1, &Player::noise},
        {14, &Player::drive},  {3, &Player::odd},   {6, &Player::neutral}, {4, &Player::breathe}, {4, &Player::step},
        {1, &Player::stop},    {2, &Player::release}, {1, &Player::hello}, {2, &Player::again},  {1, &Player::pins},
        {2, &Player::other},   {1, &Player::mend},
    };
    constexpr unsigned kAll = 64;
    unsigned at = story_.u8() % kAll;
    for (const Deed& deed : kDeeds) {
      if (at < deed.weight) return (this->*deed.act)();
      at -= deed.weight;
    }
  }

  void moment() { world_.tick(1); }
  void tick() { world_.tick(5); }
  void linger() {
    for (int i = 0; i < 20; ++i) world_.tick(5);
  }
  void late() { world_.tick(story_.u8() * 4U); }

  // Mostly the next frame of the present session.
  wire::Body body(Type type) {
    const uint8_t odd = story_.u8();
    const uint32_t session = odd == 1 ? story_.u16() : world_.session();
    const uint32_t seq = world_.status().accepted + (odd == 2 ? story_.around_zero() : 1 + odd / 128U);
    return wire::Body(type, session, seq);
  }

  void send(const wire::Body& body) {
    wire::Bytes frame = body.frame();
    sent_.push_back(frame);
    const uint8_t damage = story_.u8();
    if (damage < 8) {
      const size_t at = story_.u8() % frame.size();
      frame[at] = static_cast<uint8_t>(frame[at] ^ 1U << damage);
    } else if (damage == 8) {
      frame.pop_back();
    }
    world_.receive(frame);
  }

  wire::Body& timing(wire::Body& body, bool odd) {
    const uint32_t stamp = world_.clock() + (odd ? story_.around_zero() * 2 : 0);
    const uint32_t age = odd ? story_.u8() * 2U : 20;
    const uint32_t left = odd ? story_.u8() * 32U : 1000;
    return body.u32(stamp).u16(age).u16(left);
  }

  void drive() { drive(false); }
  void odd() { drive(true); }
  void breathe() { step(0); }
  void step() { step(story_.u8() % 4U); }

  void drive(bool odd) {
    wire::Body drive = body(Type::kDrive);
    timing(drive, odd);
    send(drive.u16(story_.around_zero() * 8).u16(story_.around_zero() * 16));
  }

  void neutral() {
    wire::Body drive = body(Type::kDrive);
    timing(drive, false);
    send(drive.u16(0).u16(0));
  }

  void step(uint32_t further) {
    wire::Body step = body(Type::kStep);
    timing(step, story_.u8() < 32);
    step.u16(world_.status().step + further).u8(story_.u8() % 4U / 2);
    send(step.u32(story_.around_zero() * 10).u16(story_.u8() * 4U));
  }

  void stop() {
    const bool latching = story_.u8() < 64;
    send(body(latching ? Type::kEstop : Type::kStop).u8(0));
  }

  void release() { send(body(Type::kRelease).u16(world_.status().latch + (story_.u8() < 32 ? 1U : 0U))); }

  void hello() {
    const uint8_t versions = story_.u8();
    send(wire::Body(Type::kHello, 0, 1).u8(versions == 0 ? 2 : 1).u8(versions == 1 ? 0 : 3).u32(versions));
  }

  void again() {
    if (!sent_.empty()) world_.receive(sent_[story_.u16() % sent_.size()]);
  }

  void noise() {
    wire::Bytes bytes;
    for (size_t left = story_.u8() % 100; left > 0; --left) bytes.push_back(story_.u8());
    world_.receive(bytes);
  }

  void pins() {
    const uint8_t what = story_.u8();
    switch (what % 7) {
      case 0: world_.inputs.estop_button = 1; break;
      case 1: world_.inputs.motor_fault = 1; break;
      case 2: world_.plant.stuck[what / 8 % 2] = true; break;
      case 3: world_.plant.tick_offset += story_.u16() << 16; break;
      case 4: world_.inputs.battery_mv = static_cast<uint16_t>(story_.u16()); break;
      case 5: world_.stores = false; break;
      default: world_.reset(); break;
    }
  }

  void mend() {
    world_.inputs.estop_button = 0;
    world_.inputs.motor_fault = 0;
    world_.stores = true;
    world_.plant.stuck[0] = world_.plant.stuck[1] = false;
  }

  void other() {
    const uint8_t what = story_.u8();
    const uint32_t first = story_.u16();
    const uint32_t second = story_.u16();
    switch (what % 6) {
      case 0: send(body(Type::kHead).u16(first).u16(second)); break;
      case 1: send(body(Type::kLights).u8(first).u8(second % 4)); break;
      case 2: send(body(Type::kBuzzer).u16(first % 6000).u16(second % 2500)); break;
      case 3: send(body(Type::kLimits).u16(first % 600).u16(second % 300).u16(first).u16(second).u16(first)); break;
      case 4: send(body(Type::kReport).u16(first % 1100)); break;
      default: send(body(static_cast<Type>(first)).u16(second)); break;
    }
  }

  World& world_;
  Story story_;
  std::vector<wire::Bytes> sent_;
};

}  // namespace

void play(World& world, const uint8_t* story, size_t length) { Player(world, Story(story, length)).play(); }
