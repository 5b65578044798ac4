//! What goes wrong on demand: commands, and what the cable does to bytes.

use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _};

/// A line on standard input.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Command {
    /// Pulls the cable.
    Unplug,
    /// Puts it in again; the controller may have lost its power meanwhile.
    Plug {
        reboot: bool,
    },
    /// The controller restarts, and says nothing of it.
    Reset,
    /// Likewise, and its odometry begins anew.
    PowerCycle,
    /// Random bytes to the host.
    Garbage(usize),
    /// Share of bytes that are lost, come twice, or have a bit flipped, in both directions.
    Drop(f64),
    Double(f64),
    Flip(f64),
    /// The controller's words come so much later, in ms.
    Slow(u64),
    /// The controller says nothing.
    Mute(bool),
    /// Charge, 0 to 1.
    Battery(f64),
    /// Nothing gets beyond this x, mm.
    Wall(Option<f64>),
    /// The e-stop's button.
    Button(bool),
    /// The mute switch.
    MuteSwitch(bool),
    /// The firmware hangs, ms.
    Freeze(u64),
    /// The H-bridge reports a fault.
    MotorFault(bool),
    /// Tells where it is.
    Pose,
    /// Ends.
    Quit,
}

impl Command {
    /// Reads a line; an error says what was wrong with it.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let mut words = line.split_whitespace();
        let name = words.next().ok_or("an empty line is no command")?;
        let value = words.next();
        if words.next().is_some() {
            return Err(format!("too many words: {line}"));
        }
        let number = || -> Result<f64, String> {
            let text = value.ok_or_else(|| format!("{name} needs a number"))?;
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
            number.ok_or_else(|| format!("{text} is no number of 0 or more"))
        };
        let share =
            || number().and_then(|n| if n <= 1.0 { Ok(n) } else { Err(format!("{n} is not 0 to 1")) });
        let whole = || -> Result<u64, String> {
            let text = value.ok_or_else(|| format!("{name} needs a whole number"))?;
            text.parse::<u64>()
                .ok()
                .filter(|n| *n <= 1_000_000)
                .ok_or_else(|| format!("{text} is no whole number up to a million"))
        };
        let switch = || match value {
            Some("on") => Ok(true),
            Some("off") => Ok(false),
            _ => Err(format!("{name} needs on or off")),
        };
        let alone = |command| if value.is_none() { Ok(command) } else { Err(format!("{name} stands alone")) };
        match name {
            "unplug" => alone(Self::Unplug),
            "plug" => match value {
                None => Ok(Self::Plug { reboot: false }),
                Some("reboot") => Ok(Self::Plug { reboot: true }),
                Some(other) => Err(format!("plug {other}: say plug or plug reboot")),
            },
            "reset" => alone(Self::Reset),
            "power-cycle" => alone(Self::PowerCycle),
            "garbage" => Ok(Self::Garbage(usize::try_from(whole()?).unwrap_or(usize::MAX))),
            "drop" => Ok(Self::Drop(share()?)),
            "double" => Ok(Self::Double(share()?)),
            "flip" => Ok(Self::Flip(share()?)),
            "slow" => Ok(Self::Slow(whole()?)),
            "mute-bytes" => Ok(Self::Mute(switch()?)),
            "battery" => Ok(Self::Battery(number()?.min(100.0) / 100.0)),
            "wall" if value == Some("off") => Ok(Self::Wall(None)),
            "wall" => Ok(Self::Wall(Some(number()?))),
            "button" => Ok(Self::Button(switch()?)),
            "mute" => Ok(Self::MuteSwitch(switch()?)),
            "freeze" => Ok(Self::Freeze(whole()?)),
            "fault" => Ok(Self::MotorFault(switch()?)),
            "pose" => alone(Self::Pose),
            "quit" => alone(Self::Quit),
            other => Err(format!("{other} is no command")),
        }
    }
}

/// What the cable does to bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Damage {
    pub(super) drop: f64,
    pub(super) double: f64,
    pub(super) flip: f64,
}

impl Damage {
    /// Bytes as they come out at the other end.
    pub(super) fn pass(&self, bytes: &[u8], dice: &mut StdRng) -> Vec<u8> {
        if self.drop == 0.0 && self.double == 0.0 && self.flip == 0.0 {
            return bytes.to_vec();
        }
        let mut out = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            if dice.random_bool(self.drop) {
                continue;
            }
            let flipped = dice.random_bool(self.flip).then(|| 1_u8 << dice.random_range(0..8));
            let byte = byte ^ flipped.unwrap_or(0);
            out.push(byte);
            if dice.random_bool(self.double) {
                out.push(byte);
            }
        }
        out
    }
}

/// Random bytes.
pub(super) fn garbage(count: usize, dice: &mut StdRng) -> Vec<u8> {
    let mut bytes = vec![0; count];
    dice.fill_bytes(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn commands_are_read_and_slips_are_told() {
        for (line, command) in [
            ("unplug", Command::Unplug),
            ("plug reboot", Command::Plug { reboot: true }),
            ("garbage 200", Command::Garbage(200)),
            ("drop 0.01", Command::Drop(0.01)),
            ("battery 15", Command::Battery(0.15)),
            ("wall off", Command::Wall(None)),
            ("wall 800", Command::Wall(Some(800.0))),
            ("mute-bytes on", Command::Mute(true)),
        ] {
            assert_eq!(Command::parse(line), Ok(command), "{line}");
        }
        for line in [
            "",
            "jump",
            "drop",
            "drop 2",
            "drop nan",
            "button",
            "button 1",
            "unplug now",
            "slow -1",
            "plug in now",
        ] {
            assert!(Command::parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn damage_repeats_itself_by_its_seed() {
        let damage = Damage { drop: 0.1, double: 0.1, flip: 0.1 };
        let bytes: Vec<u8> = (0..=255).collect();
        let pass = |seed| damage.pass(&bytes, &mut StdRng::seed_from_u64(seed));
        assert_eq!(pass(1), pass(1));
        assert_ne!(pass(1), pass(2));
        assert_ne!(pass(1), bytes);
        assert_eq!(Damage::default().pass(&bytes, &mut StdRng::seed_from_u64(1)), bytes);
    }
}
