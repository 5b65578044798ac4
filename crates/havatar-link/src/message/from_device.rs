//! What the device says.

use super::macros::{direction, messages};
use super::name::Name;
use super::values::{Code, Features, Flags, Kind, Presence, State, StepResult, StopReason};

messages! {
    /// The answer to [`Hello`](super::Hello). 60 bytes with the longest name.
    Welcome, 60 bytes {
        /// The highest version that both speak; 0 if there is none.
        version: u8,
        /// The nonce of the greeting that it answers.
        echo: u32,
        /// The session that begins; the same as in the header.
        session: u32,
        /// Goes up with every boot, or is drawn at random then.
        boot: u32,
        /// ms since boot, modulo 2^32.
        clock: u32,
        /// What the device can do.
        features: Features,
        /// mm/s.
        max_linear: u16,
        /// mm/s.
        max_reverse: u16,
        /// mrad/s.
        max_angular: u16,
        /// After how many ms without a set-point it stops.
        watchdog: u16,
        /// What it calls itself.
        name: Name,
    }

    /// How the device is.
    Status, 59 bytes {
        /// ms since boot, modulo 2^32.
        clock: u32,
        /// The highest `seq` accepted in this session.
        accepted: u32,
        /// As in [`Welcome`].
        boot: u32,
        /// What it does.
        state: State,
        /// What it warns of.
        flags: Flags,
        /// Number of the e-stop's last latching.
        latch: u16,
        /// Id of the newest step.
        step: u16,
        /// What became of that.
        step_result: StepResult,
        /// mm/s, measured.
        linear: i16,
        /// mrad/s, measured.
        angular: i16,
        /// mm since boot, to where the device looked at boot.
        x: i32,
        /// mm since boot, to the left of that.
        y: i32,
        /// mrad since boot, counter-clockwise, not wrapped.
        heading: i32,
        /// 0 is unknown.
        battery_mv: u16,
        /// 255 is unknown.
        battery_percent: u8,
        /// Hundredths of a degree, left positive.
        pan: i16,
        /// Hundredths of a degree, up positive.
        tilt: i16,
        /// Brightness, 0 to 255.
        light: u8,
        /// What the presence light shows.
        presence: Presence,
        /// Why it stopped last.
        stop_reason: StopReason,
        /// How often a rule about time braked since boot; stays at 65535.
        trips: u16,
        /// Frames dropped as damaged since boot; stays at 65535.
        bad_frames: u16,
    }

    /// Why a message had no effect.
    Refused, 15 bytes {
        /// Its `seq`.
        refused: u32,
        /// Its type.
        of: Kind,
        /// The reason.
        code: Code,
    }
}

direction! {
    /// A message from the device.
    FromDevice {
        /// The answer to `HELLO`.
        Welcome,
        /// How the device is.
        Status,
        /// Why a message had no effect.
        Refused,
    }
}
