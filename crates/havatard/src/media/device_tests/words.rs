//! What is to be said about what came from a device. Pure.

use std::time::Duration;

use crate::sound::Loudness;

/// A picture below it is black for people: 8 of 255.
const BLACK_PERCENT: f64 = 3.0;
/// A picture above it is white for people.
const WHITE_PERCENT: f64 = 97.0;
/// A camera that gives a smaller share of its frames is told.
const SLOW: f64 = 0.6;
/// A microphone that is not muted gives more than this at its loudest, by its own noise alone.
const SILENT_DB: f32 = -70.0;
/// What a person says near the microphone is louder than this at its loudest.
const SOFT_DB: f32 = -45.0;
/// The share of samples at full scale that is heard as distortion.
const CLIPPED_PERCENT: f32 = 0.1;
/// A device with a clock needs about 0.3 s for the chirp, less what it holds.
const LEAST_PLAYED: Duration = Duration::from_millis(150);

/// A judgement with its reasons.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    failed: bool,
    pub(super) remarks: Vec<String>,
}

impl Verdict {
    pub(super) fn passed(&self) -> bool {
        !self.failed
    }

    fn fail(&mut self, why: impl Into<String>) {
        self.failed = true;
        self.remarks.push(why.into());
    }

    fn note(&mut self, what: impl Into<String>) {
        self.remarks.push(what.into());
    }
}

/// About a picture; `wanted` are the frames a second that the camera was asked for.
pub(super) fn of_picture(brightness_percent: f64, fps: Option<f64>, wanted: Option<u32>) -> Verdict {
    let mut verdict = Verdict::default();
    if brightness_percent < BLACK_PERCENT {
        verdict.fail("the picture is almost black: is the lens covered, or the room dark?");
    } else if brightness_percent > WHITE_PERCENT {
        verdict.fail("the picture is almost white: does the camera look into a light?");
    }
    match (fps, wanted) {
        (None, _) => verdict.note("only one frame came within a second: try a smaller media.camera.size"),
        (Some(fps), Some(wanted)) if fps < SLOW * f64::from(wanted) => verdict.note(format!(
            "{fps:.0} frames a second came, and {wanted} were asked for: in the dark a camera takes longer for each; \
             otherwise try a smaller media.camera.size, or another USB port"
        )),
        (Some(_), _) => {}
    }
    verdict
}

/// About what a microphone heard.
pub(super) fn of_recording(loudness: &Loudness) -> Verdict {
    let mut verdict = Verdict::default();
    if loudness.peak_db < SILENT_DB {
        verdict.fail("nothing but silence came: is it muted, or is the wrong card chosen?");
    } else if loudness.peak_db < SOFT_DB {
        verdict.note("it was very quiet: speak while it is tested, or raise its gain (alsamixer)");
    }
    if loudness.clipped_percent > CLIPPED_PERCENT {
        verdict.fail(format!(
            "{:.1} percent of the samples are at full scale, which is heard as distortion: lower its gain (alsamixer)",
            loudness.clipped_percent
        ));
    }
    verdict
}

/// About what a loudspeaker played.
pub(super) fn of_playback(took: Duration, volume: u8, heard: Option<bool>) -> Verdict {
    let mut verdict = Verdict::default();
    if took < LEAST_PLAYED {
        verdict.fail("the samples were taken faster than they can be played: this is no real loudspeaker");
    }
    if volume == 0 {
        verdict.fail("the volume is 0, so nothing can be heard: raise it (havatarctl volume 50)");
    } else if heard == Some(false) {
        verdict.note(
            "the robot's microphone did not hear it: it is too soft, it comes out elsewhere, or the microphone cancels it",
        );
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(brightness: f64, fps: f64) -> Verdict {
        of_picture(brightness, Some(fps), Some(30))
    }

    #[test]
    fn a_covered_lens_and_a_light_are_told_at_their_limits() {
        for (brightness, part) in [
            (0.0, "black"),
            (2.9, "black"),
            (3.0, ""),
            (50.0, ""),
            (97.0, ""),
            (97.1, "white"),
            (100.0, "white"),
        ] {
            let verdict = picture(brightness, 30.0);
            assert_eq!(verdict.passed(), part.is_empty(), "{brightness}");
            assert!(verdict.remarks.concat().contains(part), "{brightness}: {verdict:?}");
        }
    }

    #[test]
    fn a_slow_camera_is_told_and_is_no_fault() {
        assert_eq!(picture(50.0, 18.0), Verdict::default());
        let slow = picture(50.0, 17.9);
        assert!(slow.passed() && slow.remarks[0].starts_with("18 frames a second came, and 30"), "{slow:?}");
        let alone = of_picture(50.0, None, None);
        assert!(alone.passed() && alone.remarks[0].contains("one frame"), "{alone:?}");
        assert_eq!(of_picture(50.0, Some(1.0), None), Verdict::default(), "nothing was asked for");
    }

    #[test]
    fn silence_a_soft_and_a_distorted_sound_are_told_at_their_limits() {
        for (peak_db, clipped_percent, passed, part) in [
            (-90.0, 0.0, false, "silence"),
            (-70.1, 0.0, false, "silence"),
            (-70.0, 0.0, true, "very quiet"),
            (-45.1, 0.0, true, "very quiet"),
            (-45.0, 0.0, true, ""),
            (0.0, 0.1, true, ""),
            (0.0, 0.2, false, "0.2 percent"),
        ] {
            let verdict = of_recording(&Loudness { peak_db, rms_db: peak_db, clipped_percent });
            assert_eq!(verdict.passed(), passed, "{peak_db} {clipped_percent}");
            let told = verdict.remarks.concat();
            assert!(told.contains(part) && told.is_empty() == part.is_empty(), "{peak_db}: {told}");
        }
    }

    #[test]
    fn a_device_without_a_clock_and_a_volume_of_nothing_are_told() {
        let took = |ms| Duration::from_millis(ms);
        assert_eq!(of_playback(took(300), 80, None), Verdict::default());
        assert_eq!(of_playback(took(150), 1, Some(true)), Verdict::default());
        assert!(!of_playback(took(149), 80, None).passed());
        let silent = of_playback(took(300), 0, Some(false));
        assert!(!silent.passed() && silent.remarks.len() == 1, "{silent:?}");
        let soft = of_playback(took(300), 80, Some(false));
        assert!(soft.passed() && soft.remarks[0].contains("did not hear it"), "{soft:?}");
    }
}
