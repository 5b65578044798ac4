//! Setting controls on a device, in an order in which they take effect.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use havatar_api as api;
use serde::{Deserialize, Serialize};

use super::check;
use super::enumerate::{Control, Controllable, INACTIVE, controls};
use super::names::spelled;

/// What is to be set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// By name; `None`: what the camera begins with.
    pub(crate) values: BTreeMap<String, Option<api::ControlValue>>,
    /// Those that must be taken: if one is not, nothing is changed.
    pub(crate) required: BTreeSet<String>,
}

/// What became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// All controls, as they were read back.
    pub(crate) controls: Vec<api::CameraControl>,
    /// What was not taken, by name: a sentence with what the camera offers.
    pub(crate) faults: BTreeMap<String, String>,
    /// Nothing was changed, because one that was required was not taken.
    pub(crate) refused: bool,
}

/// One that is offered.
struct Assignment<'a> {
    control: &'a Control,
    number: i32,
    /// It goes back to what the camera begins with.
    is_default: bool,
}

/// Sets what is offered, automatic modes before what they govern, and reads all back.
pub(super) fn set(device: &impl Controllable, request: &Request) -> io::Result<Outcome> {
    let before = controls(device)?;
    let (mut assignments, mut faults) = (Vec::new(), BTreeMap::new());
    // Which controls there are is said once.
    let mut offered = Some(before.as_slice());
    for (name, value) in &request.values {
        let name = spelled(name);
        let found = before.iter().find(|control| control.shown.name == name);
        let judged = match (found, value) {
            // What this camera never had needs no way back.
            (None, None) => continue,
            (None, Some(_)) => Err(check::unknown(&name, offered.take())),
            (Some(control), value) => check::number(control, value.as_ref()).map(|number| (control, number)),
        };
        match judged {
            Ok((control, number)) => {
                assignments.push(Assignment { control, number, is_default: value.is_none() });
            }
            // One that cannot be set has what it begins with.
            Err(_) if value.is_none() => {}
            Err(fault) => drop(faults.insert(name, fault)),
        }
    }
    let is_refused = |faults: &BTreeMap<String, String>| {
        request.required.iter().any(|name| faults.contains_key(&spelled(name)))
    };
    let shown =
        |all: Vec<Control>| all.into_iter().map(|control| control.shown).collect::<Vec<api::CameraControl>>();
    if is_refused(&faults) {
        return Ok(Outcome { controls: shown(before), faults, refused: true });
    }
    assignments.sort_by_key(|assignment| !assignment.control.is_mode);
    for assignment in &assignments {
        if let Err(fault) = assign(device, assignment, &before) {
            faults.insert(assignment.control.shown.name.clone(), fault);
        }
    }
    let refused = is_refused(&faults);
    if refused {
        // What modes govern, before the modes go back and after: it can be set in one of the two.
        let there_and_back = assignments.iter().rev().chain(&assignments);
        for control in there_and_back.map(|assignment| assignment.control) {
            if let Some(present) = control.present {
                let _ = device.set(control.id, present);
            }
        }
    }
    let after = controls(device)?;
    if !refused {
        for assignment in &assignments {
            if let Some(fault) = deviation(assignment, &after) {
                faults.entry(assignment.control.shown.name.clone()).or_insert(fault);
            }
        }
    }
    Ok(Outcome { controls: shown(after), faults, refused })
}

fn assign(device: &impl Controllable, assignment: &Assignment<'_>, all: &[Control]) -> Result<(), String> {
    let Assignment { control, number, is_default } = assignment;
    let name = &control.shown.name;
    // Asked anew: a mode that was set before may have let it go, or taken it.
    let desc = device.control(control.id).ok().flatten();
    let is_governed = desc.is_some_and(|desc| desc.flags & INACTIVE != 0);
    if is_governed && *is_default {
        return Ok(());
    }
    // Some drivers store it for later, others refuse it.
    let result = device.set(control.id, *number);
    match result {
        _ if is_governed => Err(check::governed(name, all)),
        Ok(()) => Ok(()),
        Err(error) => Err(format!("{name} was not taken: the camera's driver says: {error}")),
    }
}

/// That a control was set, and is another all the same.
fn deviation(assignment: &Assignment<'_>, after: &[Control]) -> Option<String> {
    let Assignment { control, number, is_default } = assignment;
    let now = after.iter().find(|after| after.id == control.id)?;
    let present = now.present.filter(|present| present != number && !now.shown.inactive && !is_default)?;
    let (name, wanted, present) = (&control.shown.name, control.worded(*number), control.worded(present));
    Some(format!("{name}: the camera took {present} instead of {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        BRIGHTNESS, Camera, EXPOSURE, EXPOSURE_AUTO, FREQUENCY, WHITE, WHITE_AUTO, webcam,
    };
    use super::*;

    fn request(values: &[(&str, Option<api::ControlValue>)], required: &[&str]) -> Request {
        Request {
            values: values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            required: required.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn word(text: &str) -> api::ControlValue {
        api::ControlValue::Word(text.to_owned())
    }

    fn whole(number: i64) -> api::ControlValue {
        api::ControlValue::Number(number)
    }

    #[test]
    fn modes_come_before_what_they_govern() {
        let camera = webcam();
        let wanted = [
            ("exposure_time_absolute", Some(whole(300))),
            ("white_balance_temperature", Some(whole(3000))),
            ("auto_exposure", Some(word("Manual Mode"))),
            ("white_balance_automatic", Some(api::ControlValue::Switch(false))),
        ];
        let outcome = set(&camera, &request(&wanted, &[])).unwrap();
        assert_eq!(outcome.faults, BTreeMap::new());
        assert_eq!(
            *camera.orders.borrow(),
            [(EXPOSURE_AUTO, 1), (WHITE_AUTO, 0), (EXPOSURE, 300), (WHITE, 3000)]
        );
        let exposure =
            outcome.controls.iter().find(|control| control.name == "exposure_time_absolute").unwrap();
        assert_eq!((&exposure.value, exposure.inactive), (&Some(whole(300)), false), "read back");
    }

    #[test]
    fn what_is_wrong_is_told_and_the_rest_is_set() {
        let camera = Camera { broken: vec![FREQUENCY], deaf: vec![BRIGHTNESS], ..webcam() };
        let wanted = [
            ("Brightness", Some(whole(64))),
            ("focus_absolute", Some(whole(1))),
            ("power_line_frequency", Some(word("50 Hz"))),
            ("exposure_time_absolute", Some(whole(300))),
            ("white_balance_automatic", Some(api::ControlValue::Switch(false))),
        ];
        let outcome = set(&camera, &request(&wanted, &[])).unwrap();
        assert!(!outcome.refused);
        assert_eq!(camera.value(WHITE_AUTO), 0, "the good one");
        let fault = |name: &str| outcome.faults.get(name).map_or("", String::as_str);
        assert_eq!(outcome.faults.len(), 4, "{:?}", outcome.faults);
        assert_eq!(fault("brightness"), "brightness: the camera took 8 instead of 64");
        assert!(fault("focus_absolute").contains("is not a control of this camera: it has brightness,"));
        assert!(
            fault("power_line_frequency")
                .starts_with("power_line_frequency was not taken: the camera's driver says: ")
        );
        assert!(fault("exposure_time_absolute").contains("set auto_exposure to Manual Mode"));
    }

    #[test]
    fn the_shutter_and_the_lamp_of_a_camera_stay_as_the_person_beside_it_left_them() {
        let camera = webcam();
        let open = [("privacy", Some(api::ControlValue::Switch(false))), ("led1_mode", Some(word("Off")))];
        // By the config, by a client, and back to what the camera begins with.
        let outcome = set(&camera, &request(&open, &[])).unwrap();
        assert_eq!((outcome.faults.len(), outcome.refused), (2, false), "{:?}", outcome.faults);
        assert!(outcome.faults.values().all(|fault| fault.contains("for the person beside the camera")));
        assert!(set(&camera, &request(&open, &["privacy"])).unwrap().refused);
        let back = [("privacy", None), ("led1_mode", None)];
        assert_eq!(set(&camera, &request(&back, &[])).unwrap().faults, BTreeMap::new());
        assert!(camera.orders.borrow().is_empty());
    }

    #[test]
    fn what_moves_a_camera_is_no_control_and_which_there_are_is_said_once() {
        let camera = webcam();
        let wanted = ["pan_relative", "pan_speed", "shake"].map(|name| (name, Some(whole(1))));
        let outcome = set(&camera, &request(&wanted, &[])).unwrap();
        assert!(camera.orders.borrow().is_empty());
        let faults: Vec<&str> = outcome.faults.values().map(String::as_str).collect();
        assert!(faults[0].starts_with("pan_relative is not a control of this camera: it has brightness,"));
        assert_eq!(
            faults[1..],
            ["pan_speed is not a control of this camera", "shake is not a control of this camera"]
        );
    }

    #[test]
    fn one_that_is_required_and_not_taken_changes_nothing() {
        let wanted = [
            ("brightness", Some(whole(64))),
            ("auto_exposure", Some(word("Manual Mode"))),
            ("power_line_frequency", Some(word("50 Hz"))),
        ];
        let all = ["brightness", "auto_exposure", "power_line_frequency"];
        // It is not offered: nothing is tried.
        let camera = webcam();
        let unknown = [wanted.as_slice(), &[("focus_absolute", Some(whole(1)))]].concat();
        let outcome = set(&camera, &request(&unknown, &["focus_absolute"])).unwrap();
        assert!(outcome.refused && camera.orders.borrow().is_empty());
        // The driver refuses it: what was set before goes back.
        let camera = Camera { broken: vec![FREQUENCY], ..webcam() };
        let outcome = set(&camera, &request(&wanted, &all)).unwrap();
        assert!(outcome.refused && outcome.faults.contains_key("power_line_frequency"), "{outcome:?}");
        assert_eq!((camera.value(BRIGHTNESS), camera.value(EXPOSURE_AUTO)), (8, 3));
    }

    #[test]
    fn a_reset_is_what_the_camera_begins_with() {
        let camera = webcam();
        let back = [
            ("brightness", None),
            ("exposure_time_absolute", None),
            ("focus_absolute", None),
            ("privacy", None),
        ];
        let outcome =
            set(&camera, &request(&back, &["brightness", "exposure_time_absolute", "focus_absolute"]));
        let outcome = outcome.unwrap();
        assert_eq!((outcome.faults, outcome.refused), (BTreeMap::new(), false));
        assert_eq!(*camera.orders.borrow(), [(BRIGHTNESS, 0)]);
    }
}
