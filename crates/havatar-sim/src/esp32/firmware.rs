//! The firmware core behind its C face.

#![expect(
    unsafe_code,
    reason = "the one place that calls the C++ core; its face is deploy/esp32/core/capi.h"
)]

use std::ffi::{CStr, c_char, c_void};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// What the pins say.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub(super) struct Inputs {
    pub(super) left_ticks: i32,
    pub(super) right_ticks: i32,
    pub(super) battery_mv: u16,
    pub(super) estop_button: u8,
    pub(super) mute_switch: u8,
    pub(super) motor_fault: u8,
}

/// What the pins are to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Outputs {
    pub(super) left_duty: i16,
    pub(super) right_duty: i16,
    pub(super) brake: u8,
    pub(super) pan: i16,
    pub(super) tilt: i16,
    pub(super) light: u8,
    pub(super) presence: u8,
    pub(super) buzzer_hz: u16,
    pub(super) latch: u16,
    pub(super) latched: u8,
    /// 1: store the latch over a reset, and say by [`Firmware::kept`] how that went.
    pub(super) keep: u8,
}

/// All zeros: what the core was built for.
#[derive(Default)]
#[repr(C)]
struct Build {
    track_mm: u16,
    ticks_per_metre: u32,
    max_linear: u16,
    max_reverse: u16,
    max_angular: u16,
    accel: u16,
    turn_accel: u16,
    full_speed: u16,
    battery_low_mv: u16,
    battery_critical_mv: u16,
    battery_full_mv: u16,
}

#[repr(C)]
struct Core {
    _opaque: [u8; 0],
}

unsafe extern "C" {
    fn hv_size() -> usize;
    fn hv_init(
        memory: *mut c_void,
        build: *const Build,
        boot: u32,
        latch: u16,
        latched: u8,
        random: extern "C" fn(*mut c_void) -> u32,
        context: *mut c_void,
        name: *const c_char,
        now_ms: u32,
    ) -> *mut Core;
    fn hv_receive(core: *mut Core, bytes: *const u8, length: usize, now_ms: u32);
    fn hv_tick(core: *mut Core, inputs: *const Inputs, now_ms: u32, outputs: *mut Outputs);
    fn hv_kept(core: *mut Core, latch: u16, latched: u8, done: u8);
    fn hv_transmit(core: *mut Core, bytes: *mut u8, room: usize) -> usize;
}

/// The core's memory, aligned as it asks for, and the dice that it draws sessions with.
pub(super) struct Firmware {
    core: *mut Core,
    // The core points into both; they are not moved.
    _memory: Box<[u64]>,
    _dice: Box<StdRng>,
}

const NAME: &CStr = c"simulated robot";

impl Firmware {
    /// A boot: number `boot`, with the e-stop latch as it was stored.
    pub(super) fn boot(boot: u32, latch: u16, latched: bool, seed: u64) -> Self {
        let mut dice = Box::new(StdRng::seed_from_u64(seed ^ u64::from(boot)));
        // SAFETY: takes nothing and gives a number.
        let size = unsafe { hv_size() };
        let mut memory = vec![0_u64; size.div_ceil(8)].into_boxed_slice();
        let context = std::ptr::from_mut::<StdRng>(&mut dice).cast();
        // SAFETY: the memory is large and aligned enough, the name ends in 0 and is copied, and memory and dice live, at
        // the same place, as long as the core.
        let core = unsafe {
            hv_init(
                memory.as_mut_ptr().cast(),
                &raw const BUILD,
                boot,
                latch,
                latched.into(),
                draw,
                context,
                NAME.as_ptr(),
                0,
            )
        };
        Self { core, _memory: memory, _dice: dice }
    }

    /// Bytes from the serial line.
    pub(super) fn receive(&mut self, bytes: &[u8], now_ms: u32) {
        // SAFETY: the core is alive, and the slice is as long as it says.
        unsafe { hv_receive(self.core, bytes.as_ptr(), bytes.len(), now_ms) }
    }

    /// One turn of the firmware's loop.
    pub(super) fn tick(&mut self, inputs: &Inputs, now_ms: u32) -> Outputs {
        let mut outputs = Outputs::default();
        // SAFETY: the core is alive, and both structs are laid out as in C.
        unsafe { hv_tick(self.core, inputs, now_ms, &raw mut outputs) }
        outputs
    }

    /// The latch of these outputs is stored.
    pub(super) fn kept(&mut self, outputs: &Outputs) {
        // SAFETY: the core is alive.
        unsafe { hv_kept(self.core, outputs.latch, outputs.latched, 1) }
    }

    /// Bytes for the serial line.
    pub(super) fn transmit<'a>(&mut self, room: &'a mut [u8]) -> &'a [u8] {
        // SAFETY: the core is alive, and the slice is as long as it says.
        let count = unsafe { hv_transmit(self.core, room.as_mut_ptr(), room.len()) };
        &room[..count.min(room.len())]
    }
}

static BUILD: Build = Build {
    track_mm: super::physics::TRACK_MM,
    ticks_per_metre: super::physics::TICKS_PER_METRE,
    max_linear: 0,
    max_reverse: 0,
    max_angular: 0,
    accel: 0,
    turn_accel: 0,
    full_speed: super::physics::FULL_SPEED_MM_S,
    battery_low_mv: 0,
    battery_critical_mv: 0,
    battery_full_mv: 0,
};

extern "C" fn draw(context: *mut c_void) -> u32 {
    // SAFETY: the context is the dice that `boot` gave, and nobody else draws while the core does.
    unsafe { &mut *context.cast::<StdRng>() }.next_u32()
}
