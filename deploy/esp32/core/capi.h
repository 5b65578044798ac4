/* The firmware core as a C library, so that the simulator and the fuzzer drive the very code that ships. */
#ifndef HAVATAR_CAPI_H
#define HAVATAR_CAPI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the robot is built like. 0 takes the core's default. */
typedef struct {
  uint16_t track_mm;          /* between the two wheels' contact points */
  uint32_t ticks_per_metre;   /* of one wheel's encoder */
  uint16_t max_linear;        /* mm/s */
  uint16_t max_reverse;       /* mm/s */
  uint16_t max_angular;       /* mrad/s */
  uint16_t accel;             /* mm/s2 */
  uint16_t turn_accel;        /* mrad/s2 */
  uint16_t full_speed;        /* mm/s of a wheel at full duty, for the feed-forward */
  uint16_t battery_low_mv;
  uint16_t battery_critical_mv;
  uint16_t battery_full_mv;
} hv_build;

/* What the pins say, at every tick. */
typedef struct {
  int32_t left_ticks;         /* encoder counts since power-on, forward positive, wrapping */
  int32_t right_ticks;
  uint16_t battery_mv;        /* 0 unknown */
  uint8_t estop_button;       /* 1: pressed, or its wire is broken */
  uint8_t mute_switch;        /* 1: on */
  uint8_t motor_fault;        /* 1: the H-bridge says so */
} hv_inputs;

/* What the pins are to do, after every tick. */
typedef struct {
  int16_t left_duty;          /* -1000 to 1000 */
  int16_t right_duty;
  uint8_t brake;              /* 1: short the motors; the duties are 0 then */
  int16_t pan;                /* hundredths of a degree */
  int16_t tilt;
  uint8_t light;              /* 0-255 */
  uint8_t presence;           /* 0 nobody, 1 watched, 2 driven */
  uint16_t buzzer_hz;         /* 0 silence */
  uint16_t latch;             /* of the e-stop */
  uint8_t latched;
  uint8_t keep;               /* 1: store latch and latched over a reset, now, and tell by hv_kept how that went */
} hv_outputs;

typedef struct hv_core hv_core;

/* For hv_init: nobody knows whether the e-stop was latched. */
#define HV_UNREADABLE 2

/* How many bytes hv_init needs, aligned for uint64_t. */
size_t hv_size(void);
/* `memory` of hv_size() bytes. `boot` counts boots; `latch` and `latched` are what was stored, or `latched` is HV_UNREADABLE, which
 * counts as latched and is stored anew; `random` gives unpredictable numbers, which make a session's number together with the boot
 * and the host's nonce; `name` is copied, at most 24 bytes. `now_ms` is the device's clock, which wraps. */
hv_core *hv_init(void *memory, const hv_build *build, uint32_t boot, uint16_t latch, uint8_t latched,
                 uint32_t (*random)(void *context), void *context, const char *name, uint32_t now_ms);
/* Bytes from the serial line, any number of them. */
void hv_receive(hv_core *core, const uint8_t *bytes, size_t length, uint32_t now_ms);
/* To be called every 5 ms, or sooner. */
void hv_tick(hv_core *core, const hv_inputs *inputs, uint32_t now_ms, hv_outputs *outputs);
/* What became of a `keep`: 1 when `latch` and `latched` are stored and will be there after a reset. Until it was, the core says in no
 * WELCOME that the latch survives a reset, and asks again every second while the motors are braked. */
void hv_kept(hv_core *core, uint16_t latch, uint8_t latched, uint8_t done);
/* Takes bytes for the serial line; 0 when there are none. */
size_t hv_transmit(hv_core *core, uint8_t *bytes, size_t room);

#ifdef __cplusplus
}
#endif
#endif
