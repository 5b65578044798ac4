//! Quantities with their unit: durations, bit rates, picture sizes.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::scalar::{Scalar, ValueError, scalar, shown};

/// A value from the file, between two bounds; `unit` ends the fix.
fn within<'de, D: Deserializer<'de>, T: Deserialize<'de> + Copy + PartialOrd + fmt::Display>(
    deserializer: D,
    least: T,
    most: T,
    unit: &str,
) -> Result<T, D::Error> {
    let value = T::deserialize(deserializer)?;
    if value < least || value > most {
        let fix = format!("use {least} to {most}{unit}");
        return Err(ValueError::new(format!("{value} is out of range"), fix).into_error());
    }
    Ok(value)
}

/// A length of time, to the millisecond. In the file: a whole number and a unit, `500ms`, `2s`, `10m`,
/// `12h`, `30d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    millis: u64,
}

impl Duration {
    /// So many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self { millis }
    }

    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self::from_millis(seconds.saturating_mul(1000))
    }

    /// So many minutes.
    pub const fn from_mins(minutes: u64) -> Self {
        Self::from_secs(minutes.saturating_mul(60))
    }

    /// So many hours.
    pub const fn from_hours(hours: u64) -> Self {
        Self::from_mins(hours.saturating_mul(60))
    }

    /// So many days of 24 hours.
    pub const fn from_days(days: u64) -> Self {
        Self::from_hours(days.saturating_mul(24))
    }

    /// As the standard library has it.
    pub const fn as_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.millis)
    }

    /// From the file, between two bounds.
    pub(super) fn within<'de, D: Deserializer<'de>>(
        deserializer: D,
        least: Self,
        most: Self,
    ) -> Result<Self, D::Error> {
        within(deserializer, least, most, "")
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str =
            "write a whole number and a unit (ms, s, m, h, d) without a space, like 10s or 10m";
        let text = match scalar {
            Scalar::Text(text) => text,
            Scalar::Whole(number @ 0..) => {
                return Err(ValueError::new(
                    format!("{number} has no unit"),
                    format!("write {number}s for seconds or {number}m for minutes"),
                ));
            }
            Scalar::Number(number) => {
                return Err(ValueError::new(
                    format!("{number} has no unit and is not a whole number"),
                    "write it whole, in a smaller unit: 1500ms, 90s or 90m",
                ));
            }
            other => return Err(ValueError::new(format!("{other} is not a length of time"), FORM)),
        };
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let unit = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "" if !number.is_empty() => {
                return Err(ValueError::new(
                    format!("{} has no unit", shown(&text)),
                    format!("write {number}s for seconds or {number}m for minutes"),
                ));
            }
            _ => return Err(ValueError::new(format!("{} is not a length of time", shown(&text)), FORM)),
        };
        if number.is_empty() {
            return Err(ValueError::new(format!("{} is not a length of time", shown(&text)), FORM));
        }
        // Digits only, so the one thing that can go wrong is that they are too many; so is the product.
        let millis = number.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(unit);
        Ok(Self { millis })
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
        for (unit, name) in units {
            if self.millis >= unit && self.millis.is_multiple_of(unit) {
                return write!(f, "{}{name}", self.millis / unit);
            }
        }
        write!(f, "{}ms", self.millis)
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A whole number and a unit, without a space: 500ms, 2s, 10m, 12h, 30d.",
            "pattern": "^[0-9]+(ms|s|m|h|d)$",
        })
    }
}

scalar!(Duration);

/// Bits a second. In the file: a number and `k` (1000) or `M` (1000000), `64k`, `1000k`, `1.2M`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BitRate {
    bits_per_second: u32,
}

impl BitRate {
    /// So many thousand bits a second.
    pub const fn from_kbps(kilobits: u32) -> Self {
        Self { bits_per_second: kilobits.saturating_mul(1000) }
    }

    /// So many bits a second.
    pub const fn from_bps(bits_per_second: u32) -> Self {
        Self { bits_per_second }
    }

    /// Bits a second.
    pub const fn bps(self) -> u32 {
        self.bits_per_second
    }

    /// This rate times `tenths / 10`, at most `u32::MAX` bits a second.
    pub(super) fn tenths(self, tenths: u64) -> Self {
        let bits = u64::from(self.bits_per_second) * tenths / 10;
        Self { bits_per_second: u32::try_from(bits).unwrap_or(u32::MAX) }
    }

    /// From the file, between two bounds.
    pub(super) fn within<'de, D: Deserializer<'de>>(
        deserializer: D,
        least: Self,
        most: Self,
    ) -> Result<Self, D::Error> {
        within(deserializer, least, most, " (bits a second)")
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str =
            "write a number and k or M without a space, like 64k, 1000k or 1.2M (bits a second)";
        let text = match scalar {
            Scalar::Text(text) => text,
            Scalar::Whole(number @ 0..) => {
                return Err(ValueError::new(
                    format!("{number} has no unit"),
                    format!("write {number}k for thousands of bits a second, or {number}M for millions"),
                ));
            }
            other => return Err(ValueError::new(format!("{other} is not a bit rate"), FORM)),
        };
        let wrong = || ValueError::new(format!("{} is not a bit rate", shown(&text)), FORM);
        let (number, unit) = if let Some(number) = text.strip_suffix('k') {
            (number, 1000)
        } else if let Some(number) = text.strip_suffix('M') {
            (number, 1_000_000)
        } else {
            return Err(wrong());
        };
        // In integers: 1.2M must be exactly 1200000.
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 6 {
            return Err(wrong());
        }
        let whole = whole.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(unit);
        let scale = 10_u64.pow(u32::try_from(decimals.len()).unwrap_or(6));
        let part = decimals.parse::<u64>().unwrap_or(0) * unit / scale;
        let bits = u32::try_from(whole.saturating_add(part)).unwrap_or(u32::MAX);
        Ok(Self { bits_per_second: bits })
    }
}

impl fmt::Display for BitRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.bits_per_second;
        if bits != 0 && bits.is_multiple_of(1_000_000) {
            return write!(f, "{}M", bits / 1_000_000);
        }
        let (kilobits, rest) = (bits / 1000, bits % 1000);
        if rest == 0 {
            write!(f, "{kilobits}k")
        } else {
            let decimals = format!("{rest:03}");
            write!(f, "{kilobits}.{}k", decimals.trim_end_matches('0'))
        }
    }
}

impl JsonSchema for BitRate {
    fn schema_name() -> Cow<'static, str> {
        "BitRate".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Bits a second: a number and k or M, without a space: 64k, 1000k, 1.2M.",
            "pattern": "^[0-9]+(\\.[0-9]{1,6})?[kM]$",
        })
    }
}

scalar!(BitRate);

/// A picture's width and height in pixels: even, 160x120 to 3840x2160. In the file: `1280x720`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels across, even, 160 to 3840.
    pub width: u32,
    /// Pixels down, even, 120 to 2160.
    pub height: u32,
}

impl Size {
    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str = "write width x height in pixels without spaces, like 1280x720";
        let text = scalar.text(FORM)?;
        let parse = |part: &str| {
            let digits = !part.is_empty() && part.len() <= 9 && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse::<u32>().ok()).flatten()
        };
        let size = text.split_once('x').and_then(|(width, height)| Some((parse(width)?, parse(height)?)));
        let Some((width, height)) = size else {
            return Err(ValueError::new(format!("{} is not a picture size", shown(&text)), FORM));
        };
        if !(160..=3840).contains(&width) || !(120..=2160).contains(&height) {
            return Err(ValueError::new(
                format!("{width}x{height} is out of range"),
                "use 160x120 to 3840x2160",
            ));
        }
        if width % 2 != 0 || height % 2 != 0 {
            return Err(ValueError::new(
                format!("{width}x{height} has an odd side, which H.264 cannot hold"),
                format!("use {}x{}", width - width % 2, height - height % 2),
            ));
        }
        Ok(Self { width, height })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Width and height in pixels, both even, 160x120 to 3840x2160: 1280x720.",
            "pattern": "^[0-9]{2,3}[02468]x[0-9]{2,3}[02468]$",
        })
    }
}

scalar!(Size);
