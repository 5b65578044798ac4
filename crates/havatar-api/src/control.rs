//! The controls of a camera: brightness, focus, exposure, the frequency of the lamps.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// What a control is set to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, expecting = "a control takes a whole number, true or false, or the word of a menu's entry")]
pub enum ControlValue {
    /// Of a control that is on or off.
    Switch(bool),
    /// Of a control with a range.
    Number(i64),
    /// The entry of a menu, as the camera's driver names it: `50 Hz`.
    Word(String),
}

impl fmt::Display for ControlValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Word(value) => f.write_str(value),
        }
    }
}

/// One control of a camera.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CameraControl {
    /// As `v4l2-ctl --list-ctrls` spells it: `brightness`, `power_line_frequency`.
    pub name: String,
    /// What it takes.
    pub kind: CameraControlKind,
    /// Of kind `integer`: which numbers.
    #[schema(required)]
    pub range: Option<CameraControlRange>,
    /// Of kind `menu`: the words of its entries.
    pub choices: Vec<String>,
    /// What the camera begins with.
    pub default: ControlValue,
    /// What it is set to at present; `null` if it cannot be read.
    #[schema(required)]
    pub value: Option<ControlValue>,
    /// It can be set. The privacy shutter and the lamp of a camera never can: they are for the person beside it.
    pub changeable: bool,
    /// An automatic mode governs it at present: what it is set to has no effect.
    pub inactive: bool,
}

/// What a control takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CameraControlKind {
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// The word of an entry.
    Menu,
}

/// Which numbers a control takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CameraControlRange {
    /// The least.
    pub min: i32,
    /// The most.
    pub max: i32,
    /// From one to the next, counted from the least.
    pub step: i32,
}

/// The controls of the camera in use: answer of `PUT /api/v1/devices/camera/controls`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CameraControls {
    /// The camera: `/dev/v4l/by-id/...`.
    pub device: String,
    /// All of them, as they were read back.
    pub controls: Vec<CameraControl>,
}

/// Body of `PUT /api/v1/devices/camera/controls`: by the controls' names what each is set to. `null` takes a control back to
/// `media.camera.controls`, or to the camera's own default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameraControlsRequest(pub BTreeMap<String, Option<ControlValue>>);

impl ToSchema for CameraControlsRequest {}

// utoipa derives none for a map whose values may be null.
impl PartialSchema for CameraControlsRequest {
    fn schema() -> RefOr<Schema> {
        let value = OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(Type::Null))
            .item(Ref::from_schema_name("ControlValue"));
        ObjectBuilder::new()
            .description(Some(
                "By the controls' names what each is set to. `null` takes a control back to `media.camera.controls`, or to the camera's own default.",
            ))
            .additional_properties(Some(Schema::OneOf(value.build())))
            .into()
    }
}
