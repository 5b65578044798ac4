//! From the units of this crate to a firmware's numbers.

use core::ops::RangeInclusive;

/// The largest number that is written, either way.
const NUMBER_MAX: f64 = 1e9;

/// A straight line from one unit to another, with ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    offset: f64,
    slope: f64,
}

/// One scale for each kind of value; as it is unless given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scales {
    /// `{left}` and `{right}`, from mm/s.
    pub wheel: Scale,
    /// `{linear}`, from mm/s.
    pub linear: Scale,
    /// `{angular}`, from mrad/s.
    pub angular: Scale,
    /// `{pan}`, from hundredths of a degree.
    pub pan: Scale,
    /// `{tilt}`, from hundredths of a degree.
    pub tilt: Scale,
    /// `{light}`, from 0 to 255.
    pub light: Scale,
}

/// Why there is no such scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScaleError {
    /// NaN, infinite, or too large.
    #[error("an end of a range must be a number from -1e9 to 1e9")]
    Number,
    /// Nothing fits, or 0 does not.
    #[error("the range of values must rise and hold 0")]
    From,
    /// All values would be the same.
    #[error("the firmware's range must have two different ends")]
    To,
}

impl Scale {
    /// Maps `from`, in the units of this crate, onto `to`, the firmware's. `to` may fall, for motors that are mounted the
    /// other way round. Values beyond `from` are held at its ends.
    pub fn between(from: RangeInclusive<f64>, to: RangeInclusive<f64>) -> Result<Self, ScaleError> {
        let (low, high) = from.into_inner();
        let (first, last) = to.into_inner();
        // NaN is in no range.
        if [low, high, first, last].iter().any(|end| !(-NUMBER_MAX..=NUMBER_MAX).contains(end)) {
            return Err(ScaleError::Number);
        }
        if low >= high || low > 0.0 || high < 0.0 {
            return Err(ScaleError::From);
        }
        let slope = (last - first) / (high - low);
        // The ends of a very narrow range may differ by too little, or by so little that the slope is without end.
        if slope == 0.0 || !slope.is_finite() {
            return Err(ScaleError::To);
        }
        Ok(Self { low, high, offset: first - low * slope, slope })
    }

    /// The firmware's number for `value`.
    pub(crate) fn apply(&self, value: f64) -> f64 {
        (self.offset + value.clamp(self.low, self.high) * self.slope).clamp(-NUMBER_MAX, NUMBER_MAX)
    }

    /// How much of `value` this scale has room for, 0 to 1.
    pub(crate) fn share(&self, value: f64) -> f64 {
        if value > self.high {
            self.high / value
        } else if value < self.low {
            self.low / value
        } else {
            1.0
        }
    }
}

impl Default for Scale {
    /// Every value as it is.
    fn default() -> Self {
        Self { low: -NUMBER_MAX, high: NUMBER_MAX, offset: 0.0, slope: 1.0 }
    }
}
