// Speeds, ramps, limits and odometry, on ideal motors.
#include <cmath>
#include <string>

#include "check.h"
#include "odometry.h"
#include "ramp.h"
#include "robot.h"

using namespace havatar;

namespace {

constexpr double kTrack = 260;

double linear(const Robot& robot) { return (robot.plant.speed[0] + robot.plant.speed[1]) / 2; }
double angular(const Robot& robot) { return (robot.plant.speed[1] - robot.plant.speed[0]) / kTrack * 1000; }

}  // namespace

TEST(a_speed_asked_for_is_reached_and_kept) {
  const struct {
    int linear, angular;
  } rows[] = {{100, 0}, {500, 0}, {-250, 0}, {0, 785}, {0, -300}, {300, 400}, {20, 0}, {-100, -785}};
  for (const auto& row : rows) {
    check::about() = std::to_string(row.linear) + " " + std::to_string(row.angular);
    Robot robot;
    robot.ready();
    robot.drive_for(3000, row.linear, row.angular);
    CHECK(std::fabs(linear(robot) - row.linear) <= 2 + 0.02 * std::abs(row.linear));
    CHECK(std::fabs(angular(robot) - row.angular) <= 15 + 0.02 * std::abs(row.angular));
    CHECK(std::fabs(robot.look().linear - linear(robot)) <= 10);
    CHECK(std::fabs(robot.status.angular - angular(robot)) <= 50);
    CHECK(robot.status.state == State::kDriving);
  }
}

TEST(weak_motors_are_helped_and_strong_ones_held_back) {
  for (const double full_speed : {550.0, 900.0}) {
    Robot robot;
    robot.plant.full_speed = full_speed;
    robot.ready();
    robot.drive_for(3000, 300, 0);
    CHECK(std::fabs(linear(robot) - 300) <= 6);
  }
}

TEST(no_limit_is_exceeded) {
  const struct {
    int linear, angular;
  } rows[] = {{32767, 0}, {-32768, 0}, {0, 32767}, {0, -32768}, {32767, 32767}, {-32768, -32768}};
  for (const auto& row : rows) {
    check::about() = std::to_string(row.linear) + " " + std::to_string(row.angular);
    Robot robot;
    robot.ready();
    double last = 0;
    double fastest = 0;
    double turning = 0;
    double gain = 0;
    for (int i = 0; i < 600; ++i) {
      if (i % 10 == 0) robot.drive(row.linear, row.angular);
      robot.tick();
      fastest = std::fmax(fastest, linear(robot) > 0 ? linear(robot) / 500 : -linear(robot) / 250);
      turning = std::fmax(turning, std::fabs(angular(robot)) / 785);
      gain = std::fmax(gain, std::fabs(linear(robot) - last) / (500 * 0.005));
      last = linear(robot);
    }
    if (std::getenv("HAVATAR_SHOW") != nullptr) {
      std::printf("%s: %.3f, %.3f, %.3f of the limits\n", check::about().c_str(), fastest, turning, gain);
    }
    CHECK(fastest <= 1.01);
    CHECK(turning <= 1.03);
    CHECK(gain <= 1.2);
    if (row.linear > 0) CHECK(linear(robot) > 480);
    if (row.linear < 0) CHECK(linear(robot) < -240);
  }
}

TEST(limits_lower_and_never_raise) {
  Robot robot;
  robot.ready();
  robot.limits(65535, 65535, 65535, 65535, 65535);
  robot.drive_for(3000, 32767, 0);
  CHECK(linear(robot) <= 515);
  robot.limits(100, 50, 200, 0, 0);
  robot.drive_for(1500, 32767, 32767);
  CHECK(std::fabs(linear(robot) - 100) <= 5);
  CHECK(std::fabs(angular(robot) - 200) <= 20);
  robot.drive_for(1500, -32768, 0);
  CHECK(std::fabs(linear(robot) + 50) <= 5);
  robot.limits(0, 0, 200, 0, 0);
  robot.drive_for(1500, 300, 100);
  CHECK(std::fabs(linear(robot)) <= 2);
  CHECK(std::fabs(angular(robot) - 100) <= 20);
  robot.neutral();
  robot.run(500);
  robot.step(1, 0, 100, 100);
  CHECK(robot.refusal() == Refusal::kOutOfRange);
  robot.hello();
  robot.neutral();
  robot.drive_for(2000, 300, 0);
  CHECK(std::fabs(linear(robot) - 300) <= 6);
}

TEST(gentler_starts_do_not_make_the_way_to_rest_longer) {
  Robot robot;
  robot.ready();
  robot.drive_for(2000, 400, 700);
  robot.limits(500, 250, 785, 1, 1);
  robot.neutral();
  robot.run(850);
  CHECK(!robot.moving());
  robot.drive_for(1000, 400, 0);
  CHECK(linear(robot) < 5);
}

TEST(neutral_slows_down_and_a_stop_brakes) {
  Robot robot;
  robot.ready();
  robot.drive_for(2000, 400, 0);
  robot.neutral();
  robot.tick();
  CHECK(robot.moving());
  CHECK_EQ(robot.out.brake, 0);
  CHECK(robot.look().state == State::kReady);
  robot.run(400);
  CHECK(linear(robot) > 150);
  robot.run(500);
  CHECK(!robot.moving());
  CHECK_EQ(robot.out.brake, 1);
  robot.drive_for(2000, 400, 0);
  robot.stop();
  robot.tick();
  CHECK(!robot.moving());
  CHECK_EQ(robot.out.brake, 1);
}

TEST(a_new_set_point_takes_over_from_the_slow_down) {
  Robot robot;
  robot.ready();
  robot.drive_for(2000, 400, 0);
  robot.neutral();
  robot.run(200);
  const double before = linear(robot);
  robot.drive_for(100, 400, 0);
  CHECK(linear(robot) > before - 40);
}

TEST(a_late_tick_does_not_jump_up_the_ramp) {
  Robot robot;
  robot.ready();
  robot.drive(500, 0);
  robot.tick(240);
  CHECK(robot.out.left_duty <= 80);
}

TEST(ramps_pass_through_rest) {
  CHECK(ramp(0, 100, 10, 20, 1) == 10);
  CHECK(ramp(0, -100, 10, 20, 1) == -10);
  CHECK(ramp(50, 0, 10, 20, 1) == 30);
  CHECK(ramp(-50, -10, 10, 20, 1) == -30);
  CHECK(ramp(-50, -60, 10, 20, 1) == -60);
  CHECK(ramp(15, -100, 10, 20, 1) == 0);
  CHECK(ramp(-15, 100, 10, 20, 1) == 0);
  CHECK(ramp(5, 5, 10, 20, 1) == 5);
}

TEST(a_robot_too_slow_for_both_keeps_its_curve) {
  hv_build build = {};
  build.full_speed = 400;
  Robot robot(build);
  robot.ready();
  robot.drive_for(3000, 400, 785);
  CHECK(robot.out.right_duty <= 1000);
  CHECK(std::fabs(angular(robot) / linear(robot) - 785.0 / 400) < 0.1);
}

TEST(odometry_knows_where_a_square_ends) {
  Robot robot;
  robot.plant.tick_offset = 0x7FFFFF00;  // the counters wrap on the way
  robot.ready();
  for (uint32_t side = 0; side < 4; ++side) {
    robot.step_until_over(2 * side + 1, 0, 500, 300);
    if (side == 0) CHECK(std::abs(robot.look().x - 500) < 10 && std::abs(robot.status.y) < 10);
    robot.step_until_over(2 * side + 2, 1, 1571, 600);
    if (side == 0) CHECK(std::abs(robot.look().heading - 1571) < 35);
  }
  CHECK(std::abs(robot.look().x) < 40);
  CHECK(std::abs(robot.status.y) < 40);
  CHECK(std::abs(robot.status.heading - 6283) < 100);
}

// Ten hours at 400 mm/s round and round: what rounding could add up to would be seen here.
TEST(odometry_loses_nothing_over_hours) {
  hv_build given = {};
  const Build build = complete(given);
  Odometry odometry(build);
  uint32_t left = 0;
  uint32_t right = 0;
  odometry.update(0, 0, 5);
  const uint32_t calls = 10 * 3600 * 200;
  for (uint32_t i = 0; i < calls; ++i) {
    left += 12;
    right += 14;
    odometry.update(static_cast<int32_t>(left), static_cast<int32_t>(right), 5);
  }
  const double mm = 1000.0 / 6464;
  CHECK(std::fabs(odometry.way() - 13.0 * calls * mm) < 1e-3);
  CHECK(std::fabs(odometry.turned() - 2.0 * calls * mm / kTrack * 1000) < 1e-3);
  // The circle's radius is way over angle; the robot is still on it.
  const double radius = 13.0 / 2 * kTrack;
  CHECK(std::fabs(std::hypot(odometry.x(), odometry.y() - radius) - radius) < 0.1);
}

TEST(absurd_counts_stay_within_the_wire) {
  Robot robot;
  robot.tick();
  robot.in.left_ticks = 0;
  uint32_t right = 0;
  for (int i = 0; i < 100; ++i) {
    robot.now += 5;
    right += 0x7FFFFFFF;
    robot.in.right_ticks = static_cast<int32_t>(right);
    hv_tick(robot.core, &robot.in, robot.now, &robot.out);
    robot.listen();
  }
  CHECK_EQ(robot.look().heading, INT32_MAX);
  CHECK_EQ(robot.status.angular, INT16_MAX);
  CHECK_EQ(robot.status.linear, INT16_MAX);
}
