//! The notation that templates and replies are written in.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

/// The longest line that may be written down, characters.
pub const SOURCE_MAX: usize = 128;

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {fault}")]
pub struct TextError {
    /// Where, in characters from 1.
    pub at: usize,
    /// What.
    pub fault: Fault,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is nothing in it.
    #[error("nothing is written there")]
    Empty,
    /// More than [`SOURCE_MAX`] characters.
    #[error("a line has at most {SOURCE_MAX} characters")]
    TooLong,
    /// A placeholder does not end.
    #[error("{{ without }}; write {{{{ for the brace itself")]
    Unclosed,
    /// A placeholder ends that did not begin.
    #[error("}} without {{; write }}}} for the brace itself")]
    Unopened,
    /// A backslash with nothing known after it.
    #[error("unknown escape; there are \\n, \\r, \\t and \\\\")]
    Escape,
    /// No firmware reads it, and no person sees it.
    #[error("a control character other than \\n, \\r and \\t")]
    Control,
    /// A name that means nothing here.
    #[error("unknown placeholder {{{name}}}{}", Hint { near: *near, known })]
    Unknown {
        /// As it was written.
        name: String,
        /// The known name that is most like it.
        near: Option<&'static str>,
        /// All known names.
        known: Vec<&'static str>,
    },
    /// No placeholder may stand here.
    #[error("no placeholder may stand here: this line must always be the same")]
    Placeholder,
    /// `:` is followed by something else than a number of decimals.
    #[error("write {{{0}:.2}} for two decimals; at most 6")]
    Decimals(&'static str),
    /// `*` is followed by something else than a number.
    #[error("write {{{0}*1000}} to multiply by a number other than 0")]
    Factor(&'static str),
    /// Two numbers run into each other.
    #[error("something must stand between two placeholders")]
    Adjacent,
    /// The same value is told twice.
    #[error("{{{0}}} stands there twice")]
    Twice(&'static str),
    /// A reply with several lines.
    #[error("a reply is a single line")]
    LineEnd,
}

/// What to write instead.
struct Hint<'a> {
    near: Option<&'static str>,
    known: &'a [&'static str],
}

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(near) = self.near {
            return write!(f, ", did you mean {{{near}}}?");
        }
        let mut before = "; there are ";
        for name in self.known {
            write!(f, "{before}{{{name}}}")?;
            before = ", ";
        }
        Ok(())
    }
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Stands for itself; escapes are resolved. With where it begins.
    Literal { text: String, at: usize },
    /// What stood between braces, and where.
    Placeholder { inside: &'a str, at: usize },
}

/// Takes a line apart. Two literals never follow each other.
pub(super) fn parts(source: &str) -> Result<Vec<Part<'_>>, TextError> {
    if source.is_empty() {
        return Err(Fault::Empty.at(1));
    }
    if source.chars().nth(SOURCE_MAX).is_some() {
        return Err(Fault::TooLong.at(SOURCE_MAX + 1));
    }
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut begin = 1;
    let mut chars = source.char_indices().zip(1..).peekable();
    while let Some(((index, char), at)) = chars.next() {
        let mut doubled = || chars.next_if(|((_, next), _)| *next == char).is_some();
        match char {
            '{' if !doubled() => {
                let rest = source.get(index + 1..).unwrap_or_default();
                let (inside, _) = rest.split_once('}').ok_or_else(|| Fault::Unclosed.at(at))?;
                if inside.contains('{') {
                    return Err(Fault::Unclosed.at(at));
                }
                if !text.is_empty() {
                    parts.push(Part::Literal { text: core::mem::take(&mut text), at: begin });
                }
                parts.push(Part::Placeholder { inside, at });
                begin = at + inside.chars().count() + 2;
                while chars.next().is_some_and(|((_, passed), _)| passed != '}') {}
            }
            '}' if !doubled() => return Err(Fault::Unopened.at(at)),
            '\\' => text.push(match chars.next() {
                Some(((_, 'n'), _)) => '\n',
                Some(((_, 'r'), _)) => '\r',
                Some(((_, 't'), _)) => '\t',
                Some(((_, '\\'), _)) => '\\',
                _ => return Err(Fault::Escape.at(at)),
            }),
            '\n' | '\r' | '\t' => text.push(char),
            _ if char.is_control() => return Err(Fault::Control.at(at)),
            _ => text.push(char),
        }
    }
    if !text.is_empty() {
        parts.push(Part::Literal { text, at: begin });
    }
    Ok(parts)
}

/// A line without placeholders.
pub(super) fn words(source: &str) -> Result<String, TextError> {
    parts(source)?
        .into_iter()
        .map(|part| match part {
            Part::Literal { text, .. } => Ok(text),
            Part::Placeholder { at, .. } => Err(Fault::Placeholder.at(at)),
        })
        .collect()
}

impl Fault {
    pub(super) fn at(self, at: usize) -> TextError {
        TextError { at, fault: self }
    }

    /// A name that is none of `known`.
    pub(super) fn unknown(name: &str, known: impl Iterator<Item = &'static str>) -> Self {
        let known: Vec<_> = known.collect();
        let near = known.iter().map(|known| (distance(name, known), *known)).min();
        let near = near.filter(|(distance, _)| *distance <= 2).map(|(_, known)| known);
        Self::Unknown { name: name.to_string(), near, known }
    }
}

/// How many letters must be put in, taken out or changed to make one word of the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, from) in from.chars().enumerate() {
        let mut corner = line;
        let mut left = line + 1;
        let Some((first, rest)) = row.split_first_mut() else { return 0 };
        *first = left;
        for (above, to) in rest.iter_mut().zip(to.chars()) {
            let change = corner + usize::from(from != to);
            corner = *above;
            left = change.min(corner + 1).min(left + 1);
            *above = left;
        }
    }
    row.last().copied().unwrap_or_default()
}
