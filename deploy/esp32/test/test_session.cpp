// HELLO, WELCOME, sequence numbers, STATUS and REFUSED.
#include <cstring>
#include <set>
#include <string>

#include "check.h"
#include "robot.h"
#include "session.h"

using namespace havatar;

TEST(a_booted_device_has_no_session_and_believes_nothing) {
  Robot robot;
  robot.run(60);
  CHECK(robot.statuses >= 1);
  CHECK(robot.status.state == State::kNoSession);
  CHECK(robot.status.stop_reason == StopReason::kStart);
  CHECK_EQ(robot.status.boot, 5);
  robot.neutral();
  CHECK(robot.refusal() == Refusal::kWrongSession);
  robot.run(5);
  robot.drive(100, 0);
  CHECK(robot.refusal() == Refusal::kWrongSession);
  robot.run(50);
  CHECK(!robot.moving());
  CHECK_EQ(robot.out.brake, 1);
}

TEST(welcome_tells_what_the_device_is) {
  Robot robot;
  robot.run(20);
  robot.hello(1, 3, 99);
  CHECK_EQ(robot.welcomes, 1);
  CHECK_EQ(robot.device_seq, 1);
  CHECK_EQ(robot.welcome.version, 1);
  CHECK_EQ(robot.welcome.echo, 99);
  CHECK(robot.welcome.session != 0);
  CHECK_EQ(robot.welcome.boot, 5);
  CHECK_EQ(robot.welcome.clock, robot.now);
  CHECK_EQ(robot.welcome.features, 0x1FF);
  CHECK_EQ(robot.welcome.max_linear, 500);
  CHECK_EQ(robot.welcome.max_reverse, 250);
  CHECK_EQ(robot.welcome.max_angular, 785);
  CHECK_EQ(robot.welcome.watchdog, 250);
  CHECK(std::string(robot.welcome.name, robot.welcome.name_length) == "bench");
  CHECK(robot.look().state == State::kHeld);
}

TEST(names_are_cut_between_characters) {
  const struct {
    const char* given;
    const char* kept;
  } rows[] = {
      {"", "havatar"},
      {nullptr, "havatar"},
      {"x", "x"},
      {"123456789012345678901234", "123456789012345678901234"},
      {"1234567890123456789012345", "123456789012345678901234"},
      {"1234567890123456789012\xE2\x82\xAC", "1234567890123456789012"},
      {"123456789012345678901\xE2\x82\xAC", "123456789012345678901\xE2\x82\xAC"},
      {"12345678901234567890123\xC3\xBC", "12345678901234567890123"},
  };
  for (const auto& row : rows) {
    check::about() = row.kept;
    Robot robot({}, 0, 0, 0, row.given);
    robot.hello();
    CHECK(std::string(robot.welcome.name, robot.welcome.name_length) == row.kept);
  }
}

TEST(without_a_common_version_there_is_no_session) {
  for (const auto& versions : {std::pair<uint32_t, uint32_t>{2, 9}, {0, 0}, {9, 0}}) {
    Robot robot;
    robot.ready();
    robot.hello(versions.first, versions.second);
    CHECK_EQ(robot.welcome.version, 0);
    CHECK_EQ(robot.welcome.session, 0);
    CHECK(robot.look().state == State::kNoSession);
    robot.neutral();
    CHECK(robot.refusal() == Refusal::kWrongSession);
  }
}

TEST(every_hello_draws_another_session_and_stops) {
  Robot robot;
  robot.ready();
  std::set<uint32_t> seen = {0};
  for (int i = 0; i < 1000; ++i) {
    robot.hello();
    CHECK(seen.insert(robot.session).second);
  }
  robot.neutral();
  robot.drive_for(200, 200, 0);
  CHECK(robot.moving());
  robot.hello();
  robot.tick(1);
  CHECK(!robot.moving());
  CHECK_EQ(robot.out.brake, 1);
  CHECK(robot.look().stop_reason == StopReason::kStart);
  CHECK_EQ(robot.status.accepted, 0);
}

namespace {
uint32_t stuck(void* context) { return *static_cast<uint32_t*>(context); }
}  // namespace

TEST(a_stuck_source_of_randomness_neither_hangs_nor_repeats) {
  for (uint32_t value : {0U, 1U, 0xFFFFFFFFU}) {
    std::set<uint32_t> seen = {0};
    for (uint32_t boot = 1; boot <= 20; ++boot) {
      Session session(stuck, &value, boot);
      for (int i = 0; i < 50; ++i) {  // the very same HELLO, as of a recording
        session.begin(7);
        CHECK(seen.insert(session.number()).second);
      }
    }
  }
}

TEST(boot_nonce_and_dice_each_make_another_session) {
  std::set<uint32_t> seen = {0};
  for (uint32_t boot = 0; boot < 10; ++boot) {
    for (uint32_t nonce = 0; nonce < 10; ++nonce) {
      for (uint32_t value = 0; value < 10; ++value) {
        Session session(stuck, &value, boot);
        session.begin(nonce);
        CHECK(seen.insert(session.number()).second);
      }
    }
  }
}

// What would become 0, or the former number again, is passed over.
TEST(a_session_is_never_the_reserved_number) {
  uint32_t value = 0;
  Session session(stuck, &value, 0);
  session.begin(0xBB055C8A);
  CHECK(session.number() != 0);
}

TEST(frames_are_believed_once_in_order_and_in_their_session) {
  Robot robot;
  robot.ready();
  const wire::Bytes old = robot.body(Type::kHead).u16(100).u16(0).frame();
  const wire::Bytes newer = robot.body(Type::kHead).u16(200).u16(0).frame();
  robot.bytes(newer);
  CHECK_EQ(robot.look().pan, 200);
  CHECK_EQ(robot.status.accepted, robot.seq);
  robot.tick(1);
  robot.bytes(newer);
  CHECK(robot.refusal() == Refusal::kOutOfOrder);
  robot.tick(1);
  robot.bytes(old);
  CHECK(robot.refusal() == Refusal::kOutOfOrder);
  CHECK_EQ(robot.look().pan, 200);
  const uint32_t former = robot.session;
  robot.hello();
  robot.tick(1);
  robot.bytes(wire::Body(Type::kHead, former, 1000).u16(300).u16(0).frame());
  CHECK(robot.refusal() == Refusal::kWrongSession);
  CHECK_EQ(robot.look().pan, 200);
}

TEST(a_refused_frame_is_not_counted_as_accepted) {
  Robot robot;
  robot.ready();
  const uint32_t before = robot.look().accepted;
  robot.send(robot.body(Type::kReport).u16(19));
  CHECK(robot.refusal() == Refusal::kOutOfRange);
  CHECK_EQ(robot.look().accepted, before);
}

TEST(unknown_types_and_wrong_lengths_are_refused) {
  const struct {
    uint8_t type;
    size_t good;
  } types[] = {{1, 15}, {2, 21}, {3, 26}, {4, 10}, {5, 10}, {6, 11}, {7, 13}, {8, 11}, {9, 13}, {10, 19}, {11, 11}};
  Robot robot;
  robot.ready();
  for (const auto& type : types) {
    for (size_t length = kMinBody; length <= kMaxBody; ++length) {
      check::about() = std::to_string(type.type) + " of " + std::to_string(length);
      if (length == type.good) continue;
      robot.tick(1);
      wire::Body body(static_cast<Type>(type.type), robot.session, 1000);
      while (body.bytes().size() < length) body.u8(0);
      robot.send(body);
      CHECK(robot.refusal() == Refusal::kWrongLength);
    }
  }
  CHECK(robot.look().state == State::kReady);
  for (unsigned type = 0; type < 256; ++type) {
    check::about() = "type " + std::to_string(type);
    if ((type >= 1 && type <= 11) || (type >= 0x41 && type <= 0x43)) continue;
    robot.tick(1);
    robot.send(wire::Body(static_cast<Type>(type), robot.session, 1000));
    CHECK(robot.refusal() == Refusal::kUnknownType);
  }
}

TEST(an_echo_of_its_own_frames_is_not_answered) {
  Robot robot;
  robot.ready();
  for (const uint32_t type : {0x41U, 0x42U, 0x43U}) {
    robot.tick(1);
    const uint32_t before = robot.refusals;
    robot.send(wire::Body(static_cast<Type>(type), robot.session, 1000).u32(0).u16(0));
    CHECK_EQ(robot.refusals, before);
  }
}

TEST(ranges_are_kept) {
  const struct {
    Type type;
    uint32_t first, second;
    Refusal refusal;
  } rows[] = {
      {Type::kLights, 255, 2, Refusal::kNone},        {Type::kLights, 0, 3, Refusal::kOutOfRange},
      {Type::kBuzzer, 0, 0, Refusal::kNone},          {Type::kBuzzer, 99, 10, Refusal::kOutOfRange},
      {Type::kBuzzer, 100, 2000, Refusal::kNone},     {Type::kBuzzer, 5001, 10, Refusal::kOutOfRange},
      {Type::kBuzzer, 5000, 2001, Refusal::kOutOfRange}, {Type::kReport, 19, 0, Refusal::kOutOfRange},
      {Type::kReport, 20, 0, Refusal::kNone},         {Type::kReport, 1000, 0, Refusal::kNone},
      {Type::kReport, 1001, 0, Refusal::kOutOfRange},
  };
  Robot robot;
  robot.ready();
  for (const auto& row : rows) {
    check::about() = std::to_string(row.first) + " " + std::to_string(row.second);
    robot.tick(1);
    wire::Body body = robot.body(row.type);
    if (row.type == Type::kLights) {
      body.u8(row.first).u8(row.second);
    } else {
      body.u16(row.first);
      if (row.type == Type::kBuzzer) body.u16(row.second);
    }
    robot.send(body);
    CHECK(robot.refusal() == row.refusal);
  }
}

TEST(status_comes_as_often_as_asked_for) {
  for (const uint32_t period : {20U, 50U, 100U, 1000U}) {
    Robot robot;
    robot.ready();
    robot.send(robot.body(Type::kReport).u16(period));
    const uint32_t before = robot.statuses;
    robot.run(2000);
    CHECK_EQ(robot.statuses - before, 2000 / period);
    robot.hello();
    const uint32_t again = robot.statuses;
    robot.run(1000);
    CHECK_EQ(robot.statuses - again, 20);
  }
}

TEST(stops_and_releases_are_answered_at_once) {
  Robot robot;
  robot.ready();
  robot.run(5);
  const struct {
    void (*send)(Robot&);
  } rows[] = {{[](Robot& r) { r.stop(); }}, {[](Robot& r) { r.estop(); }}, {[](Robot& r) { r.release(9); }},
              {[](Robot& r) { r.release(1); }}};
  for (const auto& row : rows) {
    const uint32_t before = robot.statuses;
    row.send(robot);
    CHECK_EQ(robot.statuses, before + 1);
  }
}

TEST(a_flood_is_answered_by_no_more_than_one_refusal_a_millisecond) {
  Robot robot;
  robot.ready();
  robot.tick(1);
  wire::Bytes flood;
  for (int i = 0; i < 1000; ++i) {
    const wire::Bytes frame = wire::Body(Type::kHead, 1, 1).u16(0).u16(0).frame();
    flood.insert(flood.end(), frame.begin(), frame.end());
  }
  const uint32_t before = robot.refusals;
  robot.bytes(flood);
  CHECK_EQ(robot.refusals, before + 1);
  robot.bytes(flood);
  CHECK_EQ(robot.refusals, before + 1);
  robot.tick(1);
  robot.bytes(flood);
  CHECK_EQ(robot.refusals, before + 2);
}

TEST(a_line_that_is_stuck_loses_refusals_and_never_the_status) {
  Robot robot;
  robot.ready();
  uint8_t byte;
  for (int i = 0; i < 1000; ++i) {  // nobody listens
    robot.now += 5;
    const wire::Bytes frame = wire::Body(Type::kHead, 1, 1).u16(0).u16(0).frame();
    hv_receive(robot.core, frame.data(), frame.size(), robot.now);
    hv_tick(robot.core, &robot.in, robot.now, &robot.out);
  }
  const wire::Bytes stop = wire::Body(Type::kStop, 0, 0).u8(0).frame();
  hv_receive(robot.core, stop.data(), stop.size(), robot.now);
  const uint32_t refusals = robot.refusals;
  const uint32_t statuses = robot.statuses;
  robot.listen();
  CHECK_EQ(robot.statuses, statuses + 1);
  CHECK(robot.status.stop_reason == StopReason::kStop);
  CHECK_EQ(robot.status.clock, robot.now);
  CHECK_EQ(robot.refusals, refusals + 4);
  CHECK_EQ(hv_transmit(robot.core, &byte, 1), 0);
  CHECK_EQ(hv_transmit(robot.core, &byte, 0), 0);
}

TEST(answers_leave_byte_by_byte_as_well) {
  Robot robot;
  robot.tick();
  const wire::Bytes hello = wire::Body(Type::kHello, 0, 1).u8(1).u8(1).u32(5).frame();
  hv_receive(robot.core, hello.data(), hello.size(), robot.now);
  FrameDecoder decoder;
  uint8_t byte = 0;
  int bodies = 0;
  while (hv_transmit(robot.core, &byte, 1) == 1) bodies += decoder.feed(byte) == FrameDecoder::Result::kBody ? 1 : 0;
  CHECK_EQ(bodies, 1);
}

TEST(nothing_of_a_former_session_is_answered_in_the_new_one) {
  Robot robot;
  robot.ready();
  robot.tick(1);
  wire::Bytes bytes = wire::Body(Type::kHead, 1, 77).u16(0).u16(0).frame();
  const wire::Bytes hello = wire::Body(Type::kHello, 0, 1).u8(1).u8(1).u32(5).frame();
  bytes.insert(bytes.end(), hello.begin(), hello.end());
  const uint32_t before = robot.refusals;
  robot.bytes(bytes);
  CHECK_EQ(robot.refusals, before);
  CHECK_EQ(robot.device_seq, 1);
}
