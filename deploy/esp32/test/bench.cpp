// How much processor time a tick takes on this machine while the robot drives, the clock's own time included. What the machine does
// meanwhile for others is not counted.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

#include "capi.h"
#include "robot.h"

namespace {

double processor_us() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

}  // namespace

int main() {
  Robot robot;
  robot.ready();
  std::vector<double> us;
  for (int i = 0; i < 200000; ++i) {
    robot.drive(300, 200);
    robot.plant.move(robot.out, 5);
    robot.plant.write(robot.in);
    robot.now += 5;
    const double began = processor_us();
    hv_tick(robot.core, &robot.in, robot.now, &robot.out);
    us.push_back(processor_us() - began);
    robot.listen();
  }
  std::sort(us.begin(), us.end());
  std::printf("hv_tick: median %.2f us, 99.9 %% %.2f us, worst %.2f us of %zu; hv_core: %zu bytes\n", us[us.size() / 2],
              us[us.size() * 999 / 1000], us.back(), us.size(), hv_size());
  return 0;
}
