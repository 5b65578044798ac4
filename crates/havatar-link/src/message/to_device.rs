//! What the host says.

use crate::frame::Frame;

use super::macros::{direction, messages};
use super::values::{Kind, Presence, StepKind};

messages! {
    /// Begins a session. The device stops its motors and answers with [`Welcome`](super::Welcome).
    Hello, 15 bytes {
        /// The lowest version that the host speaks.
        lowest: u8,
        /// The highest.
        highest: u8,
        /// Drawn anew for every greeting; the answer echoes it.
        nonce: u32,
    }

    /// A set-point: speeds. Both 0 is *neutral*.
    Drive, 21 bytes {
        /// The device's clock as the host knows it, ms; see [`Host::stamp`](crate::host::Host::stamp).
        stamp: u32,
        /// Age of the operator's last sign of life, ms.
        age: u16,
        /// How long the motion may last from `stamp` on, 1 to 8000 ms.
        left: u16,
        /// mm/s, forward positive.
        linear: i16,
        /// mrad/s, counter-clockwise positive.
        angular: i16,
    }

    /// A set-point: one bounded move that the device ends by itself. Repeated with the same `id` it keeps that move
    /// alive.
    Step, 26 bytes {
        /// As in [`Drive`].
        stamp: u32,
        /// As in [`Drive`].
        age: u16,
        /// As in [`Drive`].
        left: u16,
        /// Names the move; a new one is higher (modulo 2^16) than those before.
        id: u16,
        /// Straight on or on the spot.
        kind: StepKind,
        /// mm, at most 1000 either way; or mrad, at most 3142 either way.
        amount: i32,
        /// mm/s or mrad/s.
        speed: u16,
    }

    /// Brake. Obeyed in any session.
    Stop, 10 bytes {
        /// For the device's log.
        reason: u8,
    }

    /// Brake and latch. Obeyed in any session.
    Estop, 10 bytes {
        /// For the device's log.
        reason: u8,
    }

    /// Opens the e-stop's latch.
    Release, 11 bytes {
        /// The latch that is meant, from the newest [`Status`](super::Status).
        latch: u16,
    }

    /// Where the head shall look.
    Head, 13 bytes {
        /// Hundredths of a degree, left positive.
        pan: i16,
        /// Hundredths of a degree, up positive.
        tilt: i16,
    }

    /// The lights.
    Lights, 11 bytes {
        /// Brightness, 0 off to 255.
        light: u8,
        /// What to tell those in the room.
        presence: Presence,
    }

    /// A tone.
    Buzzer, 13 bytes {
        /// 100 to 5000 Hz; 0 is silence.
        hz: u16,
        /// At most 2000 ms.
        ms: u16,
    }

    /// Lowers the device's limits until the next greeting. 0 forbids a motion; a 0 acceleration means the device's own.
    Limits, 19 bytes {
        /// Forward, mm/s.
        linear: u16,
        /// Backward, mm/s.
        reverse: u16,
        /// Turning, mrad/s.
        angular: u16,
        /// mm/s2.
        accel: u16,
        /// mrad/s2.
        turn_accel: u16,
    }

    /// Asks for `STATUS` at a steady pace.
    Report, 11 bytes {
        /// 20 to 1000 ms.
        period: u16,
    }
}

direction! {
    /// A message from the host.
    ToDevice {
        /// Begin a session.
        Hello,
        /// Drive at a speed.
        Drive,
        /// Carry out one bounded move.
        Step,
        /// Brake.
        Stop,
        /// Brake and latch.
        Estop,
        /// Open the latch.
        Release,
        /// Turn the head.
        Head,
        /// Set the lights.
        Lights,
        /// Sound a tone.
        Buzzer,
        /// Lower the limits.
        Limits,
        /// Set the pace of `STATUS`.
        Report,
    }
}

impl Hello {
    /// The frame for it, with a leading `00` against what was on the line before.
    pub(crate) fn frame(self) -> Frame {
        let body = ToDevice::Hello(self).body(0, 0);
        // It fits: checked by the compiler in `messages!`.
        Frame::after_noise(body.body()).unwrap_or_else(|_| unreachable!("HELLO fits into a frame"))
    }
}

impl ToDevice {
    /// Whether every value is one that a device may accept: the ranges of the specification, not those of the
    /// particular device.
    pub fn check(&self) -> Result<(), OutOfRange> {
        let kind = self.kind();
        let within = |field, value: i64, low: i64, high: i64| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(OutOfRange { kind, field, value, low, high })
            }
        };
        match self {
            Self::Drive(drive) => within("left", drive.left.into(), 1, 8000),
            Self::Step(step) => {
                let most = match step.kind {
                    StepKind::Straight => 1000,
                    StepKind::Turn | StepKind::Unknown(_) => 3142,
                };
                within("left", step.left.into(), 1, 8000)?;
                within("kind", u8::from(step.kind).into(), 0, 1)?;
                within("amount", step.amount.into(), -most, most)
            }
            Self::Lights(lights) => within("presence", u8::from(lights.presence).into(), 0, 2),
            Self::Buzzer(buzzer) => {
                if buzzer.hz != 0 {
                    within("hz", buzzer.hz.into(), 100, 5000)?;
                }
                within("ms", buzzer.ms.into(), 0, 2000)
            }
            Self::Report(report) => within("period", report.period.into(), 20, 1000),
            Self::Hello(_)
            | Self::Stop(_)
            | Self::Estop(_)
            | Self::Release(_)
            | Self::Head(_)
            | Self::Limits(_) => Ok(()),
        }
    }
}

/// A value that no device accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} of {kind} is {value}; it must be {low} to {high}")]
pub struct OutOfRange {
    /// The message.
    pub kind: Kind,
    /// Its field.
    pub field: &'static str,
    /// What it holds.
    pub value: i64,
    /// The least that it may hold.
    pub low: i64,
    /// The most.
    pub high: i64,
}
