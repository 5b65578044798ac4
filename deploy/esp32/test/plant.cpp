#include "plant.h"

#include <cmath>

void Plant::move(const hv_outputs& outputs, uint32_t ms) {
  const double duty[2] = {outputs.left_duty / 1000.0, outputs.right_duty / 1000.0};
  for (uint32_t i = 0; i < ms; ++i) {
    for (int wheel = 0; wheel < 2; ++wheel) {
      const double behind = outputs.brake != 0 ? brake_lag : lag;
      speed[wheel] += (duty[wheel] * full_speed - speed[wheel]) / (behind + 1);
      if (stuck[wheel]) speed[wheel] = 0;
      way[wheel] += speed[wheel] / 1000;
      if (!no_encoder[wheel]) counted[wheel] += speed[wheel] / 1000;
    }
  }
}

void Plant::write(hv_inputs& inputs) const {
  const auto ticks = [this](double mm) {
    const auto whole = static_cast<int64_t>(std::floor(mm * ticks_per_metre / 1000));
    return static_cast<int32_t>(static_cast<uint32_t>(whole) + tick_offset);
  };
  inputs.left_ticks = ticks(counted[0]);
  inputs.right_ticks = ticks(counted[1]);
}
