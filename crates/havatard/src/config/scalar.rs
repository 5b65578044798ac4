//! How one scalar of the file becomes one value, with a message and a fix where it cannot.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Separates a message from its fix inside a serde error, which carries one string only.
const SEPARATOR: char = '\u{1f}';

/// Why a value is invalid, and what to write instead.
pub(super) struct ValueError {
    message: String,
    fix: String,
}

impl ValueError {
    pub(super) fn new(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { message: message.into(), fix: fix.into() }
    }

    /// Message and fix.
    pub(super) fn into_parts(self) -> (String, String) {
        (self.message, self.fix)
    }

    pub(super) fn into_error<E: Error>(self) -> E {
        E::custom(format_args!("{}{SEPARATOR}{}", self.message, self.fix))
    }
}

/// Splits a serde error's text into message and fix. No fix holds the separator, so the last one is the right one.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    text.rsplit_once(SEPARATOR)
}

/// A scalar as the file has it.
#[derive(Debug, Clone)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    List,
    Group,
}

impl Scalar {
    /// The text, or an error with `fix`.
    pub(super) fn text(self, fix: &str) -> Result<String, ValueError> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(ValueError::new(format!("{other} is not a text"), fix)),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("an empty value"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Whole(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{}", shown(value)),
            Self::List => f.write_str("a list"),
            Self::Group => f.write_str("a group of keys"),
        }
    }
}

/// A value of the file as messages quote it: shortened, control characters escaped.
pub(super) fn shown(value: &str) -> String {
    const LONGEST: usize = 60;
    let mut text: String = value.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if value.chars().nth(LONGEST).is_some() {
        text.push_str("...");
    }
    format!("\"{text}\"")
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
                Ok(Scalar::Null)
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar::Bool(value))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar::Whole(value))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
                #[expect(clippy::cast_precision_loss, reason = "beyond every range anyway; only shown")]
                Ok(i64::try_from(value).map_or(Scalar::Number(value as f64), Scalar::Whole))
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar::Number(value))
            }
            fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
                while list.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                Ok(Scalar::List)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut group: A) -> Result<Scalar, A::Error> {
                while group.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
                Ok(Scalar::Group)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A whole number in `range`; `unit` ends the sentence of the fix ("frames a second").
pub(super) fn whole<'de, D: Deserializer<'de>>(
    deserializer: D,
    range: std::ops::RangeInclusive<u32>,
    unit: &str,
) -> Result<u32, D::Error> {
    let fix = format!("use {} to {} {unit}", range.start(), range.end());
    match Scalar::deserialize(deserializer)? {
        Scalar::Whole(value) => u32::try_from(value)
            .ok()
            .filter(|value| range.contains(value))
            .ok_or_else(|| ValueError::new(format!("{value} is out of range"), fix)),
        Scalar::Number(value) if value.fract() == 0.0 => {
            let inside = value >= f64::from(*range.start()) && value <= f64::from(*range.end());
            Err(if inside {
                ValueError::new(format!("{value:.1} has a decimal point"), format!("write {value:.0}"))
            } else {
                ValueError::new(format!("{value} is out of range"), fix)
            })
        }
        other => Err(ValueError::new(format!("{other} is not a whole number"), fix)),
    }
    .map_err(ValueError::into_error)
}

/// Gives a type the serde traits from `fn from_scalar(Scalar) -> Result<Self, ValueError>` and `Display`.
macro_rules! scalar {
    ($type:ty) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let scalar = crate::config::scalar::Scalar::deserialize(deserializer)?;
                Self::from_scalar(scalar).map_err(crate::config::scalar::ValueError::into_error)
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

/// The same for a type that holds the text of the file as it is, in its only field.
macro_rules! text {
    ($type:ty) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        crate::config::scalar::scalar!($type);
    };
}

/// An enum of strings: one list gives the variants, their names in the file, the schema and the messages.
macro_rules! string_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, schemars::JsonSchema)]
        pub enum $name { $($(#[$variant_doc])* #[schemars(rename = $word)] $variant,)+ }

        impl $name {
            /// Its name in the file.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            fn from_scalar(
                scalar: crate::config::scalar::Scalar,
            ) -> Result<Self, crate::config::scalar::ValueError> {
                const ALL: &[(&str, $name)] = &[$(($word, $name::$variant),)+];
                crate::config::scalar::one_of(&scalar, ALL)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        crate::config::scalar::scalar!($name);
    };
}

pub(super) use scalar;
pub(super) use string_enum;
pub(super) use text;

/// The choice that `scalar` names.
pub(super) fn one_of<T: Copy>(scalar: &Scalar, all: &[(&str, T)]) -> Result<T, ValueError> {
    let given = match scalar {
        Scalar::Text(text) => text.as_str(),
        _ => "",
    };
    if let Some((_, value)) = all.iter().find(|(word, _)| *word == given) {
        return Ok(*value);
    }
    let words: Vec<&str> = all.iter().map(|(word, _)| *word).collect();
    let list = words.join(", ");
    let fix = nearest(given, &words).map_or_else(
        || format!("use one of {list}"),
        |word| format!("did you mean {word}? Use one of {list}"),
    );
    Err(ValueError::new(format!("{scalar} is not a choice here"), fix))
}

/// The word nearest to a misspelt one, if one is near enough to be what was meant.
pub(super) fn nearest<'a>(given: &str, words: &[&'a str]) -> Option<&'a str> {
    const NEAR: f64 = 0.8;
    let given = given.to_lowercase();
    let likeness = |word: &str| {
        // Of two letters, almost anything is one slip away from anything.
        let long = given.chars().nth(2).is_some();
        let one_slip = long && strsim::osa_distance(&given, word) <= 1;
        let part = long && (word.contains(&given) || given.contains(word));
        let floor = if one_slip || part { NEAR } else { 0.0 };
        strsim::jaro_winkler(&given, word).max(floor)
    };
    words
        .iter()
        .map(|word| (likeness(word), *word))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}
