//! Which way sound goes to and from this machine: a sound server, or ALSA.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use havatar_supervisor::{Command, LaunchError, Spawner};

use crate::config::{MicrophoneSource, SoundDevice, SpeakerOutput};
use crate::program;

/// How long a sound server may take to say that it is there.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// What the config asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Auto,
    Pulse,
    Alsa,
}

/// Which way it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Pulse,
    Alsa,
}

impl Wish {
    pub(crate) fn of_microphone(source: MicrophoneSource) -> Option<Self> {
        match source {
            MicrophoneSource::Auto => Some(Self::Auto),
            MicrophoneSource::Pulse => Some(Self::Pulse),
            MicrophoneSource::Alsa => Some(Self::Alsa),
            MicrophoneSource::Test | MicrophoneSource::Off => None,
        }
    }

    pub(crate) fn of_speaker(output: SpeakerOutput) -> Option<Self> {
        match output {
            SpeakerOutput::Auto => Some(Self::Auto),
            SpeakerOutput::Pulse => Some(Self::Pulse),
            SpeakerOutput::Alsa => Some(Self::Alsa),
            SpeakerOutput::Test | SpeakerOutput::Off => None,
        }
    }

    /// As the status names a device.
    pub(crate) fn name(self, device: &SoundDevice) -> String {
        match self {
            Self::Auto => format!("sound device {device}"),
            Self::Pulse => format!("PulseAudio {device}"),
            Self::Alsa => format!("ALSA {device}"),
        }
    }
}

/// The way there is now; otherwise what is waited for.
pub(crate) async fn way(spawner: &Spawner, wish: Wish, device: &SoundDevice) -> Result<Way, String> {
    let card = card(device);
    match wish {
        Wish::Alsa => present(card.as_deref()),
        // A name that only ALSA understands.
        Wish::Auto if card.is_some() => present(card.as_deref()),
        Wish::Auto | Wish::Pulse if server_answers(spawner).await => Ok(Way::Pulse),
        Wish::Auto if any_card() => Ok(Way::Alsa),
        Wish::Auto => Err("there is neither a sound card nor a sound server that this user reaches; \
                           whichever appears is used"
            .to_owned()),
        Wish::Pulse => Err("no PulseAudio or PipeWire server answers this user (pactl info); \
                            it is used as soon as it does"
            .to_owned()),
    }
}

/// The program that plays raw samples from its standard input.
pub(crate) fn player(way: Way, device: &SoundDevice) -> Result<Command, LaunchError> {
    match way {
        Way::Pulse => pulse("pacat", device),
        Way::Alsa => alsa("aplay", device),
    }
}

/// The program that writes raw samples to its standard output.
pub(crate) fn recorder(way: Way, device: &SoundDevice) -> Result<Command, LaunchError> {
    match way {
        Way::Pulse => pulse("parec", device),
        Way::Alsa => alsa("arecord", device),
    }
}

/// A small latency is asked for by name: by default a server stores two seconds.
fn pulse(program: &str, device: &SoundDevice) -> Result<Command, LaunchError> {
    let command = Command::new(find(program, "pulseaudio-utils")?).args([
        "--raw",
        "--format=s16le",
        "--rate=48000",
        "--channels=1",
        "--latency-msec=20",
        "--client-name=Havatar",
    ]);
    Ok(match device.as_str() {
        "default" => command,
        name => command.arg(format!("--device={name}")),
    })
}

/// The same for ALSA, whose own default is half a second: four periods of 10 ms.
fn alsa(program: &str, device: &SoundDevice) -> Result<Command, LaunchError> {
    let line = "-q -t raw -f S16_LE -r 48000 -c 1 --period-time=10000 --buffer-time=40000 -D";
    let args = line.split(' ').map(OsString::from).chain([device.as_str().into()]);
    Ok(Command::new(find(program, "alsa-utils")?).args(args))
}

fn find(program: &str, package: &str) -> Result<PathBuf, LaunchError> {
    program::find(Path::new(program)).ok_or_else(|| {
        LaunchError::Failed(format!("{program} is not found: install it (apt install {package})"))
    })
}

/// The card that an ALSA device names: `plughw:CARD=Webcam,DEV=0` and `hw:1,0` do, `default` does not.
pub(crate) fn card(device: &SoundDevice) -> Option<String> {
    let (plugin, place) = device.as_str().split_once(':')?;
    if !matches!(plugin, "hw" | "plughw" | "sysdefault" | "dsnoop" | "dmix") {
        return None;
    }
    let card = place.split(',').next()?;
    let card = card.strip_prefix("CARD=").unwrap_or(card);
    (!card.is_empty() && !card.contains('/')).then(|| card.to_owned())
}

fn present(card: Option<&str>) -> Result<Way, String> {
    let cards = Path::new("/proc/asound");
    match card {
        Some(card) if !cards.join(card).exists() && !cards.join(format!("card{card}")).exists() => {
            Err(format!("the sound card {card} is not there; it is used as soon as it appears"))
        }
        _ => Ok(Way::Alsa),
    }
}

/// The kernel lists a card as ` 0 [Webcam         ]: USB-Audio - Webcam`.
fn any_card() -> bool {
    std::fs::read_to_string("/proc/asound/cards").is_ok_and(|list| list.contains("]:"))
}

/// Asked only where a server may be: the client would otherwise start one of its own.
async fn server_answers(spawner: &Spawner) -> bool {
    if std::env::var_os("PULSE_SERVER").is_none() && !server_sockets().iter().any(|place| place.exists()) {
        return false;
    }
    let Some(pactl) = program::find(Path::new("pactl")) else { return false };
    program::run(spawner, &pactl, ["info"], ANSWER_WITHIN).await.is_ok_and(|output| output.success)
}

fn server_sockets() -> Vec<PathBuf> {
    let from = |variable: &str, rest: &str| std::env::var_os(variable).map(|dir| Path::new(&dir).join(rest));
    let user = nix::unistd::geteuid();
    [
        from("PULSE_RUNTIME_PATH", "native"),
        from("XDG_RUNTIME_DIR", "pulse/native"),
        Some(PathBuf::from(format!("/run/user/{user}/pulse/native"))),
        Some(PathBuf::from("/run/pulse/native")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn device(name: &str) -> SoundDevice {
        let text = format!("media: {{speaker: {{device: '{name}'}}}}");
        Config::from_bytes(text.as_bytes(), Path::new("x"), false).unwrap().config.media.speaker.device
    }

    #[test]
    fn a_card_is_named_by_hardware_devices_alone() {
        for (name, wanted) in [
            ("default", None),
            ("hw:1,0", Some("1")),
            ("plughw:CARD=Webcam,DEV=0", Some("Webcam")),
            ("dmix:CARD=../x", None),
            ("pulse:x", None),
            ("alsa_output.usb-1.analog-stereo", None),
        ] {
            assert_eq!(card(&device(name)).as_deref(), wanted, "{name}");
        }
    }

    #[test]
    fn a_card_that_is_not_there_is_waited_for() {
        assert!(
            present(Some("Nowhere")).is_err_and(|why| why.contains("Nowhere") && why.contains("appears"))
        );
        assert_eq!(present(None), Ok(Way::Alsa));
    }
}
