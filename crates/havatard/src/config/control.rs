//! What `media.camera` sets on the camera itself, and how its picture is turned.

use std::borrow::Cow;
use std::fmt;

use havatar_api::ControlValue;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::scalar::{Scalar, ValueError, shown, string_enum};

/// What a control of the camera is set to: a whole number, true or false, or the word of a menu's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlSetting(ControlValue);

impl ControlSetting {
    /// The value.
    pub fn value(&self) -> &ControlValue {
        &self.0
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str = "write a whole number, true or false, or the word of a menu's entry, like 50 Hz";
        match scalar {
            Scalar::Bool(value) => Ok(Self(ControlValue::Switch(value))),
            Scalar::Whole(value) => Ok(Self(ControlValue::Number(value))),
            Scalar::Text(text) => {
                let length = text.chars().count();
                if length == 0 || length > 100 || text.chars().any(char::is_control) {
                    return Err(ValueError::new(format!("{} is no control's value", shown(&text)), FORM));
                }
                Ok(Self(ControlValue::Word(text)))
            }
            other => Err(ValueError::new(format!("{other} is no control's value"), FORM)),
        }
    }
}

impl<'de> Deserialize<'de> for ControlSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_scalar(Scalar::deserialize(deserializer)?).map_err(ValueError::into_error)
    }
}

impl Serialize for ControlSetting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for ControlSetting {
    fn schema_name() -> Cow<'static, str> {
        "ControlSetting".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A whole number, true or false, or the word of a menu's entry.",
            "anyOf": [
                { "type": "boolean" },
                { "type": "integer" },
                { "type": "string", "pattern": "^[^\\u0000-\\u001f\\u007f]+$", "maxLength": 100 },
                { "type": "null" },
            ],
        })
    }
}

/// By how much the picture is turned, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CameraRotation {
    /// Not at all.
    #[default]
    Upright,
    /// A quarter to the right.
    Right,
    /// Upside down.
    Half,
    /// A quarter to the left.
    Left,
}

impl CameraRotation {
    /// Clockwise.
    pub fn degrees(self) -> u32 {
        match self {
            Self::Upright => 0,
            Self::Right => 90,
            Self::Half => 180,
            Self::Left => 270,
        }
    }

    /// Width and height change places.
    pub fn is_quarter(self) -> bool {
        matches!(self, Self::Right | Self::Left)
    }

    fn from_scalar(scalar: &Scalar) -> Result<Self, ValueError> {
        match scalar {
            Scalar::Whole(0) => Ok(Self::Upright),
            Scalar::Whole(90) => Ok(Self::Right),
            Scalar::Whole(180) => Ok(Self::Half),
            Scalar::Whole(270) => Ok(Self::Left),
            other => {
                let fix = "use 0, 90, 180 or 270 (degrees, clockwise)";
                Err(ValueError::new(format!("{other} is no turn of the picture"), fix))
            }
        }
    }
}

impl fmt::Display for CameraRotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.degrees().fmt(f)
    }
}

impl<'de> Deserialize<'de> for CameraRotation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_scalar(&Scalar::deserialize(deserializer)?).map_err(ValueError::into_error)
    }
}

impl Serialize for CameraRotation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.degrees())
    }
}

impl JsonSchema for CameraRotation {
    fn schema_name() -> Cow<'static, str> {
        "CameraRotation".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer",
            "description": "Degrees, clockwise: 0, 90, 180 or 270.",
            "oneOf": [{ "const": 0 }, { "const": 90 }, { "const": 180 }, { "const": 270 }],
        })
    }
}

string_enum! {
    /// Whether the picture is mirrored.
    CameraFlip {
        /// As it comes.
        #[default]
        None = "none",
        /// Left and right change places.
        Horizontal = "horizontal",
        /// Top and bottom change places.
        Vertical = "vertical",
    }
}
