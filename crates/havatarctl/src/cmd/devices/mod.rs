//! Verb `devices`: what is plugged in, what can be set on a camera, and what a device does when it is tried.

mod controls;
mod test;

use havatar_api::{AttachedCamera, AttachedDevices, SoundCard};

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::{Emphasis, Output, Style, plain};

/// What to do with the devices; without a verb they are listed.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Show what can be set on the cameras (brightness, focus, the frequency of the lamps), and set it on the one in use
    Controls(controls::Args),
    /// Test a device; exit 1 if nothing comes of it, or what comes looks wrong
    #[command(subcommand)]
    Test(test::Kind),
}

/// Cameras, sound cards and serial ports, by the names that the config takes.
pub(crate) async fn run(args: Args, client: &Client, output: &Output) -> Result<Exit, Error> {
    match args.verb {
        Some(Verb::Controls(args)) => return controls::run(&args, client, output).await,
        Some(Verb::Test(kind)) => return test::run(kind, client, output).await,
        None => {}
    }
    let devices: AttachedDevices = client.get(&["devices"]).await?;
    output.show(&devices, |style| table(&devices, style))?;
    Ok(Exit::Done)
}

fn table(devices: &AttachedDevices, style: &Style) -> String {
    let row = |kind: &str, device: &str, remark: String, emphasis: Emphasis| {
        vec![plain(kind.to_owned()), plain(format::clean(device)), (format::clean(&remark), emphasis)]
    };
    let cameras = devices.cameras.iter().map(|camera| {
        let emphasis = if camera.fault.is_some() { Emphasis::Error } else { Emphasis::Dim };
        row("camera", &camera.device, about_camera(camera), emphasis)
    });
    let cards =
        devices.sound_cards.iter().map(|card| row("sound", &card.device, about_card(card), Emphasis::Dim));
    let ports =
        devices.serial_ports.iter().map(|port| row("serial", &port.port, port.node.clone(), Emphasis::Dim));
    let rows: Vec<_> = cameras.chain(cards).chain(ports).collect();
    if rows.is_empty() {
        return "Nothing is plugged in: no camera, no sound card, no serial port on USB.".to_owned();
    }
    style.table(&["KIND", "DEVICE", "REMARK"], &[], rows)
}

fn about_camera(camera: &AttachedCamera) -> String {
    let formats = camera.formats.iter().map(|it| format!("{} ({})", it.format, it.sizes));
    let gives = camera.fault.clone().unwrap_or_else(|| formats.collect::<Vec<_>>().join("; "));
    [camera.name.as_str(), camera.node.as_str(), &gives]
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

fn about_card(card: &SoundCard) -> String {
    let parts = match (card.captures, card.plays) {
        (true, true) => "microphone and loudspeaker",
        (true, false) => "microphone",
        (false, true) => "loudspeaker",
        (false, false) => "neither microphone nor loudspeaker",
    };
    let users = if card.in_use_by.is_empty() {
        String::new()
    } else {
        format!(", used by {}", card.in_use_by.join(", "))
    };
    format!("{}, {parts}{users}", card.name)
}

#[cfg(test)]
mod tests {
    use havatar_api::{AttachedCameraFormat, SerialPort};

    use crate::output::tests::style;

    use super::*;

    #[test]
    fn devices() {
        let camera = |device: &str, fault: Option<&str>| AttachedCamera {
            device: device.to_owned(),
            node: "/dev/video0".to_owned(),
            name: "HD Pro Webcam C920".to_owned(),
            formats: vec![AttachedCameraFormat {
                format: "mjpeg".to_owned(),
                compressed: true,
                sizes: "640x480, 1280x720".to_owned(),
            }],
            controls: Vec::new(),
            fault: fault.map(str::to_owned),
        };
        let all = AttachedDevices {
            cameras: vec![
                camera("/dev/v4l/by-id/usb-C920-video-index0", None),
                camera("/dev/v4l/by-path/x-video-index0", Some("/dev/video0 may not be opened")),
            ],
            sound_cards: vec![SoundCard {
                device: "plughw:CARD=Device".to_owned(),
                name: "USB Audio Device".to_owned(),
                captures: true,
                plays: true,
                in_use_by: vec!["aplay (pid 812)".to_owned()],
            }],
            serial_ports: vec![SerialPort {
                port: "/dev/serial/by-id/usb-CP2102".to_owned(),
                node: "/dev/ttyUSB0".to_owned(),
            }],
        };
        insta::assert_snapshot!(table(&all, &style()));
        insta::assert_snapshot!(table(&AttachedDevices::default(), &style()));
    }
}
