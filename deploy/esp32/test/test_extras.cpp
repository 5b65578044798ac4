// Battery, head, lights, buzzer, mute switch.
#include <string>

#include "battery.h"
#include "check.h"
#include "robot.h"

using namespace havatar;

TEST(battery_percent_falls_with_the_voltage) {
  hv_build given = {};
  const Build build = complete(given);
  int last = 101;
  for (uint32_t mv = 13000; mv >= 9000; mv -= 10) {
    Battery battery(build);
    battery.update(static_cast<uint16_t>(mv), 5);
    CHECK(battery.percent() <= last);
    CHECK(last - battery.percent() <= 2 || last == 101);
    last = battery.percent();
    CHECK_EQ(battery.low(), mv <= 10800);
    CHECK_EQ(battery.critical(), mv <= 9600);
    if (mv >= 12600) CHECK_EQ(battery.percent(), 100);
  }
  CHECK_EQ(last, 0);
}

TEST(an_unknown_battery_is_not_shown_as_good) {
  Robot robot;
  robot.in.battery_mv = 10000;
  robot.run(50);
  CHECK_EQ(robot.look().flags & kFlagBatteryLow, kFlagBatteryLow);
  robot.in.battery_mv = 0;
  robot.run(50);
  CHECK_EQ(robot.look().battery_mv, 0);
  CHECK_EQ(robot.status.battery_percent, 255);
  CHECK_EQ(robot.status.flags & kFlagBatteryLow, kFlagBatteryLow);
}

TEST(a_battery_that_was_never_measured_is_unknown) {
  Robot robot;
  robot.in.battery_mv = 0;
  robot.run(50);
  CHECK_EQ(robot.look().battery_percent, 255);
}

TEST(battery_warnings_do_not_flicker) {
  Robot robot;
  robot.in.battery_mv = 11000;
  robot.run(100);
  CHECK_EQ(robot.look().flags, 0);
  robot.in.battery_mv = 9500;  // motors start
  robot.run(50);
  CHECK_EQ(robot.look().flags, 0);
  CHECK_EQ(robot.status.battery_mv, 9500);
  robot.in.battery_mv = 10700;
  robot.run(10000);
  CHECK_EQ(robot.look().flags, kFlagBatteryLow);
  robot.in.battery_mv = 10950;
  robot.run(10000);
  CHECK_EQ(robot.look().flags, kFlagBatteryLow);
  robot.in.battery_mv = 11100;
  robot.run(10000);
  CHECK_EQ(robot.look().flags, 0);
  robot.in.battery_mv = 9000;
  robot.run(10000);
  CHECK_EQ(robot.look().flags, kFlagBatteryLow | kFlagBatteryCritical);
}

TEST(a_build_may_have_another_battery) {
  hv_build build = {};
  build.battery_full_mv = 8400;
  build.battery_low_mv = 7200;
  build.battery_critical_mv = 6400;
  Robot robot(build);
  robot.in.battery_mv = 8400;
  robot.run(10);
  CHECK_EQ(robot.look().battery_percent, 100);
  build.battery_critical_mv = 8400;  // nonsense must not divide by 0
  Robot odd(build);
  odd.run(10);
  CHECK_EQ(odd.look().battery_percent, 255);
}

TEST(the_head_goes_as_far_as_servos_go) {
  const struct {
    int asked, got;
  } rows[] = {{0, 0}, {4500, 4500}, {9000, 9000}, {9001, 9000}, {32767, 9000}, {-9001, -9000}, {-32768, -9000}};
  Robot robot;
  robot.ready();
  for (const auto& row : rows) {
    robot.send(robot.body(Type::kHead).u16(static_cast<uint16_t>(row.asked)).u16(static_cast<uint16_t>(-row.asked / 2)));
    robot.tick();
    CHECK_EQ(robot.out.pan, row.got);
    CHECK_EQ(robot.look().pan, row.got);
    CHECK_EQ(robot.out.tilt, robot.status.tilt);
  }
}

TEST(lights_shine_as_told) {
  Robot robot;
  robot.ready();
  robot.send(robot.body(Type::kLights).u8(200).u8(2));
  robot.tick();
  CHECK_EQ(robot.out.light, 200);
  CHECK_EQ(robot.out.presence, 2);
  CHECK_EQ(robot.look().light, 200);
  CHECK_EQ(robot.status.presence, 2);
}

TEST(a_sound_ends_by_itself_also_where_the_clock_wraps) {
  for (const uint32_t start : {1000U, 0xFFFFFFFFU - 40}) {
    Robot robot({}, start);
    robot.ready();
    robot.send(robot.body(Type::kBuzzer).u16(440).u16(100));
    for (int i = 0; i < 19; ++i) {
      robot.tick();
      CHECK_EQ(robot.out.buzzer_hz, 440);
    }
    robot.tick();
    CHECK_EQ(robot.out.buzzer_hz, 0);
    robot.send(robot.body(Type::kBuzzer).u16(440).u16(2000));
    robot.tick();
    robot.send(robot.body(Type::kBuzzer).u16(0).u16(0));
    robot.tick();
    CHECK_EQ(robot.out.buzzer_hz, 0);
  }
}

TEST(the_mute_switch_is_told) {
  Robot robot;
  robot.in.mute_switch = 1;
  robot.run(5);
  CHECK_EQ(robot.look().flags, kFlagMute);
}
