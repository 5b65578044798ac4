//! A speed, as the config writes it.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::scalar::{Scalar, ValueError};

/// A speed, to the mm/s. In the file: a number of metres a second, `0.25`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speed {
    mm_s: u16,
}

impl Speed {
    pub(super) const fn of_mm_s(mm_s: u16) -> Self {
        Self { mm_s }
    }

    /// mm/s.
    pub const fn mm_s(self) -> u16 {
        self.mm_s
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str = "write metres a second, like 0.25";
        let value = match scalar {
            #[expect(clippy::cast_precision_loss, reason = "beyond the range anyway")]
            Scalar::Whole(value) => value as f64,
            Scalar::Number(value) => value,
            other => return Err(ValueError::new(format!("{other} is not a speed"), FORM)),
        };
        let mm_s = (value * 1000.0).round();
        if !(1.0..=10_000.0).contains(&mm_s) {
            return Err(ValueError::new(format!("{value} m/s is out of range"), FORM));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 10000")]
        Ok(Self { mm_s: mm_s as u16 })
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", f64::from(self.mm_s) / 1000.0)
    }
}

impl<'de> Deserialize<'de> for Speed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_scalar(Scalar::deserialize(deserializer)?).map_err(ValueError::into_error)
    }
}

impl Serialize for Speed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.mm_s) / 1000.0)
    }
}

impl JsonSchema for Speed {
    fn schema_name() -> Cow<'static, str> {
        "Speed".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "description": "Metres a second.", "minimum": 0.001, "maximum": 10 })
    }
}
