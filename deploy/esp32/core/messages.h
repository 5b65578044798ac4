// The messages of docs/serial-protocol.md: what a body means, and how the device's own are written.
#pragma once

#include <cstddef>
#include <cstdint>

#include "frame.h"

namespace havatar {

constexpr uint8_t kProtocolVersion = 1;
constexpr size_t kMaxName = 24;  // bytes of UTF-8

enum class Type : uint8_t {
  kHello = 0x01,
  kDrive = 0x02,
  kStep = 0x03,
  kStop = 0x04,
  kEstop = 0x05,
  kRelease = 0x06,
  kHead = 0x07,
  kLights = 0x08,
  kBuzzer = 0x09,
  kLimits = 0x0A,
  kReport = 0x0B,
  kWelcome = 0x41,
  kStatus = 0x42,
  kRefused = 0x43,
};

// Why a frame was not obeyed.
enum class Refusal : uint8_t {
  kNone = 0,  // never sent
  kUnknownType = 1,
  kWrongLength = 2,
  kWrongSession = 3,
  kOutOfOrder = 4,
  kOutOfRange = 5,
  kLate = 6,
  kEstopLatched = 7,
  kNeutralFirst = 8,
  kStepRunning = 9,
  kStampAhead = 11,
  kButtonPressed = 12,
  kWrongLatch = 13,
};

enum class State : uint8_t { kNoSession = 0, kReady = 1, kDriving = 2, kStepping = 3, kHeld = 4, kEstop = 5 };

enum class StepResult : uint8_t { kNone = 0, kRunning = 1, kDone = 2, kStopped = 3, kTimedOut = 4, kBlocked = 5 };

enum class StopReason : uint8_t {
  kNone = 0,
  kStop = 1,
  kWatchdog = 2,
  kOld = 3,
  kEnded = 4,
  kEstop = 5,
  kStart = 6,  // boot or HELLO
  kBlocked = 7,
  kMotorFault = 8,
};

// Bits of WELCOME's `features`.
constexpr uint16_t kFeatureOdometry = 1 << 0;
constexpr uint16_t kFeatureBattery = 1 << 1;
constexpr uint16_t kFeatureHead = 1 << 2;
constexpr uint16_t kFeatureLight = 1 << 3;
constexpr uint16_t kFeaturePresence = 1 << 4;
constexpr uint16_t kFeatureBuzzer = 1 << 5;
constexpr uint16_t kFeatureMuteSwitch = 1 << 6;
constexpr uint16_t kFeatureEstopButton = 1 << 7;
constexpr uint16_t kFeatureLatchSurvives = 1 << 8;

// Bits of STATUS's `flags`.
constexpr uint16_t kFlagLatched = 1 << 0;
constexpr uint16_t kFlagButton = 1 << 1;
constexpr uint16_t kFlagBatteryLow = 1 << 2;
constexpr uint16_t kFlagBatteryCritical = 1 << 3;
constexpr uint16_t kFlagMotorFault = 1 << 4;
constexpr uint16_t kFlagBlocked = 1 << 5;
constexpr uint16_t kFlagMute = 1 << 6;

struct Header {
  uint8_t type;
  uint32_t session;
  uint32_t seq;
};

struct Hello {
  uint8_t lowest;
  uint8_t highest;
  uint32_t nonce;
};

// How long a set-point holds; see Breath for what is made of it.
struct Timing {
  uint32_t stamp;  // device's clock, ms
  uint16_t age;    // ms
  uint16_t left;   // ms
};

struct Drive {
  Timing timing;
  int16_t linear;   // mm/s
  int16_t angular;  // mrad/s
};

enum class StepKind : uint8_t { kStraight = 0, kTurn = 1 };

struct Step {
  Timing timing;
  uint16_t id;
  uint8_t kind;    // of StepKind, if it is one
  int32_t amount;  // mm or mrad
  uint16_t speed;  // mm/s or mrad/s
};

struct Stop {
  uint8_t reason;
};

struct Release {
  uint16_t latch;
};

struct Head {
  int16_t pan;  // hundredths of a degree
  int16_t tilt;
};

struct Lights {
  uint8_t light;
  uint8_t presence;
};

struct Buzzer {
  uint16_t hz;
  uint16_t ms;
};

struct Limits {
  uint16_t linear;      // mm/s
  uint16_t reverse;     // mm/s
  uint16_t angular;     // mrad/s
  uint16_t accel;       // mm/s2
  uint16_t turn_accel;  // mrad/s2
};

struct Report {
  uint16_t period;  // ms
};

// What the host sent. `header.type` says which member of the union holds.
struct Message {
  Header header;
  union {
    Hello hello;
    Drive drive;
    Step step;
    Stop stop;  // and ESTOP
    Release release;
    Head head;
    Lights lights;
    Buzzer buzzer;
    Limits limits;
    Report report;
  };
};

// Reads a body of kMinBody bytes or more. The header is filled in whatever the answer: kNone, kUnknownType or kWrongLength.
// Ranges are not looked at here.
Refusal decode_message(const uint8_t* body, size_t length, Message& message);

struct Welcome {
  uint8_t version;
  uint32_t echo;
  uint32_t session;
  uint32_t boot;
  uint32_t clock;  // ms
  uint16_t features;
  uint16_t max_linear;   // mm/s
  uint16_t max_reverse;  // mm/s
  uint16_t max_angular;  // mrad/s
  uint16_t watchdog;     // ms
  char name[kMaxName];
  uint8_t name_length;  // 1 to kMaxName
};

struct Status {
  uint32_t clock;  // ms
  uint32_t accepted;
  uint32_t boot;
  State state;
  uint16_t flags;
  uint16_t latch;
  uint16_t step;
  StepResult step_result;
  int16_t linear;   // mm/s
  int16_t angular;  // mrad/s
  int32_t x;        // mm
  int32_t y;        // mm
  int32_t heading;  // mrad
  uint16_t battery_mv;
  uint8_t battery_percent;
  int16_t pan;
  int16_t tilt;
  uint8_t light;
  uint8_t presence;
  StopReason stop_reason;
  uint16_t trips;
  uint16_t bad_frames;
};

struct Refused {
  uint32_t refused;
  uint8_t of;
  Refusal code;
};

// Each writes a body into `body` (kMaxBody bytes of room) and gives its length.
size_t encode_message(uint32_t session, uint32_t seq, const Welcome& welcome, uint8_t* body);
size_t encode_message(uint32_t session, uint32_t seq, const Status& status, uint8_t* body);
size_t encode_message(uint32_t session, uint32_t seq, const Refused& refused, uint8_t* body);

}  // namespace havatar
