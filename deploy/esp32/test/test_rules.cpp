// The three rules, the stamp's, "neutral first": what makes the wheels stop.
#include <string>

#include "check.h"
#include "robot.h"

using namespace havatar;

namespace {

// The first moment, in ms after the set-point, at which the outputs are zero, looked at every millisecond.
uint32_t stopped_after(Robot& robot, const Life& life) {
  robot.drive(300, 0, life);
  const uint32_t sent = robot.now;
  while (robot.now - sent < 2000) {
    robot.tick(1);
    if (robot.out.brake != 0) return robot.now - sent;
    CHECK(robot.moving() || robot.now - sent < 3);
  }
  return UINT32_MAX;
}

}  // namespace

TEST(each_rule_stops_on_its_millisecond_also_where_the_clock_wraps) {
  const struct {
    const char* name;
    Life life;
    uint32_t after;
    StopReason reason;
  } rows[] = {
      {"watchdog", {0, 0, 8000}, 250, StopReason::kWatchdog},
      {"watchdog before old", {0, 49, 8000}, 250, StopReason::kWatchdog},
      {"old", {0, 100, 8000}, 200, StopReason::kOld},
      {"old, under way for long", {-150, 100, 8000}, 50, StopReason::kOld},
      {"old by the millisecond", {0, 299, 8000}, 1, StopReason::kOld},
      {"ended", {0, 0, 120}, 120, StopReason::kEnded},
      {"ended, counted from the stamp", {-100, 0, 120}, 20, StopReason::kEnded},
      {"a stamp ahead buys nothing", {5, 0, 100}, 100, StopReason::kEnded},
      {"a stamp ahead makes nobody younger", {5, 200, 1000}, 100, StopReason::kOld},
  };
  for (const auto& row : rows) {
    for (const uint32_t start : {1000U, 0xFFFFFFFFU - 60, 0xFFFFFFFFU - 200, 0x7FFFFFFFU - 60, 0x80000000U - 200}) {
      check::about() = std::string(row.name) + " from " + std::to_string(start);
      Robot robot({}, start);
      robot.ready();
      CHECK_EQ(stopped_after(robot, row.life), row.after);
      CHECK(robot.look().stop_reason == row.reason);
      CHECK(robot.status.state == State::kHeld);
      CHECK_EQ(robot.status.trips, 1);
    }
  }
}

TEST(late_set_points_are_refused) {
  const struct {
    const char* name;
    Life life;
    Refusal refusal;
  } rows[] = {
      {"fresh", {0, 0, 1000}, Refusal::kNone},
      {"age 299", {0, 299, 1000}, Refusal::kNone},
      {"age 300", {0, 300, 1000}, Refusal::kLate},
      {"age 65535", {0, 65535, 1000}, Refusal::kLate},
      {"under way for 299", {-299, 0, 1000}, Refusal::kNone},
      {"under way for 300", {-300, 0, 1000}, Refusal::kLate},
      {"age and way 299", {-150, 149, 1000}, Refusal::kNone},
      {"age and way 300", {-150, 150, 1000}, Refusal::kLate},
      {"the sum wraps", {-2147483647, 65535, 1000}, Refusal::kLate},
      {"a minute ago", {-60000, 0, 8000}, Refusal::kLate},
      {"5 ahead", {5, 0, 1000}, Refusal::kNone},
      {"5 ahead and old", {5, 300, 1000}, Refusal::kLate},
      {"6 ahead", {6, 0, 1000}, Refusal::kStampAhead},
      {"half a circle ahead", {2147483647, 0, 1000}, Refusal::kStampAhead},
      {"left 1", {0, 0, 1}, Refusal::kNone},
      {"left is over", {-100, 0, 100}, Refusal::kLate},
      {"left 0", {0, 0, 0}, Refusal::kOutOfRange},
      {"left 8000", {0, 0, 8000}, Refusal::kNone},
      {"left 8001", {0, 0, 8001}, Refusal::kOutOfRange},
  };
  for (const auto& row : rows) {
    for (const uint32_t start : {1000U, 0xFFFFFFFFU - 20, 10U}) {
      for (const bool step : {false, true}) {
        check::about() = std::string(row.name) + (step ? ", step" : ", drive") + " at " + std::to_string(start);
        Robot robot({}, start);
        robot.ready();
        if (step) {
          robot.step(1, 0, 100, 100, row.life);
        } else {
          robot.drive(100, 0, row.life);
        }
        CHECK(robot.refusal() == row.refusal);
        CHECK(robot.look().state == (row.refusal != Refusal::kNone ? State::kReady : step ? State::kStepping : State::kDriving));
      }
    }
  }
}

TEST(neutral_is_refused_for_its_stamp_only) {
  Robot robot;
  robot.tick();
  robot.hello();
  robot.drive(0, 0, {6, 0, 1000});
  CHECK(robot.refusal() == Refusal::kStampAhead);
  CHECK(robot.look().state == State::kHeld);
  robot.drive(0, 0, {-5000, 60000, 0});
  CHECK(robot.refusal() == Refusal::kNone);
  CHECK(robot.look().state == State::kReady);
}

TEST(every_stop_asks_for_neutral_first) {
  const struct {
    const char* name;
    void (*stop)(Robot&);
    StopReason reason;
  } rows[] = {
      {"STOP", [](Robot& r) { r.stop(); }, StopReason::kStop},
      {"STOP of no session", [](Robot& r) { r.send(wire::Body(Type::kStop, 0, 0).u8(0)); }, StopReason::kStop},
      {"STOP seen before", [](Robot& r) { r.send(wire::Body(Type::kStop, r.session, 1).u8(0)); }, StopReason::kStop},
      {"HELLO", [](Robot& r) { r.hello(); }, StopReason::kStart},
      {"watchdog", [](Robot& r) { r.run(250); }, StopReason::kWatchdog},
      {"old", [](Robot& r) { r.drive(200, 0, {0, 250, 1000}); r.run(50); }, StopReason::kOld},
      {"ended", [](Robot& r) { r.drive(200, 0, {0, 0, 50}); r.run(50); }, StopReason::kEnded},
      {"e-stop", [](Robot& r) { r.estop(); r.tick(); r.release(1); }, StopReason::kEstop},
      {"button", [](Robot& r) { r.in.estop_button = 1; r.tick(); r.in.estop_button = 0; r.tick(); r.release(1); }, StopReason::kEstop},
      {"motor fault", [](Robot& r) { r.in.motor_fault = 1; r.tick(); r.in.motor_fault = 0; r.tick(); }, StopReason::kMotorFault},
      {"blocked", [](Robot& r) { r.plant.stuck[0] = true; r.drive_for(800, 200, 0); r.plant.stuck[0] = false; }, StopReason::kBlocked},
  };
  for (const auto& row : rows) {
    check::about() = row.name;
    Robot robot;
    robot.ready();
    robot.drive_for(300, 200, 0);
    CHECK(robot.moving());
    row.stop(robot);
    robot.tick(1);
    CHECK(!robot.moving());
    CHECK_EQ(robot.out.brake, 1);
    CHECK(robot.look().stop_reason == row.reason);
    CHECK(robot.status.state == State::kHeld);
    robot.refusal();
    robot.tick(1);
    robot.drive(100, 0);
    CHECK(robot.refusal() == Refusal::kNeutralFirst);
    robot.tick(1);
    robot.step(9, 0, 100, 100);
    CHECK(robot.refusal() == Refusal::kNeutralFirst);
    robot.run(20);
    CHECK(!robot.moving());
    robot.neutral();
    CHECK(robot.look().state == State::kReady);
    robot.drive_for(100, 200, 0);
    CHECK(robot.moving());
  }
}

TEST(a_stop_takes_effect_before_the_next_tick) {
  Robot robot;
  robot.ready();
  robot.drive_for(300, 200, 0);
  const uint32_t before = robot.statuses;
  robot.stop();
  CHECK_EQ(robot.statuses, before + 1);
  CHECK(robot.status.state == State::kHeld);
  hv_tick(robot.core, &robot.in, robot.now, &robot.out);  // in the same millisecond
  CHECK(!robot.moving());
}

TEST(a_late_tick_stops_by_the_clock) {
  for (const uint32_t late : {250U, 400U, 5000U, 0x80000001U}) {
    Robot robot;
    robot.ready();
    robot.drive_for(300, 200, 0);
    robot.drive(200, 0, {0, 0, 8000});
    robot.now += late;
    hv_tick(robot.core, &robot.in, robot.now, &robot.out);
    CHECK(!robot.moving());
    CHECK_EQ(robot.out.brake, 1);
  }
}

TEST(a_set_point_cannot_revive_what_ran_out_before_it_was_read) {
  Robot robot;
  robot.ready();
  robot.drive_for(300, 200, 0);
  robot.drive(200, 0, {0, 0, 8000});
  robot.now += 260;  // the caller was away; now it reads a fresh set-point before it ticks
  robot.drive(200, 0);
  CHECK(robot.refusal() == Refusal::kNeutralFirst);
  CHECK(robot.look().stop_reason == StopReason::kWatchdog);
  robot.tick(1);
  CHECK(!robot.moving());
}

TEST(replayed_set_points_do_not_feed_the_watchdog) {
  Robot robot;
  robot.ready();
  const wire::Bytes frame = robot.body(Type::kDrive).u32(robot.now).u16(0).u16(8000).u16(200).u16(0).frame();
  const uint32_t sent = robot.now;
  while (robot.now - sent < 400) {
    robot.bytes(frame);
    robot.tick(5);
    CHECK(robot.now - sent < 250 || !robot.moving());
  }
  CHECK(robot.look().stop_reason == StopReason::kWatchdog);
}

TEST(other_frames_do_not_feed_the_watchdog) {
  Robot robot;
  robot.ready();
  robot.drive(200, 0, {0, 0, 8000});
  const uint32_t sent = robot.now;
  while (robot.now - sent < 250) {
    robot.send(robot.body(Type::kHead).u16(0).u16(0));
    robot.send(robot.body(Type::kReport).u16(100));
    robot.tick(5);
  }
  CHECK(!robot.moving());
}

TEST(steady_set_points_keep_driving) {
  Robot robot;
  robot.ready();
  robot.drive_for(3000, 200, 100);
  CHECK(robot.look().state == State::kDriving);
  CHECK_EQ(robot.status.trips, 0);
}

TEST(trips_are_counted_and_stay_at_the_end) {
  Robot robot;
  robot.ready();
  for (int i = 0; i < 65600; ++i) {
    robot.drive(100, 0, {0, 0, 1});
    robot.now += 1;
    robot.neutral();
  }
  CHECK_EQ(robot.look().trips, 65535);
}
