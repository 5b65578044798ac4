// Havatar's motor controller on an ESP32: binds the core (../core) to pins. Nothing is decided here.
//
// Needs the Arduino core for the ESP32, version 3. See ../README.md for the wiring and for what nobody has tried yet.

#include <Arduino.h>
#include <Preferences.h>
#include <capi.h>
#include <esp_random.h>
#include <esp_task_wdt.h>

#include <initializer_list>

namespace {

// --- what is wired where: an ESP32-WROOM development board -------------------------------------------------------

// H-bridge with two PWM inputs for each motor (DRV8833, or TB6612 with its PWM inputs at 3.3 V). None of these pins moves while the
// chip boots; a pull-down at each, also at ENABLE (nSLEEP, STBY), keeps the motors off until this program is in charge.
constexpr uint8_t kLeftForward = 25;
constexpr uint8_t kLeftBackward = 26;
constexpr uint8_t kRightForward = 32;
constexpr uint8_t kRightBackward = 33;
constexpr uint8_t kMotorEnable = 13;
constexpr uint8_t kMotorFault = 27;  // nFAULT: low is a fault. Leave it open on a TB6612, which has none

constexpr uint8_t kLeftEncoderA = 22;
constexpr uint8_t kLeftEncoderB = 23;
constexpr uint8_t kRightEncoderA = 18;
constexpr uint8_t kRightEncoderB = 19;

constexpr uint8_t kEstopButton = 21;  // normally closed, to ground: a broken wire stops the robot
constexpr uint8_t kMuteSwitch = 35;   // to ground is on; has no pull-up of its own, so 10 kOhm to 3.3 V
constexpr uint8_t kBattery = 34;      // through a divider
constexpr uint8_t kPanServo = 16;
constexpr uint8_t kTiltServo = 17;
constexpr uint8_t kLight = 14;
constexpr uint8_t kPresence = 2;
constexpr uint8_t kBuzzer = 4;

// --- what the robot is built like --------------------------------------------------------------------------------

constexpr hv_build kBuild = {
    260,    // mm between the wheels
    6464,   // encoder counts per metre
    500,    // mm/s forward
    250,    // mm/s backward
    785,    // mrad/s, which is 45 degrees a second
    500,    // mm/s2
    2000,   // mrad/s2
    700,    // mm/s of a wheel at full duty
    10800,  // mV: battery low
    9600,   // mV: battery critical
    12600,  // mV: battery full
};
constexpr bool kLeftReversed = false;  // when the left wheel counts or turns the wrong way, both at once
constexpr bool kRightReversed = true;  // it is mounted the other way round
constexpr uint32_t kDividerTop = 100;  // kOhm to the battery
constexpr uint32_t kDividerBottom = 22;
constexpr uint32_t kBatteryPresent = 3000;  // mV; less is a divider in the air
constexpr char kName[] = "havatar esp32";

// --- how the chip does it ------------------------------------------------------------------------------------------

constexpr unsigned long kBaud = 115200;
constexpr size_t kReceiveBuffer = 1024;
// A loop that hangs is ended by a reset, and a reset lets go of the pins. Storing the latch is the longest thing that it does (flash).
constexpr uint32_t kLoopTimeout = 300;  // ms
constexpr uint32_t kBatteryPeriod = 100;  // ms between two measurements
constexpr uint32_t kBlink = 250;          // ms

constexpr uint32_t kMotorHz = 20000;  // beyond hearing
constexpr uint8_t kMotorBits = 10;
constexpr int32_t kMotorFull = (1 << kMotorBits) - 1;
constexpr uint32_t kServoHz = 50;
constexpr uint8_t kServoBits = 14;
constexpr int32_t kServoPeriod = 20000;  // us
constexpr int32_t kServoCentre = 1500;   // us
constexpr uint32_t kLightHz = 5000;
constexpr uint8_t kLightBits = 8;
constexpr uint32_t kBuzzerHz = 1000;
constexpr uint8_t kBuzzerBits = 10;

// Neighbouring LEDC channels share a timer, so what shares a pair must share a frequency.
constexpr uint8_t kMotorChannel = 0;  // to 3
constexpr uint8_t kServoChannel = 4;  // and 5
constexpr uint8_t kLightChannel = 6;
constexpr uint8_t kBuzzerChannel = 8;

// Counts both edges of both lines, by interrupt: at most some 4000 a second for a wheel, which is little for this chip.
class Encoder {
 public:
  void begin(uint8_t a, uint8_t b, bool reversed) {
    a_ = a;
    b_ = b;
    step_ = reversed ? -1 : 1;
    pinMode(a, INPUT_PULLUP);
    pinMode(b, INPUT_PULLUP);
    lines_ = lines();
    attachInterruptArg(a, changed, this, CHANGE);
    attachInterruptArg(b, changed, this, CHANGE);
  }
  // One aligned word, which the chip reads in one go.
  int32_t ticks() const { return static_cast<int32_t>(ticks_); }

 private:
  uint8_t ARDUINO_ISR_ATTR lines() const {
    return static_cast<uint8_t>((digitalRead(a_) == HIGH ? 2 : 0) | (digitalRead(b_) == HIGH ? 1 : 0));
  }

  static void ARDUINO_ISR_ATTR changed(void* self) { static_cast<Encoder*>(self)->count(); }

  void ARDUINO_ISR_ATTR count() {
    const uint8_t now = lines();
    // Gray code: forward is 0, 2, 3, 1. The new A against the old B tells the way; both at once is an edge that was missed.
    const uint8_t both = now ^ lines_;
    if (both == 1 || both == 2) {
      const bool forward = ((now >> 1) ^ (lines_ & 1)) != 0;
      ticks_ = ticks_ + static_cast<uint32_t>(forward ? step_ : -step_);
    }
    lines_ = now;
  }

  uint8_t a_ = 0;
  uint8_t b_ = 0;
  int32_t step_ = 1;
  volatile uint8_t lines_ = 0;
  volatile uint32_t ticks_ = 0;  // unsigned, because it wraps
};

constexpr char kSpace[] = "havatar";  // in flash
constexpr char kBootKey[] = "boot";
constexpr char kLatchKey[] = "estop";
constexpr uint32_t kNoLatch = UINT32_MAX;  // no latch is written so

constexpr size_t kCoreBytes = 2048;
alignas(uint64_t) uint8_t memory[kCoreBytes];
hv_core* core = nullptr;
Encoder left_encoder;
Encoder right_encoder;
Preferences store;
bool store_open = false;
uint32_t ticked_at = 0;
uint32_t battery_at = 0;
uint16_t battery_mv = 0;

uint32_t clock_ms() { return static_cast<uint32_t>(millis()); }  // wraps, as the core expects

uint32_t draw(void*) { return esp_random(); }

uint32_t packed(uint16_t latch, bool latched) { return static_cast<uint32_t>(latch) | (latched ? 0x10000U : 0U); }

void motors_off() {
  for (const uint8_t pin : {kMotorEnable, kLeftForward, kLeftBackward, kRightForward, kRightBackward}) {
    pinMode(pin, OUTPUT);
    digitalWrite(pin, LOW);
  }
}

void attach_outputs() {
  uint8_t channel = kMotorChannel;
  for (const uint8_t pin : {kLeftForward, kLeftBackward, kRightForward, kRightBackward}) {
    ledcAttachChannel(pin, kMotorHz, kMotorBits, channel++);
    ledcWrite(pin, 0);
  }
  ledcAttachChannel(kPanServo, kServoHz, kServoBits, kServoChannel);
  ledcAttachChannel(kTiltServo, kServoHz, kServoBits, kServoChannel + 1);
  ledcAttachChannel(kLight, kLightHz, kLightBits, kLightChannel);
  ledcAttachChannel(kBuzzer, kBuzzerHz, kBuzzerBits, kBuzzerChannel);
  pinMode(kPresence, OUTPUT);
}

// Both inputs high shorts the motor, which brakes; the duty goes to the one of the direction.
void write_motor(uint8_t forward, uint8_t backward, int32_t duty, bool brake) {
  const auto level = [brake](int32_t part) {
    return brake ? static_cast<uint32_t>(kMotorFull) : part > 0 ? static_cast<uint32_t>(part * kMotorFull / 1000) : 0U;
  };
  ledcWrite(forward, level(duty));
  ledcWrite(backward, level(-duty));
}

// Hundredths of a degree; a common servo goes 90 degrees either way in a millisecond of pulse width.
void write_servo(uint8_t pin, int32_t angle) {
  const int32_t us = kServoCentre + angle / 9;
  ledcWrite(pin, static_cast<uint32_t>(us * (1 << kServoBits) / kServoPeriod));
}

void write_buzzer(uint16_t hz) {
  static uint16_t sounding = 0;  // setting a tone anew would click
  if (hz == sounding) return;
  sounding = hz;
  ledcWriteTone(kBuzzer, hz);
}

void measure_battery(uint32_t now) {
  if (now - battery_at < kBatteryPeriod) return;
  battery_at = now;
  const uint32_t mv = analogReadMilliVolts(kBattery) * (kDividerTop + kDividerBottom) / kDividerBottom;
  battery_mv = mv < kBatteryPresent || mv > UINT16_MAX ? 0 : static_cast<uint16_t>(mv);
}

hv_inputs read_pins() {
  hv_inputs inputs = {};
  inputs.left_ticks = left_encoder.ticks();
  inputs.right_ticks = right_encoder.ticks();
  inputs.battery_mv = battery_mv;
  inputs.estop_button = digitalRead(kEstopButton) == HIGH;
  inputs.mute_switch = digitalRead(kMuteSwitch) == LOW;
  inputs.motor_fault = digitalRead(kMotorFault) == LOW;
  return inputs;
}

void write_pins(const hv_outputs& outputs, uint32_t now) {
  const bool brake = outputs.brake != 0;
  write_motor(kLeftForward, kLeftBackward, kLeftReversed ? -outputs.left_duty : outputs.left_duty, brake);
  write_motor(kRightForward, kRightBackward, kRightReversed ? -outputs.right_duty : outputs.right_duty, brake);
  write_servo(kPanServo, outputs.pan);
  write_servo(kTiltServo, outputs.tilt);
  ledcWrite(kLight, outputs.light);
  const bool blinks = outputs.presence == 2;
  digitalWrite(kPresence, outputs.presence != 0 && (!blinks || now / kBlink % 2 == 0) ? HIGH : LOW);
  write_buzzer(outputs.buzzer_hz);
}

// After the pins, because flash takes its time. The core asks again if this fails.
void keep_latch(const hv_outputs& outputs) {
  if (outputs.keep == 0) return;
  const uint32_t latch = packed(outputs.latch, outputs.latched != 0);
  if (!store_open) store_open = store.begin(kSpace, false);
  const bool done = store_open && store.putUInt(kLatchKey, latch) == sizeof latch;
  hv_kept(core, outputs.latch, outputs.latched, done ? 1 : 0);
}

void receive(uint32_t now) {
  uint8_t bytes[128];
  const int waiting = Serial.available();
  if (waiting <= 0) return;
  const size_t most = static_cast<size_t>(waiting) < sizeof bytes ? static_cast<size_t>(waiting) : sizeof bytes;
  hv_receive(core, bytes, Serial.read(bytes, most), now);
}

void transmit() {
  uint8_t bytes[128];
  const int room = Serial.availableForWrite();  // never waits for the line
  if (room <= 0) return;
  const size_t most = static_cast<size_t>(room) < sizeof bytes ? static_cast<size_t>(room) : sizeof bytes;
  const size_t length = hv_transmit(core, bytes, most);
  if (length > 0) Serial.write(bytes, length);
}

// A store that does not open, has no latch, or has one that was never written, cannot say that the e-stop was not latched, so it was.
// One that cannot be written cannot count boots, and will hardly keep the latch either.
void begin_core() {
  uint32_t boot = esp_random();
  uint32_t kept = kNoLatch;
  bool writable = false;
  store_open = store.begin(kSpace, false);
  if (store_open) {
    const uint32_t counted = store.getUInt(kBootKey, 0) + 1;
    writable = store.putUInt(kBootKey, counted) == sizeof counted;
    if (writable) boot = counted;
    kept = store.getUInt(kLatchKey, kNoLatch);
  }
  const bool readable = kept <= packed(UINT16_MAX, true);
  const auto latch = static_cast<uint16_t>(readable ? kept & 0xFFFF : 0);
  const auto latched = static_cast<uint8_t>(readable ? kept >> 16 : HV_UNREADABLE);
  core = hv_init(memory, &kBuild, boot, latch, latched, draw, nullptr, kName, clock_ms());
  if (!writable) hv_kept(core, latch, latched, 0);
}

void begin_watchdog() {
  esp_task_wdt_config_t config = {};
  config.timeout_ms = kLoopTimeout;
  config.trigger_panic = true;
  if (esp_task_wdt_reconfigure(&config) != ESP_OK) esp_task_wdt_init(&config);
  esp_task_wdt_add(nullptr);
}

}  // namespace

void setup() {
  motors_off();
  Serial.setRxBufferSize(kReceiveBuffer);
  Serial.begin(kBaud);
  pinMode(kEstopButton, INPUT_PULLUP);
  pinMode(kMotorFault, INPUT_PULLUP);
  pinMode(kMuteSwitch, INPUT);
  left_encoder.begin(kLeftEncoderA, kLeftEncoderB, kLeftReversed);
  right_encoder.begin(kRightEncoderA, kRightEncoderB, kRightReversed);
  attach_outputs();
  if (hv_size() > sizeof memory) abort();  // motors are off, and stay so
  begin_core();
  ticked_at = clock_ms();
  battery_at = ticked_at - kBatteryPeriod;
  begin_watchdog();
  digitalWrite(kMotorEnable, HIGH);
}

void loop() {
  const uint32_t now = clock_ms();
  receive(now);
  if (now != ticked_at) {
    ticked_at = now;
    measure_battery(now);
    const hv_inputs inputs = read_pins();
    hv_outputs outputs;
    hv_tick(core, &inputs, now, &outputs);
    write_pins(outputs, now);
    keep_latch(outputs);
  }
  transmit();
  esp_task_wdt_reset();
}
