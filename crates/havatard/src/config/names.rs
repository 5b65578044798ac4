//! Paths, programs and devices: text that ends up as one argument of another program.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::scalar::{Scalar, ValueError, scalar, shown, text};

/// An absolute path without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AbsolutePath(PathBuf);

impl AbsolutePath {
    /// The path.
    pub fn as_path(&self) -> &Path {
        &self.0
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str = "write a path that begins with /";
        // The value is not quoted: where a password's file is asked for, people write the password.
        let Scalar::Text(text) = scalar else {
            return Err(ValueError::new("this is not a path", FORM));
        };
        if text.is_empty() {
            return Err(ValueError::new("the path is empty", FORM));
        }
        if text.chars().any(char::is_control) {
            return Err(ValueError::new("the path holds a control character", "write it without"));
        }
        if text.starts_with("~/") {
            return Err(ValueError::new("~ is not expanded here", "write the whole path, from /"));
        }
        if !text.starts_with('/') {
            return Err(ValueError::new("the path is not absolute", FORM));
        }
        Ok(Self(PathBuf::from(text)))
    }
}

impl AsRef<Path> for AbsolutePath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for AbsolutePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl JsonSchema for AbsolutePath {
    fn schema_name() -> Cow<'static, str> {
        "AbsolutePath".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A path that begins with /.",
            "pattern": "^/[^\\u0000-\\u001f\\u007f]*$",
        })
    }
}

scalar!(AbsolutePath);

/// A program: a bare name, looked up on PATH, or an absolute path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Program(String);

impl Program {
    /// For a spawn: either a bare name or an absolute path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path, unless it is a bare name.
    pub fn path(&self) -> Option<&Path> {
        self.0.contains('/').then(|| Path::new(&self.0))
    }

    pub(super) fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str = "write a program's name, or its path from /";
        let text = scalar.text(FORM)?;
        let bare = !text.contains('/');
        if text.is_empty()
            || text.chars().any(char::is_control)
            || (bare && (text.starts_with(['-', '.']) || text.contains(char::is_whitespace)))
        {
            return Err(ValueError::new(format!("{} is not a program", shown(&text)), FORM));
        }
        if !bare && !text.starts_with('/') {
            return Err(ValueError::new(
                format!("{} is neither a name nor an absolute path", shown(&text)),
                FORM,
            ));
        }
        Ok(Self(text))
    }
}

impl JsonSchema for Program {
    fn schema_name() -> Cow<'static, str> {
        "Program".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A program's name, looked up on PATH, or its path from /.",
            "pattern": "^(/[^\\u0000-\\u001f\\u007f]+|[^-./\\s][^/\\s]*)$",
        })
    }
}

text!(Program);

/// Which camera.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum CameraDevice {
    /// The first that is found: `/dev/v4l/by-id/*-video-index0`, or CSI camera 0.
    #[default]
    Auto,
    /// A V4L2 device file.
    Path(PathBuf),
    /// A CSI camera by its number, 0 to 9.
    Number(u8),
}

impl CameraDevice {
    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str =
            "write auto, a path like /dev/v4l/by-id/usb-...-video-index0, or the number of a CSI camera";
        let text = match scalar {
            Scalar::Text(text) => text,
            Scalar::Whole(number) => number.to_string(),
            other => return Err(ValueError::new(format!("{other} is not a camera"), FORM)),
        };
        if text == "auto" {
            return Ok(Self::Auto);
        }
        if let [digit @ b'0'..=b'9'] = text.as_bytes() {
            return Ok(Self::Number(digit - b'0'));
        }
        if text.starts_with('/') && !text.chars().any(char::is_control) {
            return Ok(Self::Path(PathBuf::from(text)));
        }
        Err(ValueError::new(format!("{} is not a camera", shown(&text)), FORM))
    }
}

impl fmt::Display for CameraDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Path(path) => path.display().fmt(f),
            Self::Number(number) => number.fmt(f),
        }
    }
}

impl JsonSchema for CameraDevice {
    fn schema_name() -> Cow<'static, str> {
        "CameraDevice".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "auto, the path of a V4L2 device, or the number of a CSI camera (0 to 9).",
            "anyOf": [
                { "type": "string", "pattern": "^(auto|[0-9]|/[^\\u0000-\\u001f\\u007f]*)$" },
                { "type": "integer", "minimum": 0, "maximum": 9 },
            ],
        })
    }
}

scalar!(CameraDevice);

/// A sound device by name: ALSA's (`default`, `hw:1,0`, `plughw:CARD=Mic`), or a source or sink of a sound server. Never
/// an option of another program.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SoundDevice(String);

impl SoundDevice {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str = "write default, or a name that arecord -L, aplay -L or pactl list short shows, like plughw:CARD=Mic,DEV=0";
        let text = scalar.text(FORM)?;
        let length = text.chars().count();
        if length == 0 || length > 200 || text.starts_with('-') || text.chars().any(char::is_control) {
            return Err(ValueError::new(format!("{} is not a sound device", shown(&text)), FORM));
        }
        Ok(Self(text))
    }
}

impl JsonSchema for SoundDevice {
    fn schema_name() -> Cow<'static, str> {
        "SoundDevice".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A sound device by name: default, plughw:CARD=Mic,DEV=0, or a source or sink of PulseAudio or PipeWire.",
            "pattern": "^[^-\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*$",
            "maxLength": 200,
        })
    }
}

text!(SoundDevice);

/// A user name: 1 to 200 characters, no control character.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserName(String);

impl UserName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        let text = scalar.text("put it in quotes")?;
        let length = text.chars().count();
        if length == 0 || length > 200 || text.chars().any(char::is_control) {
            return Err(ValueError::new(
                format!("{} is not a user name", shown(&text)),
                "write 1 to 200 characters, none of them a control character",
            ));
        }
        Ok(Self(text))
    }
}

impl JsonSchema for UserName {
    fn schema_name() -> Cow<'static, str> {
        "UserName".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A user name.",
            "pattern": "^[^\\u0000-\\u001f\\u007f]+$",
            "maxLength": 200,
        })
    }
}

text!(UserName);
