//! The controls that a device has, from its answers to the interface's questions. The questions are a trait, so that a test can
//! put a device of its own in the place of one.

use std::io;

use havatar_api as api;

use super::names::spelled;

/// The questions, and the one order.
pub(crate) trait Controllable {
    /// The control of this id, or the first behind it if [`NEXT`] is part of it; `None` if there is none.
    fn control(&self, id: u32) -> io::Result<Option<ControlDesc>>;
    /// The entry of this number in a menu, as text; `None` for a number that the menu leaves out.
    fn entry(&self, id: u32, index: u32, is_number: bool) -> io::Result<Option<String>>;
    /// What a control is set to.
    fn get(&self, id: u32) -> io::Result<i32>;
    /// Sets a control.
    fn set(&self, id: u32, value: i32) -> io::Result<()>;
}

/// An answer about a control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ControlDesc {
    pub(crate) id: u32,
    pub(crate) kind: u32,
    pub(crate) name: String,
    pub(crate) min: i32,
    pub(crate) max: i32,
    pub(crate) step: i32,
    pub(crate) default: i32,
    pub(crate) flags: u32,
}

/// `V4L2_CTRL_FLAG_NEXT_CTRL`.
pub(super) const NEXT: u32 = 0x8000_0000;
/// `V4L2_CTRL_TYPE_*`. Buttons, texts, bit masks and numbers of 64 bits are left out: no config sets them.
pub(super) const INTEGER: u32 = 1;
pub(super) const BOOLEAN: u32 = 2;
pub(super) const MENU: u32 = 3;
pub(super) const INTEGER_MENU: u32 = 9;
/// `V4L2_CTRL_FLAG_*`.
pub(super) const DISABLED: u32 = 0x01;
pub(super) const GRABBED: u32 = 0x02;
pub(super) const READ_ONLY: u32 = 0x04;
pub(super) const UPDATE: u32 = 0x08;
pub(super) const INACTIVE: u32 = 0x10;
pub(super) const WRITE_ONLY: u32 = 0x40;
pub(super) const EXECUTE_ON_WRITE: u32 = 0x200;
/// `V4L2_CID_PRIVACY`.
pub(super) const PRIVACY: u32 = 0x009a_0910;
/// `V4L2_CID_{PAN,TILT,FOCUS,ZOOM,IRIS}_RELATIVE`, `ZOOM_CONTINUOUS`, `PAN_SPEED` and `TILT_SPEED`: to write one of them moves the
/// camera, each time anew. Drivers do not flag all of them.
const MOVES: [u32; 8] =
    [0x009a_0904, 0x009a_0905, 0x009a_090b, 0x009a_090e, 0x009a_090f, 0x009a_0912, 0x009a_0920, 0x009a_0921];
/// A driver that numbers on for ever is not followed.
const MOST: usize = 256;

/// A control, with what its driver knows it by.
#[derive(Debug, Clone)]
pub(super) struct Control {
    pub(super) id: u32,
    /// It may change what others are set to, or whether they count: an automatic mode.
    pub(super) is_mode: bool,
    /// The driver holds it while the camera runs.
    pub(super) is_held: bool,
    /// Of a menu: the numbers of the entries, as `shown.choices` has their words.
    pub(super) numbers: Vec<i32>,
    /// What it begins with.
    pub(super) default: i32,
    /// What it is set to, if that can be read.
    pub(super) present: Option<i32>,
    /// As the API has it.
    pub(super) shown: api::CameraControl,
}

/// Whether a control is for the person beside the camera alone: its privacy shutter, and the lamp that shows that it looks.
pub(super) fn is_of_the_person_beside(id: u32, name: &str) -> bool {
    id == PRIVACY || name.contains("privacy") || name.contains("indicator") || name.starts_with("led")
}

/// All controls of the kinds that can be set by a word or a number, in the driver's order.
pub(super) fn controls(device: &impl Controllable) -> io::Result<Vec<Control>> {
    let mut found: Vec<Control> = Vec::new();
    let mut last = 0;
    for _ in 0..MOST {
        let desc = match device.control(last | NEXT) {
            Ok(Some(desc)) if desc.id > last => desc,
            // Some webcams fail in the middle of their list: what came before it is there.
            Err(error) if last == 0 => return Err(error),
            _ => break,
        };
        last = desc.id;
        let name = spelled(&desc.name);
        if name.is_empty() || found.iter().any(|known| known.shown.name == name) {
            continue;
        }
        found.extend(control(device, &desc, name));
    }
    Ok(found)
}

fn control(device: &impl Controllable, desc: &ControlDesc, name: String) -> Option<Control> {
    let kind = match desc.kind {
        INTEGER => api::CameraControlKind::Integer,
        BOOLEAN => api::CameraControlKind::Boolean,
        MENU | INTEGER_MENU => api::CameraControlKind::Menu,
        _ => return None,
    };
    let is = |flag: u32| desc.flags & flag != 0;
    // An action is no setting: what a start of the camera repeats must not move it.
    if is(DISABLED) || is(EXECUTE_ON_WRITE) || MOVES.contains(&desc.id) {
        return None;
    }
    let (mut numbers, mut choices) = (Vec::new(), Vec::new());
    if kind == api::CameraControlKind::Menu {
        for number in (desc.min.max(0)..=desc.max).take(MOST) {
            let index = number.unsigned_abs();
            if let Ok(Some(word)) = device.entry(desc.id, index, desc.kind == INTEGER_MENU) {
                numbers.push(number);
                choices.push(word);
            }
        }
    }
    // A control that cannot be read is shown without a value: the others can.
    let present = if is(WRITE_ONLY) { None } else { device.get(desc.id).ok() };
    let range = api::CameraControlRange { min: desc.min, max: desc.max, step: desc.step.max(1) };
    let changeable = !is(READ_ONLY) && !is(GRABBED) && !is_of_the_person_beside(desc.id, &name);
    let mut control = Control {
        id: desc.id,
        is_mode: is(UPDATE) || name.contains("auto"),
        is_held: is(GRABBED),
        numbers,
        default: desc.default,
        present,
        shown: api::CameraControl {
            name,
            kind,
            range: (kind == api::CameraControlKind::Integer).then_some(range),
            choices,
            default: api::ControlValue::Switch(false),
            value: None,
            changeable,
            inactive: is(INACTIVE),
        },
    };
    control.shown.default = control.worded(control.default);
    control.shown.value = control.present.map(|value| control.worded(value));
    Some(control)
}

impl Control {
    /// The driver's number as people write it.
    pub(super) fn worded(&self, value: i32) -> api::ControlValue {
        match self.shown.kind {
            api::CameraControlKind::Integer => api::ControlValue::Number(value.into()),
            api::CameraControlKind::Boolean => api::ControlValue::Switch(value != 0),
            api::CameraControlKind::Menu => {
                let place = self.numbers.iter().position(|number| *number == value);
                let word = place.and_then(|place| self.shown.choices.get(place));
                api::ControlValue::Word(word.map_or_else(|| value.to_string(), Clone::clone))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Camera, webcam};
    use super::*;

    #[test]
    fn controls_have_their_kinds_ranges_and_words() {
        let found = controls(&webcam()).unwrap();
        let names: Vec<&str> = found.iter().map(|control| control.shown.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "brightness",
                "white_balance_automatic",
                "power_line_frequency",
                "white_balance_temperature",
                "auto_exposure",
                "exposure_time_absolute",
                "privacy",
                "link_frequency",
                "lens_temperature",
                "led1_mode",
            ],
            "no class, no button, no motion, nothing twice, nothing disabled"
        );
        let of = |name: &str| found.iter().find(|control| control.shown.name == name).unwrap().shown.clone();
        let brightness = of("brightness");
        assert_eq!(brightness.range, Some(api::CameraControlRange { min: -64, max: 64, step: 4 }));
        assert_eq!(brightness.default, api::ControlValue::Number(0));
        assert_eq!(brightness.value, Some(api::ControlValue::Number(8)));
        let frequency = of("power_line_frequency");
        assert_eq!(frequency.choices, ["Disabled", "50 Hz", "60 Hz"]);
        assert_eq!(frequency.value, Some(api::ControlValue::Word("60 Hz".to_owned())));
        // Entries that the driver leaves out are none.
        assert_eq!(of("auto_exposure").choices, ["Manual Mode", "Aperture Priority Mode"]);
        assert_eq!(of("link_frequency").choices, ["450000000", "900000000"]);
        assert!(of("exposure_time_absolute").inactive && !of("lens_temperature").changeable);
        assert!(!of("privacy").changeable && !of("led1_mode").changeable, "whatever their driver allows");
        assert_eq!(of("white_balance_automatic").value, Some(api::ControlValue::Switch(true)));
    }

    /// One that numbers its controls for ever, and one that never gets on.
    struct Endless(u32);
    impl Controllable for Endless {
        fn control(&self, id: u32) -> io::Result<Option<ControlDesc>> {
            let id = (id & !NEXT) + self.0;
            let name = format!("number {id}");
            Ok(Some(ControlDesc {
                id,
                kind: MENU,
                name,
                min: 0,
                max: i32::MAX,
                step: 1,
                default: 0,
                flags: 0,
            }))
        }
        fn entry(&self, _: u32, _: u32, _: bool) -> io::Result<Option<String>> {
            Ok(Some("word".to_owned()))
        }
        fn get(&self, _: u32) -> io::Result<i32> {
            Err(io::ErrorKind::Other.into())
        }
        fn set(&self, _: u32, _: i32) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_driver_without_end_is_not_followed() {
        let found = controls(&Endless(1)).unwrap();
        assert_eq!((found.len(), found[0].shown.choices.len()), (MOST, MOST));
        assert_eq!(found[0].shown.value, None, "it cannot be read");
        assert_eq!(controls(&Endless(0)).unwrap().len(), 0);
        assert_eq!(controls(&Camera::default()).unwrap().len(), 0);
    }
}
