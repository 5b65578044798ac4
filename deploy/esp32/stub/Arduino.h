// The part of the Arduino API for the ESP32 (version 3) that the sketch uses, for a machine without pins. What the sketch does can
// be seen in bench.h. This says that the sketch compiles and what it asks of the chip; it does not say what a chip would do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#define ARDUINO_ISR_ATTR

constexpr uint8_t LOW = 0;
constexpr uint8_t HIGH = 1;
constexpr uint8_t INPUT = 0x01;
constexpr uint8_t OUTPUT = 0x03;
constexpr uint8_t INPUT_PULLUP = 0x05;
constexpr int CHANGE = 0x03;

void pinMode(uint8_t pin, uint8_t mode);
void digitalWrite(uint8_t pin, uint8_t level);
int digitalRead(uint8_t pin);
uint32_t analogReadMilliVolts(uint8_t pin);
void attachInterruptArg(uint8_t pin, void (*handler)(void*), void* argument, int mode);

bool ledcAttachChannel(uint8_t pin, uint32_t hz, uint8_t bits, uint8_t channel);
bool ledcWrite(uint8_t pin, uint32_t duty);
uint32_t ledcWriteTone(uint8_t pin, uint32_t hz);

unsigned long millis();

class HardwareSerial {
 public:
  size_t setRxBufferSize(size_t bytes);
  void begin(unsigned long baud);
  int available();
  size_t read(uint8_t* bytes, size_t most);
  int availableForWrite();
  size_t write(const uint8_t* bytes, size_t length);
};
extern HardwareSerial Serial;

void setup();
void loop();
