//! Verb `devices controls`: what can be set on a camera, and setting it.

use std::collections::BTreeMap;

use havatar_api::{
    AttachedCamera, AttachedDevices, CameraControl, CameraControlKind, CameraControls, CameraControlsRequest,
    ControlValue,
};

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Emphasis, Output, Style, plain};
use crate::{cmd, format};

/// What to set.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to set on the camera in use from now on: brightness=130, "power_line_frequency=50 Hz". With nothing behind the =
    /// it goes back to what the config says, or the camera begins with. Without any, all controls are listed
    #[arg(value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<Setting>,
}

/// A control's name, and its new value; `None` takes it back.
type Setting = (String, Option<ControlValue>);

/// Lists the controls of all cameras, or sets some of the one in use.
pub(super) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Error> {
    if args.settings.is_empty() {
        let devices: AttachedDevices = client.get(&["devices"]).await?;
        output.show(&devices, |style| listed(&devices.cameras, style))?;
    } else {
        let changes: BTreeMap<_, _> = args.settings.iter().cloned().collect();
        let request = CameraControlsRequest(changes);
        let controls: CameraControls = client.put_with(&["devices", "camera", "controls"], &request).await?;
        output.show(&controls, |style| block(&controls.device, &controls.controls, style))?;
    }
    Ok(Exit::Done)
}

fn setting(text: &str) -> Result<Setting, String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE, like brightness=130")?;
    let value = match (value, value.parse::<i64>()) {
        ("", _) => None,
        ("true", _) => Some(ControlValue::Switch(true)),
        ("false", _) => Some(ControlValue::Switch(false)),
        (_, Ok(number)) => Some(ControlValue::Number(number)),
        (word, Err(_)) => Some(ControlValue::Word(word.to_owned())),
    };
    Ok((cmd::name(name)?, value))
}

fn listed(cameras: &[AttachedCamera], style: &Style) -> String {
    if cameras.is_empty() {
        return "No camera is plugged in.".to_owned();
    }
    let blocks = cameras.iter().map(|camera| match &camera.fault {
        Some(fault) => format!("{}: {}", format::clean(&camera.device), format::clean(fault)),
        None if camera.controls.is_empty() => {
            format!("{}: it has no controls.", format::clean(&camera.device))
        }
        None => block(&camera.device, &camera.controls, style),
    });
    blocks.collect::<Vec<_>>().join("\n\n")
}

/// A camera and its controls.
fn block(device: &str, controls: &[CameraControl], style: &Style) -> String {
    let rows = controls.iter().map(|control| {
        let text = |value: &ControlValue| plain(format::clean(&value.to_string()));
        let present = control.value.as_ref().map_or_else(|| plain("unknown"), text);
        let emphasis = if control.changeable { Emphasis::None } else { Emphasis::Dim };
        vec![
            plain(format::clean(&control.name)),
            present,
            text(&control.default),
            (offers(control), emphasis),
        ]
    });
    let table = style.table(&["CONTROL", "VALUE", "DEFAULT", "TAKES"], &[], rows.collect());
    format!("{}\n{table}", format::clean(device))
}

/// `-64 to 64 in steps of 4`
fn offers(control: &CameraControl) -> String {
    let offered = match (control.kind, control.range) {
        (CameraControlKind::Integer, Some(range)) => {
            let steps = if range.step > 1 { format!(" in steps of {}", range.step) } else { String::new() };
            format!("{} to {}{steps}", range.min, range.max)
        }
        (CameraControlKind::Boolean, _) => "true, false".to_owned(),
        _ => format::clean(&control.choices.join(", ")),
    };
    let remark = match (control.changeable, control.inactive) {
        (false, _) => "; cannot be set now",
        (true, true) => "; an automatic mode governs it",
        (true, false) => "",
    };
    format!("{offered}{remark}")
}

#[cfg(test)]
mod tests {
    use havatar_api::CameraControlRange;

    use crate::output::tests::style;

    use super::*;

    fn brightness() -> CameraControl {
        CameraControl {
            name: "brightness".to_owned(),
            kind: CameraControlKind::Integer,
            range: Some(CameraControlRange { min: -64, max: 64, step: 4 }),
            choices: Vec::new(),
            default: ControlValue::Number(0),
            value: Some(ControlValue::Number(8)),
            changeable: true,
            inactive: false,
        }
    }

    fn frequency() -> CameraControl {
        CameraControl {
            name: "power_line_frequency".to_owned(),
            kind: CameraControlKind::Menu,
            range: None,
            choices: ["Disabled", "50 Hz", "60 Hz"].map(str::to_owned).into(),
            default: ControlValue::Word("50 Hz".to_owned()),
            value: None,
            ..brightness()
        }
    }

    #[test]
    fn a_setting_is_a_name_and_what_stands_behind_the_sign() {
        let of = |text: &str| setting(text).unwrap();
        let named = |name: &str, value| (name.to_owned(), value);
        assert_eq!(of("brightness=-4"), named("brightness", Some(ControlValue::Number(-4))));
        assert_eq!(of("hflip=true"), named("hflip", Some(ControlValue::Switch(true))));
        let word = ControlValue::Word("50 Hz".to_owned());
        assert_eq!(of("power_line_frequency=50 Hz"), named("power_line_frequency", Some(word)));
        assert_eq!(of("brightness="), named("brightness", None), "it is taken back");
        for wrong in ["brightness", "=5", ""] {
            assert!(setting(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_a_control_takes_stands_in_one_line() {
        assert_eq!(offers(&brightness()), "-64 to 64 in steps of 4");
        assert_eq!(offers(&frequency()), "Disabled, 50 Hz, 60 Hz");
        let switch = CameraControl { kind: CameraControlKind::Boolean, range: None, ..brightness() };
        assert_eq!(offers(&switch), "true, false");
        assert_eq!(
            offers(&CameraControl { inactive: true, ..brightness() }),
            "-64 to 64 in steps of 4; an automatic mode governs it"
        );
        let held = CameraControl { changeable: false, inactive: true, ..switch };
        assert_eq!(offers(&held), "true, false; cannot be set now");
    }

    #[test]
    fn each_camera_is_followed_by_its_controls() {
        let camera = |device: &str, controls, fault: Option<&str>| AttachedCamera {
            device: device.to_owned(),
            node: "/dev/video0".to_owned(),
            name: "camera".to_owned(),
            formats: Vec::new(),
            controls,
            fault: fault.map(str::to_owned),
        };
        let cameras = [
            camera("/dev/v4l/by-id/a", vec![brightness(), frequency()], None),
            camera("/dev/v4l/by-id/b", Vec::new(), None),
            camera("/dev/v4l/by-id/c", Vec::new(), Some("/dev/video4 may not be opened")),
        ];
        let text = listed(&cameras, &style());
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let wanted = [
            "/dev/v4l/by-id/a",
            "CONTROL VALUE DEFAULT TAKES",
            "brightness 8 0 -64 to 64 in steps of 4",
            "power_line_frequency unknown 50 Hz Disabled, 50 Hz, 60 Hz",
            "",
            "/dev/v4l/by-id/b: it has no controls.",
            "",
            "/dev/v4l/by-id/c: /dev/video4 may not be opened",
        ];
        assert_eq!(lines.len(), wanted.len(), "{text}");
        for (line, wanted) in lines.iter().zip(wanted) {
            assert_eq!(*line, words(wanted), "{text}");
        }
        assert_eq!(listed(&[], &style()), "No camera is plugged in.");
    }
}
