//! The size of the test card.

use std::fmt;
use std::str::FromStr;

/// Width and height of a video frame: both even, from 160x120 to 3840x2160, at most three times as wide as high.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    width: u16,
    height: u16,
}

/// Why a size was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SizeError {
    /// The text is not two numbers with an `x` between.
    #[error("`{0}` is no size: write width and height in pixels, such as 1280x720")]
    Syntax(String),
    /// Outside of the supported range.
    #[error("{0}x{1} is outside of 160x120 to 3840x2160")]
    Range(u16, u16),
    /// 4:2:0 halves both.
    #[error("{0}x{1} has an odd side; yuv420p needs even ones")]
    Odd(u16, u16),
    /// The row of squares is placed by the width and must fit the height.
    #[error("{0}x{1} is more than three times as wide as high; the card does not fit")]
    Flat(u16, u16),
}

impl Size {
    /// Checks a size in pixels.
    pub fn new(width: u16, height: u16) -> Result<Self, SizeError> {
        if !(160..=3840).contains(&width) || !(120..=2160).contains(&height) {
            return Err(SizeError::Range(width, height));
        }
        if !width.is_multiple_of(2) || !height.is_multiple_of(2) {
            return Err(SizeError::Odd(width, height));
        }
        if width / 3 > height {
            return Err(SizeError::Flat(width, height));
        }
        Ok(Self { width, height })
    }

    /// Width in pixels.
    pub fn width(self) -> usize {
        usize::from(self.width)
    }

    /// Height in pixels.
    pub fn height(self) -> usize {
        usize::from(self.height)
    }

    /// Bytes in one yuv420p frame: the luma plane, then both chroma planes at half size.
    pub fn frame_bytes(self) -> usize {
        self.width() * self.height() / 2 * 3
    }
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let syntax = || SizeError::Syntax(text.to_owned());
        let (width, height) = text.split_once('x').ok_or_else(syntax)?;
        Self::new(width.parse().map_err(|_| syntax())?, height.parse().map_err(|_| syntax())?)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}
