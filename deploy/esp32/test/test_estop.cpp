// The e-stop's latch, the button, faults of the motors.
#include <string>

#include "check.h"
#include "robot.h"
#include "wheel.h"

using namespace havatar;

TEST(estop_is_obeyed_whatever_its_session_and_seq) {
  for (const bool known : {false, true}) {
    Robot robot;
    robot.ready();
    robot.drive_for(300, 200, 0);
    robot.send(wire::Body(Type::kEstop, known ? robot.session : 99, 0).u8(0));
    robot.tick(1);
    CHECK(!robot.moving());
    CHECK_EQ(robot.out.latched, 1);
    CHECK_EQ(robot.out.latch, 1);
    CHECK(robot.look().state == State::kEstop);
    CHECK_EQ(robot.status.flags, kFlagLatched);
  }
}

TEST(nothing_moves_while_latched) {
  Robot robot;
  robot.ready();
  robot.estop();
  const struct {
    void (*send)(Robot&);
  } rows[] = {{[](Robot& r) { r.neutral(); }}, {[](Robot& r) { r.drive(100, 0); }}, {[](Robot& r) { r.step(1, 0, 100, 100); }}};
  for (const auto& row : rows) {
    robot.tick(1);
    row.send(robot);
    CHECK(robot.refusal() == Refusal::kEstopLatched);
  }
  robot.hello();
  robot.neutral();
  CHECK(robot.look().state == State::kEstop);
  robot.run(50);
  CHECK(!robot.moving());
}

TEST(repeated_estops_are_one_latching) {
  Robot robot;
  robot.ready();
  for (int i = 0; i < 5; ++i) robot.estop();
  CHECK_EQ(robot.look().latch, 1);
  robot.release(1);
  CHECK(robot.look().state == State::kHeld);
  robot.estop();
  CHECK_EQ(robot.look().latch, 2);
}

TEST(release_needs_the_latch_the_session_the_order_and_the_button) {
  Robot robot;
  robot.ready();
  robot.estop();
  robot.tick(1);
  robot.release(0);
  CHECK(robot.refusal() == Refusal::kWrongLatch);
  robot.tick(1);
  robot.release(2);
  CHECK(robot.refusal() == Refusal::kWrongLatch);
  robot.tick(1);
  robot.send(wire::Body(Type::kRelease, robot.session + 1, 9999).u16(1));
  CHECK(robot.refusal() == Refusal::kWrongSession);
  robot.tick(1);
  robot.send(wire::Body(Type::kRelease, robot.session, 1).u16(1));
  CHECK(robot.refusal() == Refusal::kOutOfOrder);
  robot.in.estop_button = 1;
  robot.tick(1);
  robot.release(1);
  CHECK(robot.refusal() == Refusal::kButtonPressed);
  CHECK_EQ(robot.look().flags, kFlagLatched | kFlagButton);
  CHECK_EQ(robot.status.latch, 1);
  robot.in.estop_button = 0;
  robot.tick(1);
  CHECK_EQ(robot.out.latched, 1);
  robot.release(1);
  CHECK(robot.refusal() == Refusal::kNone);
  robot.tick(1);
  CHECK_EQ(robot.out.latched, 0);
  CHECK_EQ(robot.out.latch, 1);
}

TEST(a_late_repetition_of_a_release_does_not_stop_a_driver) {
  Robot robot;
  robot.ready();
  robot.estop();
  robot.release(1);
  robot.neutral();
  robot.drive_for(100, 200, 0);
  robot.release(1);
  CHECK(robot.refusal() == Refusal::kNone);
  CHECK(robot.look().state == State::kDriving);
}

TEST(the_button_latches_once_for_each_pressing) {
  Robot robot;
  robot.ready();
  robot.drive_for(300, 200, 0);
  robot.in.estop_button = 1;
  const uint32_t before = robot.statuses;
  robot.tick(1);
  CHECK(!robot.moving());
  CHECK_EQ(robot.out.brake, 1);
  CHECK_EQ(robot.statuses, before + 1);
  CHECK_EQ(robot.status.latch, 1);
  robot.run(100);
  robot.estop();
  CHECK_EQ(robot.look().latch, 1);
  robot.in.estop_button = 0;
  robot.run(10);
  CHECK(robot.look().state == State::kEstop);
  robot.release(1);
  robot.in.estop_button = 1;
  robot.tick(1);
  CHECK_EQ(robot.look().latch, 2);
}

TEST(the_latch_survives_a_reset_and_counts_on_beyond_its_end) {
  Robot robot({}, 1000, 65535, 1);
  robot.tick();
  CHECK(robot.look().state == State::kEstop);
  CHECK_EQ(robot.out.latched, 1);
  CHECK_EQ(robot.out.latch, 65535);
  robot.hello();
  robot.neutral();
  CHECK(robot.refusal() == Refusal::kEstopLatched);
  robot.release(65535);
  CHECK(robot.look().state == State::kHeld);
  robot.estop();
  CHECK_EQ(robot.look().latch, 0);
  CHECK_EQ(robot.status.flags, kFlagLatched);
}

TEST(before_the_first_look_at_the_button_nothing_is_released) {
  Robot robot({}, 1000, 3, 1);
  robot.hello();
  robot.release(3);
  CHECK(robot.refusal() == Refusal::kButtonPressed);
  robot.tick();
  robot.release(3);
  CHECK(robot.refusal() == Refusal::kNone);
}

TEST(a_motor_fault_holds_as_long_as_it_lasts) {
  Robot robot;
  robot.ready();
  robot.drive_for(300, 200, 0);
  robot.in.motor_fault = 1;
  const uint32_t before = robot.statuses;
  robot.tick(1);
  CHECK(!robot.moving());
  CHECK_EQ(robot.statuses, before + 1);
  CHECK_EQ(robot.status.flags, kFlagMotorFault);
  robot.neutral();
  robot.drive(100, 0);
  CHECK(robot.refusal() == Refusal::kNeutralFirst);
  CHECK(robot.look().state == State::kHeld);
  robot.in.motor_fault = 0;
  robot.tick(1);
  CHECK(robot.look().state == State::kHeld);
  robot.neutral();
  CHECK(robot.look().state == State::kReady);
}

TEST(a_blocked_wheel_stops_the_robot) {
  const struct {
    const char* name;
    int wheel;
    int linear, angular;
    bool encoder;  // it is the encoder that is dead
  } rows[] = {
      {"left", 0, 200, 0, false},        {"right, backwards", 1, -100, 0, false}, {"turning", 1, 0, 500, false},
      {"dead encoder", 0, 200, 0, true}, {"slow", 1, 20, 0, false},
  };
  for (const auto& row : rows) {
    check::about() = row.name;
    Robot robot;
    robot.ready();
    robot.plant.stuck[row.wheel] = !row.encoder;
    robot.plant.no_encoder[row.wheel] = row.encoder;
    const uint32_t began = robot.now;
    while (robot.now - began < 2000 && robot.look().state != State::kHeld) robot.drive_for(50, row.linear, row.angular);
    CHECK(robot.look().stop_reason == StopReason::kBlocked);
    CHECK_EQ(robot.status.flags, kFlagBlocked);
    CHECK(!robot.moving());
    CHECK(robot.now - began >= 500);
    CHECK(robot.now - began <= 700);
    robot.neutral();
    CHECK_EQ(robot.look().flags, 0);
  }
}

TEST(a_wheel_that_turns_the_wrong_way_is_blocked_before_it_runs_away) {
  Robot robot;
  robot.ready();
  robot.plant.ticks_per_metre = -6464;  // crossed encoder wires
  robot.drive_for(700, 100, 0);
  CHECK(robot.look().stop_reason == StopReason::kBlocked);
  CHECK(robot.plant.speed[0] < 500);
}

TEST(a_blocked_step_says_so) {
  Robot robot;
  robot.ready();
  robot.plant.stuck[0] = true;
  robot.plant.stuck[1] = true;
  robot.step_until_over(1, 0, 500, 150);
  CHECK(robot.look().step_result == StepResult::kBlocked);
}

TEST(very_slow_is_not_blocked) {
  hv_build build = {};
  for (const uint32_t ticks_per_metre : {6464U, 1000U}) {  // a coarse encoder is silent for half a second and more
    build.ticks_per_metre = ticks_per_metre;
    Robot robot(build);
    robot.ready();
    robot.drive_for(5000, 2, 0);
    CHECK(robot.look().state == State::kDriving);
  }
}

TEST(rolling_out_before_going_the_other_way_is_not_blocked) {
  Wheel wheel(700, 1000.0F / 6464);
  int64_t ticks = 0;
  for (int i = 0; i < 20; ++i) wheel.drive(20, 0, ticks -= 3, 5);
  for (int i = 0; i < 400; ++i) {
    wheel.drive(20, 0, ticks += i % 4 == 0 ? 1 : 0, 5);
    CHECK(!wheel.blocked());
  }
}
