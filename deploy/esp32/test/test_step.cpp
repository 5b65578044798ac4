// Steps on ideal motors: where they end, what begins and what ends them.
#include <cmath>
#include <string>

#include "check.h"
#include "robot.h"

using namespace havatar;

namespace {

constexpr double kTrack = 260;

// What the wheels have done in truth, in mm and mrad.
double way(const Robot& robot) { return (robot.plant.way[0] + robot.plant.way[1]) / 2; }
double turned(const Robot& robot) { return (robot.plant.way[1] - robot.plant.way[0]) / kTrack * 1000; }

}  // namespace

TEST(steps_end_where_they_should) {
  const struct {
    uint32_t kind;
    int amount;
    uint32_t speed;
    double within;
  } rows[] = {
      {0, 1000, 500, 10}, {0, 1000, 150, 10}, {0, -1000, 500, 10}, {0, 50, 150, 10},     {0, 200, 500, 10},
      {0, 5, 150, 5},     {0, 100, 10, 5},    {1, 1571, 524, 35},  {1, -1571, 785, 35},  {1, 3142, 65535, 35},
      {1, 87, 524, 35},   {1, 785, 100, 35},  {1, -262, 524, 35},
  };
  for (const double lag : {20.0, 80.0, 150.0}) {
    for (const auto& row : rows) {
      check::about() = std::to_string(row.kind) + ": " + std::to_string(row.amount) + " at " + std::to_string(row.speed) +
                       ", lag " + std::to_string(lag);
      Robot robot;
      robot.plant.lag = lag;
      robot.ready();
      const uint32_t took = robot.step_until_over(1, row.kind, row.amount, row.speed);
      CHECK(robot.look().step_result == StepResult::kDone);
      CHECK(robot.status.state == State::kReady);
      CHECK(robot.status.stop_reason == StopReason::kStart);
      const double along = row.kind == 0 ? way(robot) : turned(robot);
      const double aside = row.kind == 0 ? turned(robot) : way(robot);
      CHECK(std::fabs(along - row.amount) <= row.within);
      CHECK(std::fabs(aside) <= 10);
      CHECK(took < 20000);
      if (std::getenv("HAVATAR_SHOW") != nullptr) {
        std::printf("%s: ended at %.1f, %u ms\n", check::about().c_str(), along, took);
      }
    }
  }
}

TEST(a_step_brakes_where_it_ends) {
  Robot robot;
  robot.ready();
  for (uint32_t ticks = 0; ticks < 1000 && robot.look().step_result != StepResult::kDone; ++ticks) {
    CHECK(ticks < 3 || robot.out.brake == 0);
    robot.step(1, 0, 100, 200);
    robot.tick();
  }
  CHECK(robot.status.step_result == StepResult::kDone);
  CHECK_EQ(robot.out.brake, 1);
}

// Slower than a creep, a real motor would stick before it is there.
TEST(a_gentle_step_creeps_to_its_end) {
  Robot robot;
  robot.ready();
  robot.limits(500, 250, 785, 20, 100);
  CHECK(robot.step_until_over(1, 0, 100, 200) < 5000);
  CHECK(robot.step_until_over(2, 1, 785, 200) < 6200);
}

TEST(a_straight_step_finds_back_to_its_heading) {
  Robot robot;
  robot.ready();
  robot.step(1, 0, 1000, 300);
  robot.run(200);
  robot.step(1, 0, 1000, 300);
  robot.plant.stuck[0] = true;  // a doorstep
  robot.run(200);
  robot.plant.stuck[0] = false;
  CHECK(std::fabs(turned(robot)) > 50);
  robot.step_until_over(1, 0, 1000, 300);
  CHECK(std::fabs(turned(robot)) <= 10);
}

TEST(a_step_of_nothing_is_done_at_once) {
  for (const uint32_t kind : {0U, 1U}) {
    Robot robot;
    robot.ready();
    robot.step(1, kind, 0, 100);
    robot.tick();
    CHECK(!robot.moving());
    CHECK(robot.look().step_result == StepResult::kDone);
  }
}

TEST(steps_out_of_range_are_refused) {
  const struct {
    uint32_t kind;
    int amount;
    uint32_t speed;
    Refusal refusal;
  } rows[] = {
      {0, 1000, 1, Refusal::kNone},         {0, 1001, 1, Refusal::kOutOfRange},  {0, -1001, 1, Refusal::kOutOfRange},
      {1, 3142, 1, Refusal::kNone},         {1, -3142, 1, Refusal::kNone},       {1, 3143, 1, Refusal::kOutOfRange},
      {2, 1, 1, Refusal::kOutOfRange},      {255, 1, 1, Refusal::kOutOfRange},   {0, 10, 0, Refusal::kOutOfRange},
      {0, INT32_MIN, 1, Refusal::kOutOfRange}, {1, INT32_MAX, 1, Refusal::kOutOfRange}, {0, 1, 65535, Refusal::kNone},
  };
  for (const auto& row : rows) {
    check::about() = std::to_string(row.kind) + ": " + std::to_string(row.amount) + " at " + std::to_string(row.speed);
    Robot robot;
    robot.ready();
    robot.step(1, row.kind, row.amount, row.speed);
    CHECK(robot.refusal() == row.refusal);
  }
}

TEST(a_step_id_is_begun_once) {
  Robot robot;
  robot.ready();
  robot.step_until_over(7, 0, 50, 200);
  const double after = way(robot);
  robot.step_until_over(7, 0, 50, 200);
  CHECK(std::fabs(way(robot) - after) < 1);
  robot.tick(1);
  robot.step(6, 0, 50, 200);
  CHECK(robot.refusal() == Refusal::kOutOfOrder);
  robot.step_until_over(8, 0, 50, 200);
  CHECK(std::fabs(way(robot) - 2 * after) < 5);
  CHECK_EQ(robot.look().step, 8);
}

TEST(step_ids_wrap) {
  Robot robot;
  robot.ready();
  robot.step_until_over(65535, 0, 20, 200);
  robot.step(0, 0, 20, 200);
  CHECK(robot.refusal() == Refusal::kNone);
  CHECK_EQ(robot.look().step, 0);
  robot.tick(1);
  robot.step(32769, 0, 20, 200);
  CHECK(robot.refusal() == Refusal::kOutOfOrder);
}

TEST(a_repetition_changes_nothing_but_the_breath) {
  Robot robot;
  robot.ready();
  robot.step(1, 0, 200, 200);
  robot.run(100);
  robot.step(1, 9, 99999, 0);
  CHECK(robot.refusal() == Refusal::kNone);
  robot.step_until_over(1, 1, 500, 100);
  CHECK(std::fabs(way(robot) - 200) < 10);
  CHECK(std::fabs(turned(robot)) < 10);
}

TEST(the_last_breath_of_a_step_does_not_feed_a_drive) {
  Robot robot;
  robot.ready();
  robot.step_until_over(1, 0, 50, 200);
  robot.drive(200, 0, {0, 0, 8000});
  const uint32_t sent = robot.now;
  while (robot.now - sent < 260) {
    robot.step(1, 0, 50, 200);
    robot.tick(5);
  }
  CHECK(!robot.moving());
  CHECK(robot.look().stop_reason == StopReason::kWatchdog);
}

TEST(steps_begin_at_rest_and_one_at_a_time) {
  Robot robot;
  robot.ready();
  robot.drive_for(500, 300, 0);
  robot.step(1, 0, 100, 100);
  CHECK(robot.refusal() == Refusal::kNeutralFirst);
  robot.tick(1);
  robot.neutral();
  robot.step(1, 0, 100, 100);
  CHECK(robot.refusal() == Refusal::kNeutralFirst);
  robot.run(1500);
  robot.step(1, 0, 100, 100);
  CHECK(robot.refusal() == Refusal::kNone);
  robot.run(100);
  robot.step(2, 0, 100, 100);
  CHECK(robot.refusal() == Refusal::kStepRunning);
  robot.tick(1);
  robot.drive(100, 0);
  CHECK(robot.refusal() == Refusal::kStepRunning);
  robot.neutral();
  CHECK(robot.look().step_result == StepResult::kStopped);
  CHECK(robot.status.state == State::kReady);
  robot.run(500);
  CHECK(!robot.moving());
}

TEST(a_robot_that_is_pushed_begins_no_step) {
  Robot robot;
  robot.ready();
  robot.plant.brake_lag = 100000;
  robot.plant.speed[0] = robot.plant.speed[1] = 100;
  robot.run(200);
  robot.step(1, 0, 100, 100);
  CHECK(robot.refusal() == Refusal::kNeutralFirst);
}

TEST(steps_need_breath) {
  const struct {
    const char* name;
    Life life;
    void (*end)(Robot&);
    StepResult result;
  } rows[] = {
      {"watchdog", {0, 0, 8000}, [](Robot& r) { r.run(250); }, StepResult::kTimedOut},
      {"old", {0, 200, 8000}, [](Robot& r) { r.run(100); }, StepResult::kTimedOut},
      {"ended", {0, 0, 100}, [](Robot& r) { r.run(100); }, StepResult::kTimedOut},
      {"STOP", {0, 0, 8000}, [](Robot& r) { r.stop(); }, StepResult::kStopped},
      {"ESTOP", {0, 0, 8000}, [](Robot& r) { r.estop(); }, StepResult::kStopped},
  };
  for (const auto& row : rows) {
    check::about() = row.name;
    Robot robot;
    robot.ready();
    robot.step(3, 0, 1000, 300, row.life);
    robot.tick();
    CHECK(robot.look().state == State::kStepping);
    CHECK(robot.status.step_result == StepResult::kRunning);
    row.end(robot);
    robot.tick(1);
    CHECK(!robot.moving());
    CHECK_EQ(robot.out.brake, 1);
    CHECK(robot.look().step_result == row.result);
    CHECK(robot.status.state == State::kHeld || robot.status.state == State::kEstop);
    robot.hello();
    CHECK(robot.look().step_result == StepResult::kNone);
    CHECK_EQ(robot.status.step, 0);
  }
}
