//! Lines from a firmware.

use alloc::string::String;
use alloc::vec::Vec;

use super::notation::{Fault, Part, TextError, parts};

/// The largest whole number that is taken over, either way: all that a field can hold, and exact as `f64`.
const WHOLE_MAX: f64 = 4_294_967_295.0;

macro_rules! reading {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)*) => {
        /// What a line told. The names are those of the placeholders.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Reading {
            $($(#[$doc])* pub $field: Option<$type>,)*
        }

        const NAMES: &[&str] = &[$(stringify!($field)),*];

        impl Reading {
            /// `None` if the number does not fit.
            fn set(&mut self, name: &str, number: f64) -> Option<()> {
                match name {
                    $(stringify!($field) => self.$field = Some(<$type>::try_from(whole(number)?).ok()?),)*
                    _ => return None,
                }
                Some(())
            }
        }
    };
}

reading! {
    /// mm since its start, to where it looked then.
    x: i32,
    /// mm since its start, to the left of that.
    y: i32,
    /// mrad, counter-clockwise.
    heading: i32,
    /// mm/s, measured.
    linear: i16,
    /// mrad/s, measured.
    angular: i16,
    /// mV.
    battery_mv: u16,
    /// Per cent; what is above 100 is for the reader to judge.
    battery_percent: u8,
    /// Hundredths of a degree, left positive.
    pan: i16,
    /// Hundredths of a degree, up positive.
    tilt: i16,
    /// Brightness, 0 to 255.
    light: u8,
}

/// A line as a firmware may send it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply(Vec<Piece>);

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Literal(String),
    Number { name: &'static str, factor: f64 },
    Word,
}

impl Reply {
    pub(super) fn parse(source: &str) -> Result<Self, TextError> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut names = Vec::new();
        for part in single_line(source)? {
            let piece = match part {
                Part::Literal { text, .. } => Piece::Literal(text),
                Part::Placeholder { at, .. }
                    if matches!(pieces.last(), Some(Piece::Number { .. } | Piece::Word)) =>
                {
                    return Err(Fault::Adjacent.at(at));
                }
                Part::Placeholder { inside: "_", .. } => Piece::Word,
                Part::Placeholder { inside, at } => {
                    let (name, factor) = number(inside).map_err(|fault| fault.at(at))?;
                    if names.contains(&name) {
                        return Err(Fault::Twice(name).at(at));
                    }
                    names.push(name);
                    Piece::Number { name, factor }
                }
            };
            pieces.push(piece);
        }
        Ok(Self(pieces))
    }

    pub(super) fn tells(&self, wanted: &str) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Number { name, .. } if *name == wanted))
    }

    /// What `line` tells, if it is a line of this kind.
    pub(super) fn read(&self, line: &str) -> Option<Reading> {
        let mut reading = Reading::default();
        let mut rest = line.trim_end();
        let mut pieces = self.0.iter().peekable();
        while let Some(piece) = pieces.next() {
            rest = match piece {
                Piece::Literal(literal) => after(literal, rest)?,
                Piece::Number { name, factor } => {
                    let (number, after) = split_number(rest.trim_start_matches(BLANKS))?;
                    reading.set(name, number * factor)?;
                    after
                }
                Piece::Word => {
                    let end = match pieces.peek() {
                        Some(Piece::Literal(next)) => next.chars().next(),
                        _ => None,
                    };
                    let word = |char: char| !BLANKS.contains(&char) && Some(char) != end;
                    let after = rest.trim_start_matches(word);
                    (after.len() < rest.len()).then_some(after)?
                }
            };
        }
        rest.is_empty().then_some(reading)
    }
}

const BLANKS: [char; 2] = [' ', '\t'];

/// The parts of a reply. Lines are compared without their ends, so it may be written with one.
fn single_line(source: &str) -> Result<Vec<Part<'_>>, TextError> {
    let mut parts = parts(source)?;
    if let Some(Part::Literal { text, at }) = parts.last_mut() {
        text.truncate(text.trim_end().len());
        if text.is_empty() {
            let at = *at;
            parts.pop();
            if parts.is_empty() {
                return Err(Fault::Empty.at(at));
            }
        }
    }
    let broken = parts.iter().find_map(|part| match part {
        Part::Literal { text, at } if text.contains(['\n', '\r']) => Some(*at),
        _ => None,
    });
    broken.map_or(Ok(parts), |at| Err(Fault::LineEnd.at(at)))
}

/// What follows `literal` in `line`. Blanks in it stand for one or more.
fn after<'a>(literal: &str, line: &'a str) -> Option<&'a str> {
    let mut rest = line;
    let mut chars = literal.chars().peekable();
    while let Some(char) = chars.next() {
        if BLANKS.contains(&char) {
            while chars.next_if(|next| BLANKS.contains(next)).is_some() {}
            let after = rest.trim_start_matches(BLANKS);
            rest = (after.len() < rest.len()).then_some(after)?;
        } else {
            rest = rest.strip_prefix(char)?;
        }
    }
    Some(rest)
}

fn number(inside: &str) -> Result<(&'static str, f64), Fault> {
    let (name, factor) = inside.split_once('*').map_or((inside, None), |(name, factor)| (name, Some(factor)));
    let known = NAMES.iter().copied().find(|known| *known == name);
    let name = known.ok_or_else(|| Fault::unknown(name, NAMES.iter().copied().chain(["_"])))?;
    let Some(factor) = factor else {
        return Ok((name, 1.0));
    };
    match split_number(factor) {
        Some((factor, "")) if factor != 0.0 => Ok((name, factor)),
        _ => Err(Fault::Factor(name)),
    }
}

/// A decimal number at the beginning, and what follows it. No exponents, no `inf`, no `nan`.
fn split_number(text: &str) -> Option<(f64, &str)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let after = unsigned.trim_start_matches(|char: char| char.is_ascii_digit());
    let whole = unsigned.len() - after.len();
    let decimals = after
        .strip_prefix('.')
        .map(|decimals| decimals.trim_start_matches(|char: char| char.is_ascii_digit()));
    let rest = decimals.unwrap_or(after);
    let number = text.get(..text.len() - rest.len())?;
    if whole == 0 && unsigned.len() - rest.len() < 2 {
        return None;
    }
    // More than 308 digits are infinite, which `whole` refuses.
    Some((number.parse().ok()?, rest))
}

/// The nearest whole number; `None` beyond what any field holds.
fn whole(number: f64) -> Option<i64> {
    let rounded = number + 0.5_f64.copysign(number);
    #[expect(clippy::cast_possible_truncation, reason = "within range, and meant to cut off")]
    (rounded.abs() <= WHOLE_MAX).then_some(rounded as i64)
}
