// Keeping the latch over a reset by a board whose store may fail.
#include "check.h"
#include "robot.h"

using namespace havatar;

namespace {

bool told(Robot& robot) {
  robot.hello();
  return (robot.welcome.features & kFeatureLatchSurvives) != 0;
}

}  // namespace

TEST(a_latch_that_is_kept_is_asked_for_once_a_change) {
  Robot robot;
  robot.ready();
  CHECK_EQ(robot.asked, 0);
  CHECK(told(robot));
  robot.estop();
  CHECK(!told(robot));  // not stored yet
  robot.tick();
  CHECK_EQ(robot.asked, 1);
  CHECK(told(robot));
  robot.run(5000);
  robot.release(1);
  robot.run(5000);
  CHECK_EQ(robot.asked, 2);
  CHECK(told(robot));
}

TEST(a_store_that_fails_is_tried_again_every_second_and_not_boasted_of) {
  for (const bool answers : {true, false}) {
    Robot robot;
    robot.ready();
    robot.keeps = false;
    robot.answers = answers;
    robot.estop();
    robot.tick();
    CHECK_EQ(robot.asked, 1);
    robot.run(990);
    CHECK_EQ(robot.asked, 1);
    robot.run(10);
    CHECK_EQ(robot.asked, 2);
    robot.run(20000);
    CHECK_EQ(robot.asked, 22);
    CHECK(!told(robot));
    CHECK(robot.look().state == State::kEstop);
    robot.keeps = robot.answers = true;
    robot.run(1000);
    CHECK_EQ(robot.asked, 23);
    CHECK(told(robot));
    robot.run(5000);
    CHECK_EQ(robot.asked, 23);
  }
}

TEST(after_a_write_that_failed_nobody_knows_what_is_stored) {
  Robot robot;
  robot.ready();
  robot.estop();
  robot.tick();
  robot.keeps = false;
  robot.release(1);
  robot.tick();
  CHECK_EQ(robot.asked, 2);
  for (int i = 0; i < 100; ++i) {  // a host that cannot decide itself wears out no flash
    robot.estop();
    robot.tick();
    robot.release(robot.out.latch);
    robot.tick();
  }
  CHECK_EQ(robot.asked, 2 + 1);
  CHECK(!told(robot));
}

TEST(nothing_is_stored_while_the_wheels_are_driven) {
  Robot robot;
  robot.ready();
  robot.keeps = false;
  robot.estop();
  robot.tick();
  robot.release(1);
  robot.neutral();
  robot.drive_for(100, 200, 0);
  const uint32_t asked = robot.asked;
  robot.drive_for(3000, 200, 0);
  CHECK(robot.moving());
  CHECK_EQ(robot.asked, asked);
  robot.stop();
  robot.keeps = true;
  robot.tick();
  CHECK_EQ(robot.asked, asked + 1);
  CHECK(told(robot));
}

TEST(a_latch_that_cannot_be_read_is_closed_and_stored_anew) {
  Robot robot({}, 1000, 7, HV_UNREADABLE);
  CHECK(!told(robot));
  CHECK(robot.look().state == State::kEstop);
  robot.tick();
  CHECK_EQ(robot.asked, 1);
  CHECK_EQ(robot.out.latched, 1);
  CHECK_EQ(robot.out.latch, 7);
  CHECK(told(robot));
}
