//! A firmware that is not ours: lines of text, no answers worth the name, and no watchdog. What it was told last, it
//! does for ever.

/// `M <left> <right>` sets duties of -255 to 255, `S` stops, `B?` asks for the battery.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    line: Vec<u8>,
    duties: (i16, i16),
    out: Vec<u8>,
}

/// Longer lines are forgotten.
const LONGEST: usize = 64;

impl Foreign {
    /// Takes a byte; the line, when it ends one.
    pub(super) fn receive(&mut self, byte: u8, battery_mv: u16) -> Option<String> {
        if byte != b'\n' {
            if self.line.len() < LONGEST {
                self.line.push(byte);
            }
            return None;
        }
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).trim().to_owned();
        let mut words = line.split(' ');
        match words.next() {
            Some("M") => {
                let mut duty = || words.next()?.parse::<i16>().ok().filter(|duty| duty.unsigned_abs() <= 255);
                if let (Some(left), Some(right)) = (duty(), duty()) {
                    let scaled = |duty: i16| i16::try_from(i32::from(duty) * 1000 / 255).unwrap_or(0);
                    self.duties = (scaled(left), scaled(right));
                }
            }
            Some("S") => self.duties = (0, 0),
            Some("B?") => {
                self.out.extend_from_slice(format!("BAT {:.1}\n", f64::from(battery_mv) / 1000.0).as_bytes());
            }
            _ => {}
        }
        Some(line)
    }

    pub(super) fn duties(&self) -> (i16, i16) {
        self.duties
    }

    pub(super) fn transmit(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_what_it_was_told_last() {
        let mut foreign = Foreign::default();
        let mut tell = |text: &str| {
            for byte in text.bytes() {
                foreign.receive(byte, 11_800);
            }
            foreign.duties()
        };
        assert_eq!(tell("M 255 -255\n"), (1000, -1000));
        assert_eq!(tell("M 300 0\nM x y\nM 1\n\n?"), (1000, -1000), "nonsense changes nothing");
        assert_eq!(tell("\nS\n"), (0, 0));
        tell("B?\n");
        assert_eq!(foreign.transmit(), b"BAT 11.8\n");
    }
}
