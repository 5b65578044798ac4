//! The audio backend: a sound server (PulseAudio, PipeWire) or ALSA.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use havatar_supervisor::{Command, LaunchError, Spawner};

use crate::config::{MicrophoneSource, SoundDevice, SpeakerOutput};
use crate::program;

/// How long a sound server may take to say that it is there. It may be kept from running itself.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// What a server is asked to hold of what is played. It all waits before the loudspeaker, and whatever arrives unevenly is
/// evened out before it (`sound::jitter_buffer`), so it need only cover how late a program is scheduled. A server that
/// cannot do with so little takes more.
const PLAYBACK_LATENCY: &str = "--latency-msec=10";
/// What a server is asked to collect before it hands it over.
const RECORDING_LATENCY: &str = "--latency-msec=20";

/// Why ALSA's default device is away.
const NO_CARD: &str = "there is no sound card; one is used as soon as it appears";

/// What the config asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AudioSetting {
    Auto,
    Pulse,
    Alsa,
}

/// What is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AudioBackend {
    Pulse,
    Alsa,
}

impl AudioSetting {
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

/// The backend that can be used now; otherwise what is waited for.
pub(crate) async fn select(
    spawner: &Spawner,
    setting: AudioSetting,
    device: &SoundDevice,
) -> Result<AudioBackend, String> {
    let card = alsa_hardware(device);
    match setting {
        AudioSetting::Alsa if lacks_sound_hardware(device, has_alsa_hardware(), may_have_server()) => {
            Err(NO_CARD.to_owned())
        }
        AudioSetting::Alsa => present(card.as_deref()),
        // A name that only ALSA understands.
        AudioSetting::Auto if card.is_some() => present(card.as_deref()),
        AudioSetting::Auto | AudioSetting::Pulse if server_answers(spawner).await => Ok(AudioBackend::Pulse),
        AudioSetting::Auto if has_alsa_hardware() => Ok(AudioBackend::Alsa),
        AudioSetting::Auto => {
            Err("there is neither a sound card nor a sound server that this user reaches; \
                           whichever appears is used"
                .to_owned())
        }
        AudioSetting::Pulse => Err(no_server(std::env::var_os("INVOCATION_ID").is_some())),
    }
}

/// `is_service`: the service manager started this program, as a user of its own whom it keeps out of others' homes.
fn no_server(is_service: bool) -> String {
    let cure = if is_service {
        "this service does not reach the sound server of a desktop session: set it to alsa, or run a server for the whole \
         system (pulseaudio --system) with havatar in its group pulse-access"
    } else {
        "it is used as soon as it does"
    };
    format!("no PulseAudio or PipeWire server answers this user (pactl info); {cure}")
}

/// The program that plays raw samples from its standard input.
pub(crate) fn player(backend: AudioBackend, device: &SoundDevice) -> Result<Command, LaunchError> {
    match backend {
        AudioBackend::Pulse => pulse("pacat", device, PLAYBACK_LATENCY),
        AudioBackend::Alsa => alsa("aplay", device),
    }
}

/// The program that writes raw samples to its standard output.
pub(crate) fn recorder(backend: AudioBackend, device: &SoundDevice) -> Result<Command, LaunchError> {
    match backend {
        AudioBackend::Pulse => pulse("parec", device, RECORDING_LATENCY),
        AudioBackend::Alsa => alsa("arecord", device),
    }
}

/// A small latency is asked for by name: by default a server stores two seconds.
fn pulse(program: &str, device: &SoundDevice, latency: &str) -> Result<Command, LaunchError> {
    let command = Command::new(find(program, "pulseaudio-utils")?).args([
        "--raw",
        "--format=s16le",
        "--rate=48000",
        "--channels=1",
        latency,
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
pub(crate) fn alsa_hardware(device: &SoundDevice) -> Option<String> {
    let (plugin, place) = device.as_str().split_once(':')?;
    if !matches!(plugin, "hw" | "plughw" | "sysdefault" | "dsnoop" | "dmix") {
        return None;
    }
    let card = place.split(',').next()?;
    let card = card.strip_prefix("CARD=").unwrap_or(card);
    (!card.is_empty() && !card.contains('/')).then(|| card.to_owned())
}

fn present(card: Option<&str>) -> Result<AudioBackend, String> {
    let cards = Path::new("/proc/asound");
    match card {
        Some(card) if !cards.join(card).exists() && !cards.join(format!("card{card}")).exists() => {
            Err(format!("the sound card {card} is not there; it is used as soon as it appears"))
        }
        _ => Ok(AudioBackend::Alsa),
    }
}

/// ALSA's own default leads to a card, unless the system's settings lead it to a sound server. Any other name may be that of
/// something made by settings.
fn lacks_sound_hardware(device: &SoundDevice, has_hardware: bool, may_have_server: bool) -> bool {
    device.as_str() == "default" && !has_hardware && !may_have_server
}

/// The kernel lists a card as ` 0 [Webcam         ]: USB-Audio - Webcam`.
fn has_alsa_hardware() -> bool {
    std::fs::read_to_string("/proc/asound/cards").is_ok_and(|list| list.contains("]:"))
}

/// A sound server is told by the environment, or has a socket.
fn may_have_server() -> bool {
    std::env::var_os("PULSE_SERVER").is_some() || server_sockets().iter().any(|place| place.exists())
}

/// Asks only where a server may be: the client would otherwise start one of its own.
async fn server_answers(spawner: &Spawner) -> bool {
    if !may_have_server() {
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
    use crate::config::Config;

    use super::*;

    fn device(name: &str) -> SoundDevice {
        let text = format!("media: {{speaker: {{device: '{name}'}}}}");
        Config::from_bytes(text.as_bytes(), Path::new("x"), false).unwrap().config.media.speaker.device
    }

    #[test]
    fn an_alsa_device_names_hardware_by_hw_and_its_like_alone() {
        for (name, wanted) in [
            ("default", None),
            ("hw:1,0", Some("1")),
            ("plughw:CARD=Webcam,DEV=0", Some("Webcam")),
            ("dmix:CARD=../x", None),
            ("pulse:x", None),
            ("alsa_output.usb-1.analog-stereo", None),
        ] {
            assert_eq!(alsa_hardware(&device(name)).as_deref(), wanted, "{name}");
        }
    }

    #[test]
    fn a_service_is_told_why_it_reaches_no_sound_server() {
        assert!(no_server(true).contains("set it to alsa"), "{}", no_server(true));
        assert!(no_server(false).ends_with("as soon as it does"));
    }

    #[test]
    fn without_any_hardware_alsas_default_is_waited_for() {
        let plain = device("default");
        assert!(lacks_sound_hardware(&plain, false, false));
        assert!(!lacks_sound_hardware(&plain, true, false) && !lacks_sound_hardware(&plain, false, true));
        assert!(
            !lacks_sound_hardware(&device("robot_mic"), false, false),
            "its settings may make it of anything"
        );
    }

    #[test]
    fn hardware_that_is_not_there_is_waited_for() {
        assert!(
            present(Some("Nowhere")).is_err_and(|why| why.contains("Nowhere") && why.contains("appears"))
        );
        assert_eq!(present(None), Ok(AudioBackend::Alsa));
    }
}
