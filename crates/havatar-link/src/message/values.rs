//! The enums and bit sets of the protocol.

use core::fmt;

use super::wire::{Field, Reader, Writer, values};

values! {
    /// The type of a message. `Display` gives the specification's name.
    Kind {
        /// Begins a session.
        0x01 => Hello "HELLO",
        /// Speeds for the wheels.
        0x02 => Drive "DRIVE",
        /// One bounded move.
        0x03 => Step "STEP",
        /// Brake.
        0x04 => Stop "STOP",
        /// Brake and latch.
        0x05 => Estop "ESTOP",
        /// Open the latch.
        0x06 => Release "RELEASE",
        /// Where the head looks.
        0x07 => Head "HEAD",
        /// The light and the presence light.
        0x08 => Lights "LIGHTS",
        /// A tone.
        0x09 => Buzzer "BUZZER",
        /// Lower the limits.
        0x0A => Limits "LIMITS",
        /// How often to send `STATUS`.
        0x0B => Report "REPORT",
        /// The answer to `HELLO`.
        0x41 => Welcome "WELCOME",
        /// How the device is.
        0x42 => Status "STATUS",
        /// Why a message had no effect.
        0x43 => Refused "REFUSED",
    }
}

values! {
    /// What the device does.
    State {
        /// Booted, and not greeted since.
        0 => NoSession "no session",
        /// At rest, or slowing down to it.
        1 => Ready "ready",
        /// Moving at a set-point.
        2 => Driving "driving",
        /// Carrying out a step.
        3 => Stepping "stepping",
        /// Refuses every set-point until a neutral one has come.
        4 => Held "held",
        /// The e-stop is latched.
        5 => Estop "e-stop",
    }
}

values! {
    /// What became of the newest step.
    StepResult {
        /// There was none in this session.
        0 => None "none",
        /// It is under way.
        1 => Running "running",
        /// It went all the way.
        2 => Done "done",
        /// Something stopped it.
        3 => Stopped "stopped",
        /// Its set-points ran out.
        4 => TimedOut "timed out",
        /// The wheels did not turn.
        5 => Blocked "blocked",
    }
}

values! {
    /// Why the device stopped last.
    StopReason {
        /// It has not.
        0 => None "none",
        /// A `STOP`.
        1 => Stop "stop",
        /// No set-point came for 250 ms.
        2 => Watchdog "watchdog",
        /// The newest set-point was 300 ms old.
        3 => Old "old",
        /// The newest set-point had lasted as long as it may.
        4 => Ended "ended",
        /// The e-stop.
        5 => Estop "e-stop",
        /// A boot or a `HELLO`.
        6 => Began "boot or hello",
        /// The wheels did not turn.
        7 => Blocked "blocked",
        /// A motor driver reported a fault.
        8 => MotorFault "motor fault",
    }
}

values! {
    /// Why the device refused a message.
    Code {
        /// It does not know the type.
        1 => UnknownType "unknown type",
        /// The length is not that of the type.
        2 => WrongLength "wrong length",
        /// Another session than the present one.
        3 => WrongSession "wrong session",
        /// The `seq` is not higher than those before.
        4 => OutOfOrder "repeated or out of order",
        /// A value that the specification rules out.
        5 => OutOfRange "out of range",
        /// One of the three rules about time.
        6 => Late "late",
        /// The e-stop is latched.
        7 => EstopLatched "e-stop latched",
        /// Held: neutral must come first.
        8 => NeutralFirst "neutral first",
        /// Another step is under way.
        9 => StepRunning "a step is running",
        /// This device cannot do it.
        10 => NotSupported "not supported",
        /// The stamp is more than 5 ms ahead of the device's clock.
        11 => StampAhead "stamp ahead of the clock",
        /// The e-stop button is pressed.
        12 => ButtonPressed "e-stop button pressed",
        /// `RELEASE` named another latch than the present one.
        13 => WrongLatch "wrong latch",
    }
}

values! {
    /// What a step does.
    StepKind {
        /// Straight on: amount in mm, speed in mm/s.
        0 => Straight "straight",
        /// On the spot: amount in mrad, speed in mrad/s.
        1 => Turn "turn",
    }
}

values! {
    /// What the presence light tells those in the room.
    Presence {
        /// No client watches.
        0 => Nobody "nobody",
        /// A client watches.
        1 => Watched "watched",
        /// A client drives.
        2 => Driven "driven",
    }
}

/// A set of bits with a method for each.
macro_rules! bits {
    ($(#[$doc:meta])* $name:ident { $($(#[$bit_doc:meta])* $bit:literal => $method:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name(pub u16);

        impl $name {
            $(
                $(#[$bit_doc])*
                pub const fn $method(self) -> bool {
                    self.0 & (1 << $bit) != 0
                }
            )*

            /// The names of the bits that are set, for people.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                [$((self.$method(), stringify!($method)),)*]
                    .into_iter()
                    .filter_map(|(set, name)| set.then_some(name))
            }
        }

        impl Field for $name {
            const SIZE: usize = 2;

            fn write(&self, to: &mut Writer) {
                self.0.write(to);
            }

            fn read(from: &mut Reader<'_>) -> Option<Self> {
                u16::read(from).map(Self)
            }

            fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.show(f)
            }
        }
    };
}

bits! {
    /// What a device can do. Bits that this version does not know are kept and mean nothing.
    Features {
        /// It measures how far the wheels turn.
        0 => odometry,
        /// It measures its battery.
        1 => battery,
        /// It can turn a head.
        2 => head,
        /// It has a light.
        3 => light,
        /// It has a light that shows whether a client watches.
        4 => presence,
        /// It has a buzzer.
        5 => buzzer,
        /// It has a switch that turns microphone and camera off.
        6 => mute_switch,
        /// It has a button for the e-stop.
        7 => estop_button,
        /// Its latch survives a reset.
        8 => estop_latch,
    }
}

bits! {
    /// What a device warns of.
    Flags {
        /// The e-stop is latched.
        0 => estop_latched,
        /// The e-stop's button is pressed, or its wire broken.
        1 => estop_pressed,
        /// The battery is low.
        2 => battery_low,
        /// The battery is about to fail.
        3 => battery_critical,
        /// A motor driver reports a fault.
        4 => motor_fault,
        /// The wheels were driven and did not turn.
        5 => blocked,
        /// The mute switch is on.
        6 => mute_switch,
    }
}
