// The sketch on a chip of straw: does it bind the core to the right pins, and leave the motors off.
#include <string>

#include "Arduino.h"
#include "bench.h"
#include "check.h"
#include "robot.h"

using bench::chip;
using namespace havatar;

namespace {

constexpr uint8_t kLeft[2] = {25, 26};
constexpr uint8_t kRight[2] = {32, 33};
constexpr uint8_t kEnable = 13;
constexpr uint8_t kButton = 21;
constexpr uint32_t kFull = 1023;

// One board from power-on. The host speaks to it as in robot.h.
class Board {
 public:
  Board() {
    chip() = bench::Chip();
    chip().stored["estop"] = 0;  // as after the first release
    boot();
  }

  void boot() {
    for (bench::Pin& pin : chip().pins) pin = bench::Pin();
    chip().pins[27].level = HIGH;  // no fault
    chip().pins[35].level = HIGH;  // not muted
    setup();
  }

  void run(uint32_t ms) {
    for (uint32_t i = 0; i < ms; ++i) {
      ++chip().clock;
      loop();
    }
    listen();
  }

  void send(const wire::Body& body) {
    const wire::Bytes frame = body.frame();
    chip().to_device.insert(chip().to_device.end(), frame.begin(), frame.end());
    run(2);
  }

  void greet() {
    send(wire::Body(Type::kHello, 0, 1).u8(1).u8(1).u32(1));
    run(20);
    seq = 0;
    drive(0);
  }

  void drive(int linear) {
    send(wire::Body(Type::kDrive, session, ++seq).u32(chip().clock).u16(0).u16(8000).u16(static_cast<uint16_t>(linear)).u16(0));
  }

  // Quarter turns of an encoder, A before B when forward.
  void turn(uint8_t a, uint8_t b, int ticks) {
    static constexpr uint8_t kA[] = {0, 1, 1, 0};
    static constexpr uint8_t kB[] = {0, 0, 1, 1};
    int at = 0;
    while (kA[at] != chip().pins[a].level || kB[at] != chip().pins[b].level) ++at;
    for (; ticks != 0; ticks += ticks > 0 ? -1 : 1) {
      at = (at + (ticks > 0 ? 1 : 3)) % 4;
      chip().set(a, kA[at]);
      chip().set(b, kB[at]);
    }
  }

  bool braked() const {
    bool all = true;
    for (const uint8_t pin : {kLeft[0], kLeft[1], kRight[0], kRight[1]}) all = all && chip().pins[pin].duty == kFull;
    return all;
  }

  uint32_t session = 0;
  uint32_t seq = 0;
  Status status = {};
  Welcome welcome = {};

 private:
  void listen() {
    for (; !chip().from_device.empty(); chip().from_device.pop_front()) {
      if (decoder_.feed(chip().from_device.front()) != FrameDecoder::Result::kBody) continue;
      wire::Answer answer;
      CHECK(wire::read(decoder_.body(), decoder_.length(), answer));
      if (answer.header.type == static_cast<uint8_t>(Type::kStatus)) status = answer.status;
      if (answer.header.type != static_cast<uint8_t>(Type::kWelcome)) continue;
      welcome = answer.welcome;
      session = welcome.session;
    }
  }

  FrameDecoder decoder_;
};

}  // namespace

TEST(sketch_leaves_the_motors_off) {
  Board board;
  for (const uint8_t pin : {kLeft[0], kLeft[1], kRight[0], kRight[1]}) {
    CHECK_EQ(chip().pins[pin].mode, OUTPUT);
    CHECK_EQ(chip().pins[pin].level, LOW);
    CHECK(chip().pins[pin].attached);
    CHECK_EQ(chip().pins[pin].duty, 0);
  }
  CHECK_EQ(chip().pins[kEnable].level, HIGH);
  board.run(500);
  CHECK(board.braked());
}

TEST(sketch_gives_channels_that_share_a_timer_one_frequency) {
  Board board;
  for (const bench::Pin& one : chip().pins) {
    for (const bench::Pin& other : chip().pins) {
      if (&one == &other || !one.attached || !other.attached) continue;
      CHECK(one.channel != other.channel);
      if (one.channel / 2 == other.channel / 2) CHECK_EQ(one.hz, other.hz);
      CHECK(one.channel < 16);
    }
  }
}

TEST(sketch_drives_and_stops) {
  Board board;
  board.run(20);
  board.greet();
  CHECK_EQ(board.welcome.boot, 1);
  CHECK(std::string(board.welcome.name, board.welcome.name_length) == "havatar esp32");
  board.drive(200);
  board.run(100);
  CHECK(chip().pins[kLeft[0]].duty > 0);
  CHECK_EQ(chip().pins[kLeft[1]].duty, 0);
  CHECK_EQ(chip().pins[kRight[0]].duty, 0);  // it is mounted the other way round
  CHECK(chip().pins[kRight[1]].duty > 0);
  board.run(150);
  CHECK(board.braked());
  board.run(50);
  CHECK(board.status.stop_reason == StopReason::kWatchdog);
}

TEST(sketch_counts_the_wheels) {
  Board board;
  board.run(20);
  board.turn(22, 23, 6464);
  board.turn(18, 19, -6464);
  board.run(60);
  CHECK_EQ(board.status.x, 1000);
  CHECK_EQ(board.status.heading, 0);
  board.turn(22, 23, -3232);
  board.turn(18, 19, 3232);
  board.run(60);
  CHECK_EQ(board.status.x, 500);
}

TEST(sketch_keeps_the_estop_over_a_reset_and_writes_it_once) {
  Board board;
  board.run(20);
  board.greet();
  board.drive(200);
  board.run(50);
  CHECK(!board.braked());
  const uint32_t writes = chip().writes;
  chip().set(kButton, HIGH);
  board.run(1);
  CHECK(board.braked());
  board.run(200);
  CHECK_EQ(chip().writes, writes + 1);
  board.boot();
  board.run(60);
  CHECK(board.status.state == State::kEstop);
  CHECK_EQ(board.status.boot, 2);
  CHECK_EQ(board.status.latch, 1);
  CHECK_EQ(chip().writes, writes + 2);  // the boot, and nothing else
}

TEST(sketch_that_cannot_read_its_store_wakes_up_latched) {
  const struct {
    const char* name;
    void (*spoil)();
  } rows[] = {
      {"does not open", [] { chip().store_opens = false; }},
      {"never written", [] { chip().stored.clear(); }},
      {"not a latch", [] { chip().stored["estop"] = 0x20000; }},
  };
  for (const auto& row : rows) {
    check::about() = row.name;
    Board board;
    row.spoil();
    board.boot();
    board.run(60);
    CHECK(board.status.state == State::kEstop);
    CHECK_EQ(board.status.latch, 0);
    chip().store_opens = true;
    board.run(1000);
    CHECK_EQ(chip().stored["estop"], 0x10000);
    board.greet();
    CHECK_EQ(board.welcome.features, 0x1FF);
  }
}

TEST(sketch_whose_store_cannot_be_written_says_so_and_tries_again) {
  Board board;
  chip().store_writes = false;
  board.boot();
  board.run(20);
  board.greet();
  CHECK_EQ(board.welcome.features, 0x0FF);
  CHECK(board.welcome.boot != 1);  // it cannot count them
  chip().set(kButton, HIGH);
  board.run(1);
  CHECK(board.braked());
  const uint32_t tried = chip().tried;
  board.run(10000);
  CHECK_EQ(chip().tried - tried, 10);
  CHECK_EQ(chip().stored["estop"], 0);
  chip().store_writes = true;
  board.run(1000);
  CHECK_EQ(chip().stored["estop"], 0x10001);
  board.greet();
  CHECK_EQ(board.welcome.features, 0x1FF);
}

TEST(sketch_reads_battery_fault_and_mute) {
  Board board;
  board.run(300);
  CHECK(board.status.battery_mv > 11900 && board.status.battery_mv < 12100);
  CHECK_EQ(board.status.flags, 0);
  chip().set(27, LOW);
  chip().set(35, LOW);
  chip().battery_mv = 0;
  board.run(300);
  CHECK_EQ(board.status.flags, kFlagMotorFault | kFlagMute);
  CHECK_EQ(board.status.battery_mv, 0);
}

TEST(sketch_moves_head_light_and_sound) {
  Board board;
  board.run(20);
  board.greet();
  board.send(wire::Body(Type::kHead, board.session, ++board.seq).u16(9000).u16(static_cast<uint16_t>(-9000)));
  CHECK_EQ(chip().pins[16].duty, 2500 * 16384 / 20000);
  CHECK_EQ(chip().pins[17].duty, 500 * 16384 / 20000);
  board.send(wire::Body(Type::kLights, board.session, ++board.seq).u8(77).u8(1));
  CHECK_EQ(chip().pins[14].duty, 77);
  CHECK_EQ(chip().pins[2].level, HIGH);
  board.send(wire::Body(Type::kBuzzer, board.session, ++board.seq).u16(440).u16(100));
  CHECK_EQ(chip().pins[4].hz, 440);
  board.run(100);
  CHECK_EQ(chip().pins[4].hz, 0);
}

TEST(sketch_never_waits_for_the_line_and_feeds_the_watchdog) {
  Board board;
  CHECK(chip().watched);
  CHECK(chip().watchdog_resets);
  CHECK(chip().watchdog_ms >= 100 && chip().watchdog_ms <= 300);
  chip().room = 0;
  const uint32_t fed = chip().fed;
  board.run(1000);
  CHECK(chip().from_device.empty());
  CHECK_EQ(chip().fed - fed, 1000);
  chip().room = 7;
  board.run(100);
  CHECK(board.status.clock > 1000);
}
