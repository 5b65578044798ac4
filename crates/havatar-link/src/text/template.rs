//! Lines to a firmware.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::notation::{Fault, Part, TextError, parts};

const DECIMALS_MAX: usize = 6;

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Left,
    Right,
    Linear,
    Angular,
    Pan,
    Tilt,
    Light,
}

impl Value {
    pub(super) const DRIVE: &'static [Self] = &[Self::Left, Self::Right, Self::Linear, Self::Angular];
    pub(super) const HEAD: &'static [Self] = &[Self::Pan, Self::Tilt];
    pub(super) const LIGHT: &'static [Self] = &[Self::Light];

    const fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Linear => "linear",
            Self::Angular => "angular",
            Self::Pan => "pan",
            Self::Tilt => "tilt",
            Self::Light => "light",
        }
    }
}

/// A line with places for numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Literal(String),
    Number { value: Value, decimals: usize },
}

impl Template {
    /// Reads a line that may hold `allowed`.
    pub(super) fn parse(source: &str, allowed: &[Value]) -> Result<Self, TextError> {
        let piece = |part| match part {
            Part::Literal { text, .. } => Ok(Piece::Literal(text)),
            Part::Placeholder { inside, at } => number(inside, allowed).map_err(|fault| fault.at(at)),
        };
        parts(source)?.into_iter().map(piece).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = Value> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Number { value, .. } => Some(*value),
            Piece::Literal(_) => None,
        })
    }

    pub(super) fn has(&self, wanted: Value) -> bool {
        self.values().any(|value| value == wanted)
    }

    pub(super) fn is_constant(&self) -> bool {
        self.values().next().is_none()
    }

    /// The line with a number in each place.
    pub(super) fn render(&self, number: impl Fn(Value) -> f64) -> String {
        let mut line = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => line.push_str(literal),
                Piece::Number { value, decimals } => write_number(&mut line, number(*value), *decimals),
            }
        }
        line
    }
}

fn number(inside: &str, allowed: &[Value]) -> Result<Piece, Fault> {
    let (name, format) = inside.split_once(':').map_or((inside, None), |(name, format)| (name, Some(format)));
    let value = allowed.iter().copied().find(|value| value.name() == name);
    let value = value.ok_or_else(|| Fault::unknown(name, allowed.iter().map(|value| value.name())))?;
    let decimals = match format.map(|format| format.strip_prefix('.').map(str::as_bytes)) {
        None => 0,
        Some(Some(&[digit @ b'0'..=b'9'])) if usize::from(digit - b'0') <= DECIMALS_MAX => {
            usize::from(digit - b'0')
        }
        Some(_) => return Err(Fault::Decimals(value.name())),
    };
    Ok(Piece::Number { value, decimals })
}

/// Rounded, and never as `-0`, which not every firmware reads as zero.
fn write_number(line: &mut String, number: f64, decimals: usize) {
    let before = line.len();
    // Writing to a string cannot fail.
    let _ = write!(line, "{number:.decimals$}");
    let written = line.get(before..).unwrap_or_default();
    if written.starts_with('-') && !written.contains(|char| ('1'..='9').contains(&char)) {
        line.remove(before);
    }
}
