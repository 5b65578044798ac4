// The chip's watchdog over tasks; see Arduino.h here.
#pragma once

#include <cstdint>

using esp_err_t = int;
constexpr esp_err_t ESP_OK = 0;

struct esp_task_wdt_config_t {
  uint32_t timeout_ms;
  uint32_t idle_core_mask;
  bool trigger_panic;
};

esp_err_t esp_task_wdt_init(const esp_task_wdt_config_t* config);
esp_err_t esp_task_wdt_reconfigure(const esp_task_wdt_config_t* config);
esp_err_t esp_task_wdt_add(void* task);
esp_err_t esp_task_wdt_reset();
