//! Whether a camera offers what a control is to be set to, and the sentence where it does not. Pure.

use havatar_api as api;

use super::enumerate::{Control, is_of_the_person_beside};
use super::names::{listed, shortened};

/// Which control of the camera governs which others, by its setting that leaves them alone. Drivers tell that a control is
/// governed, not by which; the names of two generations of kernels are there.
const GOVERNORS: &[(&str, &str, &[&str])] = &[
    ("auto_exposure", "Manual Mode", &["exposure_time_absolute"]),
    ("exposure_auto", "Manual Mode", &["exposure_absolute"]),
    ("focus_automatic_continuous", "false", &["focus_absolute"]),
    ("focus_auto", "false", &["focus_absolute"]),
    ("white_balance_automatic", "false", &["white_balance_temperature", "red_balance", "blue_balance"]),
    ("white_balance_temperature_auto", "false", &["white_balance_temperature"]),
    ("gain_automatic", "false", &["gain"]),
    ("hue_auto", "false", &["hue"]),
];

/// The driver's number for what a control is to be set to; `None`: what it begins with.
///
/// # Errors
/// What the camera offers instead.
pub(super) fn number(control: &Control, value: Option<&api::ControlValue>) -> Result<i32, String> {
    let name = &control.shown.name;
    if !control.shown.changeable {
        return Err(if control.is_held {
            format!("{name} is held by the camera's driver while the camera runs")
        } else if is_of_the_person_beside(control.id, name) {
            format!("{name} cannot be set from here: it is for the person beside the camera")
        } else {
            format!("{name} cannot be set: the camera only shows it")
        });
    }
    let Some(value) = value else { return Ok(control.default) };
    match (control.shown.kind, control.shown.range) {
        (api::CameraControlKind::Integer, Some(range)) => integer(name, range, value),
        (api::CameraControlKind::Boolean, _) => match value {
            api::ControlValue::Switch(on) => Ok(i32::from(*on)),
            api::ControlValue::Number(0) => Ok(0),
            api::ControlValue::Number(1) => Ok(1),
            other => Err(format!("{name}: {} is not offered: use true or false", quoted(other))),
        },
        _ => entry(control, value),
    }
}

/// That a camera has no control of this name, and which it has, where that is not said already.
pub(super) fn unknown(name: &str, controls: Option<&[Control]>) -> String {
    let fault = format!("{} is not a control of this camera", shortened(name));
    let Some(controls) = controls else { return fault };
    let names: Vec<&str> = controls
        .iter()
        .filter(|control| control.shown.changeable)
        .map(|control| control.shown.name.as_str())
        .collect();
    if names.is_empty() {
        format!("{fault}: it has none")
    } else {
        format!("{fault}: it has {}", listed(&names, "and"))
    }
}

/// That an automatic mode governs a control, and how that is ended.
pub(super) fn governed(name: &str, controls: &[Control]) -> String {
    let governor = GOVERNORS.iter().find(|(governor, _, governed)| {
        governed.contains(&name) && controls.iter().any(|control| control.shown.name == *governor)
    });
    match governor {
        Some((governor, setting, _)) => {
            format!("{name} has no effect while {governor} governs it: set {governor} to {setting} as well")
        }
        None => {
            format!("{name} has no effect while an automatic mode of the camera governs it: end that mode")
        }
    }
}

fn integer(name: &str, range: api::CameraControlRange, value: &api::ControlValue) -> Result<i32, String> {
    let api::CameraControlRange { min, max, step } = range;
    let steps = if step > 1 { format!(" in steps of {step}") } else { String::new() };
    let offered = format!("use {min} to {max}{steps}");
    let api::ControlValue::Number(value) = value else {
        return Err(format!("{name}: {} is not a whole number: {offered}", quoted(value)));
    };
    let number = i32::try_from(*value).ok().filter(|number| (min..=max).contains(number));
    let number = number.ok_or_else(|| format!("{name}: {value} is out of range: {offered}"))?;
    // In 64 bits: from one end of 32 to the other is more than they hold.
    let above = i64::from(number) - i64::from(min);
    if above % i64::from(step.max(1)) == 0 {
        Ok(number)
    } else {
        Err(format!("{name}: {value} is none of its steps: {offered}"))
    }
}

/// By its word, in any case; by a number that is an entry's word; by the number that the driver gives the entry.
fn entry(control: &Control, value: &api::ControlValue) -> Result<i32, String> {
    let choices = || control.shown.choices.iter().zip(control.numbers.iter().copied());
    let by_word = |wanted: &str| {
        let wanted = wanted.trim();
        choices().find(|(word, _)| word.eq_ignore_ascii_case(wanted)).map(|(_, number)| number)
    };
    let found = match value {
        api::ControlValue::Word(word) => by_word(word),
        api::ControlValue::Number(number) => by_word(&number.to_string())
            .or_else(|| choices().map(|(_, index)| index).find(|index| i64::from(*index) == *number)),
        api::ControlValue::Switch(_) => None,
    };
    found.ok_or_else(|| {
        let words: Vec<&str> = control.shown.choices.iter().map(String::as_str).collect();
        format!("{}: {} is not offered: use {}", control.shown.name, quoted(value), listed(&words, "or"))
    })
}

fn quoted(value: &api::ControlValue) -> String {
    shortened(&value.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::enumerate::controls;
    use super::super::testing::webcam;
    use super::*;

    fn word(text: &str) -> api::ControlValue {
        api::ControlValue::Word(text.to_owned())
    }

    #[test]
    fn what_is_offered_is_taken_and_the_rest_is_told_with_what_is() {
        let all = controls(&webcam()).unwrap();
        let of = |name: &str, value: &api::ControlValue| {
            number(all.iter().find(|control| control.shown.name == name).unwrap(), Some(value))
        };
        let whole = api::ControlValue::Number;
        for (name, value, wanted) in [
            ("brightness", whole(-64), Ok(-64)),
            ("brightness", whole(60), Ok(60)),
            ("brightness", whole(65), Err("brightness: 65 is out of range: use -64 to 64 in steps of 4")),
            (
                "brightness",
                whole(i64::MAX),
                Err("brightness: 9223372036854775807 is out of range: use -64 to 64 in steps of 4"),
            ),
            ("brightness", whole(1), Err("brightness: 1 is none of its steps: use -64 to 64 in steps of 4")),
            (
                "brightness",
                word("high"),
                Err("brightness: high is not a whole number: use -64 to 64 in steps of 4"),
            ),
            ("white_balance_automatic", api::ControlValue::Switch(false), Ok(0)),
            ("white_balance_automatic", whole(1), Ok(1)),
            (
                "white_balance_automatic",
                word("off"),
                Err("white_balance_automatic: off is not offered: use true or false"),
            ),
            ("power_line_frequency", word("50 hz"), Ok(1)),
            ("power_line_frequency", whole(2), Ok(2)),
            (
                "power_line_frequency",
                word("55 Hz"),
                Err("power_line_frequency: 55 Hz is not offered: use Disabled, 50 Hz or 60 Hz"),
            ),
            (
                "power_line_frequency",
                whole(50),
                Err("power_line_frequency: 50 is not offered: use Disabled, 50 Hz or 60 Hz"),
            ),
            ("auto_exposure", whole(1), Ok(1)),
            (
                "auto_exposure",
                whole(0),
                Err("auto_exposure: 0 is not offered: use Manual Mode or Aperture Priority Mode"),
            ),
            ("link_frequency", whole(900_000_000), Ok(1)),
            ("link_frequency", whole(0), Ok(0)),
            ("lens_temperature", whole(20), Err("lens_temperature cannot be set: the camera only shows it")),
            (
                "privacy",
                api::ControlValue::Switch(false),
                Err("privacy cannot be set from here: it is for the person beside the camera"),
            ),
            (
                "led1_mode",
                word("Off"),
                Err("led1_mode cannot be set from here: it is for the person beside the camera"),
            ),
        ] {
            assert_eq!(of(name, &value), wanted.map_err(str::to_owned), "{name} {value}");
        }
        let frequency = all.iter().find(|control| control.shown.name == "power_line_frequency").unwrap();
        assert_eq!(number(frequency, None), Ok(1), "its default");
    }

    #[test]
    fn a_name_that_is_none_is_told_with_those_that_are() {
        let all = controls(&webcam()).unwrap();
        assert_eq!(
            unknown("focus_absolute", Some(&all)),
            "focus_absolute is not a control of this camera: it has brightness, white_balance_automatic, \
             power_line_frequency, white_balance_temperature, auto_exposure, exposure_time_absolute and link_frequency"
        );
        assert!(unknown("focus_absolute", Some(&[])).ends_with("it has none"));
        assert_eq!(unknown("focus_absolute", None), "focus_absolute is not a control of this camera");
    }

    #[test]
    fn who_governs_is_named_where_it_is_known() {
        let all = controls(&webcam()).unwrap();
        assert_eq!(
            governed("exposure_time_absolute", &all),
            "exposure_time_absolute has no effect while auto_exposure governs it: set auto_exposure to Manual Mode as well"
        );
        assert!(governed("gain", &all).contains("an automatic mode"), "this camera has no automatic gain");
    }

    #[test]
    fn the_widest_range_overflows_nothing() {
        let range = api::CameraControlRange { min: i32::MIN, max: i32::MAX, step: i32::MAX };
        assert_eq!(
            integer("x", range, &api::ControlValue::Number(i64::from(i32::MAX) - 1)),
            Ok(i32::MAX - 1)
        );
        assert!(integer("x", range, &api::ControlValue::Number(5)).is_err());
    }
}
