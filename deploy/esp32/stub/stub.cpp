#include "Arduino.h"
#include "Preferences.h"
#include "bench.h"
#include "esp_random.h"
#include "esp_task_wdt.h"

using bench::chip;

bench::Chip& bench::chip() {
  static Chip one;
  return one;
}

void bench::Chip::set(uint8_t pin, uint8_t level) {
  Pin& it = pins[pin];
  if (it.level == level) return;
  it.level = level;
  if (it.handler != nullptr) it.handler(it.argument);
}

void pinMode(uint8_t pin, uint8_t mode) { chip().pins[pin].mode = mode; }
void digitalWrite(uint8_t pin, uint8_t level) { chip().pins[pin].level = level; }
int digitalRead(uint8_t pin) { return chip().pins[pin].level; }
uint32_t analogReadMilliVolts(uint8_t) { return chip().battery_mv; }

void attachInterruptArg(uint8_t pin, void (*handler)(void*), void* argument, int) {
  chip().pins[pin].handler = handler;
  chip().pins[pin].argument = argument;
}

bool ledcAttachChannel(uint8_t pin, uint32_t hz, uint8_t bits, uint8_t channel) {
  bench::Pin& it = chip().pins[pin];
  it.attached = true;
  it.hz = hz;
  it.bits = bits;
  it.channel = channel;
  return true;
}

bool ledcWrite(uint8_t pin, uint32_t duty) {
  chip().pins[pin].duty = duty;
  return chip().pins[pin].attached;
}

uint32_t ledcWriteTone(uint8_t pin, uint32_t hz) {
  chip().pins[pin].hz = hz;
  return hz;
}

unsigned long millis() { return chip().clock; }

HardwareSerial Serial;

size_t HardwareSerial::setRxBufferSize(size_t bytes) { return bytes; }
void HardwareSerial::begin(unsigned long) {}
int HardwareSerial::available() { return static_cast<int>(chip().to_device.size()); }

size_t HardwareSerial::read(uint8_t* bytes, size_t most) {
  size_t length = 0;
  while (length < most && !chip().to_device.empty()) {
    bytes[length++] = chip().to_device.front();
    chip().to_device.pop_front();
  }
  return length;
}

int HardwareSerial::availableForWrite() { return chip().room; }

size_t HardwareSerial::write(const uint8_t* bytes, size_t length) {
  chip().from_device.insert(chip().from_device.end(), bytes, bytes + length);
  return length;
}

bool Preferences::begin(const char*, bool) { return chip().store_opens; }

uint32_t Preferences::getUInt(const char* key, uint32_t otherwise) {
  if (!chip().store_opens) return otherwise;
  const auto found = chip().stored.find(key);
  return found == chip().stored.end() ? otherwise : found->second;
}

size_t Preferences::putUInt(const char* key, uint32_t value) {
  ++chip().tried;
  if (!chip().store_opens || !chip().store_writes) return 0;
  chip().stored[key] = value;
  ++chip().writes;
  return sizeof value;
}

uint32_t esp_random() {
  static uint32_t state = 1;
  state = state * 1664525 + 1013904223;
  return state;
}

// As on the real chip, the Arduino core has set it up already, so init() alone would fail.
esp_err_t esp_task_wdt_init(const esp_task_wdt_config_t*) { return -1; }

esp_err_t esp_task_wdt_reconfigure(const esp_task_wdt_config_t* config) {
  chip().watchdog_ms = config->timeout_ms;
  chip().watchdog_resets = config->trigger_panic;
  return ESP_OK;
}

esp_err_t esp_task_wdt_add(void*) {
  chip().watched = true;
  return ESP_OK;
}

esp_err_t esp_task_wdt_reset() {
  ++chip().fed;
  return ESP_OK;
}
