//! ALSA's devices by their names: the device files behind one, and what its programs say of it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::SoundDevice;
use crate::media::audio::backend::alsa_hardware;
use crate::media::process_table::Processes;

use super::error::DeviceTestError;
use super::holding;

/// Which of a card's devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// A microphone.
    Capture,
    /// A loudspeaker.
    Playback,
}

impl Direction {
    /// The last letter of the kernel's device files.
    fn letter(self) -> char {
        match self {
            Self::Capture => 'c',
            Self::Playback => 'p',
        }
    }
}

/// Whether two names stand for one device.
pub(super) fn is_same(one: &SoundDevice, other: &SoundDevice) -> bool {
    let both = || Some((hardware(one)?, hardware(other)?));
    one == other || both().is_some_and(|(one, other)| one == other)
}

/// Whether this user may open the device; `Ok` for one that names no hardware.
pub(super) fn permitted(device: &SoundDevice, direction: Direction) -> Result<(), DeviceTestError> {
    file(Path::new("/dev/snd"), device, direction).map_or(Ok(()), |file| holding::permitted(&file))
}

/// What the errors of a player or a recorder mean.
pub(super) fn explain(
    processes: &Processes,
    device: &SoundDevice,
    direction: Direction,
    errors: &str,
) -> DeviceTestError {
    let lines: Vec<&str> = errors.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let says = |part: &str| lines.iter().any(|line| line.contains(part));
    let last: String = lines.last().unwrap_or(&"no reason was given").chars().take(200).collect();
    if says("Device or resource busy") {
        let file = file(Path::new("/dev/snd"), device, direction);
        return file.map_or_else(
            || {
                DeviceTestError::InUse(format!(
                    "the sound device {device} is in use by another program ({last})"
                ))
            },
            |file| holding::in_use(processes, &file),
        );
    }
    let unknown = ["Unknown PCM", "No such entity", "No such file or directory", "No such device"];
    if unknown.into_iter().any(says) {
        return DeviceTestError::Absent(format!(
            "there is no sound device {device}: take a name that GET /api/v1/devices or pactl list short shows ({last})"
        ));
    }
    if says("Permission denied") {
        return DeviceTestError::NotPermitted(format!(
            "the sound device {device} may not be opened by havatard's user: put it into the group audio and restart the \
             service ({last})"
        ));
    }
    DeviceTestError::Failed(format!("the sound device {device} cannot be used: {last}"))
}

/// The kernel's file of a device, if it is there.
fn file(folder: &Path, device: &SoundDevice, direction: Direction) -> Option<PathBuf> {
    let (card, number) = hardware(device)?;
    let path = folder.join(format!("pcmC{card}D{number}{}", direction.letter()));
    path.exists().then_some(path)
}

/// The numbers of the card and of the device on it that a name stands for.
fn hardware(device: &SoundDevice) -> Option<(String, String)> {
    let card = alsa_hardware(device)?;
    Some((number_of(Path::new("/proc/asound"), &card)?, device_number(device.as_str()).to_owned()))
}

/// The number of a card by its id, which the kernel lists as a link to `card1`.
fn number_of(asound: &Path, card: &str) -> Option<String> {
    if card.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(card.to_owned());
    }
    let target = fs::read_link(asound.join(card)).ok()?;
    target.file_name()?.to_str()?.strip_prefix("card").map(str::to_owned)
}

/// `plughw:CARD=Mic,DEV=1` and `hw:0,1` name the second device, `hw:0` the first.
fn device_number(name: &str) -> &str {
    let place = name.split_once(':').map_or("", |(_, place)| place);
    place.split(',').nth(1).map_or("0", |number| number.strip_prefix("DEV=").unwrap_or(number))
}

#[cfg(test)]
mod tests {
    use crate::media::fake;

    use super::*;

    fn device(name: &str) -> SoundDevice {
        serde_json::from_value(name.into()).unwrap()
    }

    #[test]
    fn one_device_has_several_names() {
        assert!(is_same(&device("default"), &device("default")));
        assert!(!is_same(&device("default"), &device("sysdefault")));
        assert!(is_same(&device("hw:1,0"), &device("plughw:1")));
        assert!(!is_same(&device("hw:1,0"), &device("hw:1,1")) && !is_same(&device("hw:1"), &device("hw:2")));
        assert_eq!(device_number("plughw:CARD=Mic,DEV=3"), "3");
        let asound = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("card2", asound.path().join("Webcam")).unwrap();
        assert_eq!(number_of(asound.path(), "Webcam").as_deref(), Some("2"));
        assert_eq!(number_of(asound.path(), "Nowhere"), None);
    }

    #[test]
    fn the_file_of_a_device_is_that_of_its_direction() {
        let snd = tempfile::tempdir().unwrap();
        fs::write(snd.path().join("pcmC1D0c"), "").unwrap();
        let found = |name, direction| file(snd.path(), &device(name), direction).is_some();
        assert!(found("plughw:1", Direction::Capture));
        assert!(!found("plughw:1", Direction::Playback) && !found("plughw:1,1", Direction::Capture));
        assert!(!found("default", Direction::Capture), "it may be any");
    }

    #[tokio::test]
    async fn the_errors_of_the_programs_become_sentences() {
        let processes = fake::processes();
        let explained = |errors| explain(&processes, &device("hw:9"), Direction::Capture, errors);
        for (errors, part) in [
            ("arecord: main:831: audio open error: Device or resource busy\n", "in use by"),
            ("ALSA lib pcm.c:2721:(snd_pcm_open_noupdate) Unknown PCM x\n", "no sound device hw:9"),
            ("Stream error: No such entity\n", "no sound device hw:9"),
            ("audio open error: Permission denied\n", "into the group audio"),
            ("a\nb\n\n", "the sound device hw:9 cannot be used: b"),
            ("", "no reason was given"),
        ] {
            assert!(explained(errors).to_string().contains(part), "{errors}: {}", explained(errors));
        }
        assert!(matches!(explained("x: No such device"), DeviceTestError::Absent(_)));
    }
}
