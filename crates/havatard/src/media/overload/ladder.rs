//! The steps by which the picture gives way when the machine is short of processor time or too hot: fewer frames, then a smaller size.
//!
//! A pure machine: it is told what was seen and for how long, and says when to take a step. A step restarts the camera's
//! encoder, which itself costs time; so steps are far apart, and a step up that led down again takes longer the next time.

use std::time::Duration;

use crate::config::{Camera, Size};

/// Frames a second and size of each step, as shares of the configured ones: numerator and denominator.
const STEPS: [[(u32, u32); 2]; 5] =
    [[(1, 1), (1, 1)], [(2, 3), (1, 1)], [(1, 2), (1, 1)], [(1, 2), (2, 3)], [(1, 3), (1, 2)]];
/// A picture is never reduced below this.
const FEWEST_FPS: u32 = 5;
const SMALLEST: Size = Size { width: 160, height: 120 };
/// A picture with less than this share of its frames falls behind.
pub(crate) const BEHIND: f64 = 0.85;
/// It has fallen behind for this long before it is reduced.
const DOWN_AFTER: Duration = Duration::from_secs(8);
/// The machine has been too hot for this long on a step before the picture is reduced: heat follows the work slowly.
const COOLER_AFTER: Duration = Duration::from_secs(40);
/// The machine has had time to spare for this long before more is tried; doubled each time that it came to nothing.
const UP_AFTER: Duration = Duration::from_mins(1);
const LONGEST_UP_AFTER: Duration = Duration::from_mins(16);
/// A step up that leads down again within this came to nothing.
const TRIED_FOR: Duration = Duration::from_mins(2);
/// What a camera that was just restarted does proves nothing.
const SETTLES_WITHIN: Duration = Duration::from_secs(6);

/// What was seen since the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Observation {
    /// Too little processor time, and the picture falls behind.
    Behind,
    /// Too little processor time, and the picture keeps up.
    Busy,
    /// Too hot, whatever the picture does.
    Hot,
    /// Time to spare.
    Spare,
}

/// The step in force, and what has been seen on it.
#[derive(Debug)]
pub(crate) struct Ladder {
    step: usize,
    /// On this step.
    since: Duration,
    behind: Duration,
    hot: Duration,
    spare: Duration,
    up_after: Duration,
    /// The last step was up.
    rose: bool,
}

impl Default for Ladder {
    fn default() -> Self {
        Self {
            step: 0,
            // There was no step before the first, after which the camera would have to settle.
            since: SETTLES_WITHIN,
            behind: Duration::ZERO,
            hot: Duration::ZERO,
            spare: Duration::ZERO,
            up_after: UP_AFTER,
            rose: false,
        }
    }
}

impl Ladder {
    /// Takes what was seen for so long; returns the new step, if there is one.
    pub(crate) fn observe(&mut self, observed: Observation, passed: Duration) -> Option<usize> {
        self.since += passed;
        if self.since < SETTLES_WITHIN {
            return None;
        }
        let lasts = |so_far: Duration, it: Observation| {
            if observed == it { so_far + passed } else { Duration::ZERO }
        };
        self.behind = lasts(self.behind, Observation::Behind);
        self.hot = lasts(self.hot, Observation::Hot);
        self.spare = lasts(self.spare, Observation::Spare);
        let down = self.behind >= DOWN_AFTER || self.hot >= COOLER_AFTER;
        if down && self.step + 1 < STEPS.len() {
            if self.rose && self.since < TRIED_FOR {
                self.up_after = (self.up_after * 2).min(LONGEST_UP_AFTER);
            }
            return Some(self.go(self.step + 1, false));
        }
        if self.spare >= self.up_after && self.step > 0 {
            return Some(self.go(self.step - 1, true));
        }
        if self.step == 0 && self.spare >= LONGEST_UP_AFTER {
            self.up_after = UP_AFTER;
        }
        None
    }

    fn go(&mut self, step: usize, up: bool) -> usize {
        *self = Self { step, since: Duration::ZERO, up_after: self.up_after, rose: up, ..Self::default() };
        step
    }
}

/// The camera's settings on a step.
pub(crate) fn reduced(camera: &Camera, step: usize) -> Camera {
    let [(fps, of_fps), (size, of_size)] = STEPS[step.min(STEPS.len() - 1)];
    // Encoders take even sizes alone.
    let scaled = |pixels: u32, least: u32| (pixels * size / of_size / 2 * 2).max(least.min(pixels));
    Camera {
        fps: (camera.fps * fps / of_fps).max(FEWEST_FPS.min(camera.fps)),
        size: Size {
            width: scaled(camera.size.width, SMALLEST.width),
            height: scaled(camera.size.height, SMALLEST.height),
        },
        ..camera.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Duration = Duration::from_secs(2);

    /// Until the next step, at most so long.
    fn until_step(ladder: &mut Ladder, observed: Observation, most: Duration) -> Option<(usize, Duration)> {
        let mut passed = Duration::ZERO;
        while passed < most {
            passed += LOOK;
            if let Some(step) = ladder.observe(observed, LOOK) {
                return Some((step, passed));
            }
        }
        None
    }

    #[test]
    fn the_picture_is_reduced_in_steps_and_comes_back_when_there_is_time_to_spare() {
        let mut ladder = Ladder::default();
        let hour = Duration::from_hours(1);
        assert_eq!(
            until_step(&mut ladder, Observation::Busy, hour),
            None,
            "busy is no harm while the picture keeps up"
        );
        assert_eq!(until_step(&mut ladder, Observation::Behind, hour), Some((1, DOWN_AFTER)));
        assert_eq!(
            until_step(&mut Ladder::default(), Observation::Hot, hour),
            Some((1, COOLER_AFTER)),
            "heat is a reason as well"
        );
        for step in 2..STEPS.len() {
            let (next, after) = until_step(&mut ladder, Observation::Behind, hour).unwrap();
            assert!(next == step && after > DOWN_AFTER, "{next} after {after:?}");
        }
        assert_eq!(until_step(&mut ladder, Observation::Behind, hour), None, "there is no further one");
        for step in (0..STEPS.len() - 1).rev() {
            let (next, after) = until_step(&mut ladder, Observation::Spare, hour).unwrap();
            assert!(next == step && after >= UP_AFTER, "{next} after {after:?}");
        }
        assert_eq!(until_step(&mut ladder, Observation::Spare, hour), None);
    }

    #[test]
    fn a_moment_is_no_reason_and_a_step_up_that_led_down_again_takes_longer_the_next_time() {
        let mut ladder = Ladder::default();
        for _ in 0..100 {
            assert_eq!(ladder.observe(Observation::Behind, LOOK), None);
            assert_eq!(ladder.observe(Observation::Busy, LOOK), None);
        }
        let hour = Duration::from_hours(1);
        let mut before = Duration::ZERO;
        for _ in 0..8 {
            assert_eq!(until_step(&mut ladder, Observation::Behind, hour).unwrap().0, 1);
            let (step, after) = until_step(&mut ladder, Observation::Spare, hour).unwrap();
            assert!(step == 0 && after >= before && after <= LONGEST_UP_AFTER + SETTLES_WITHIN, "{after:?}");
            before = after;
        }
        assert!(before >= LONGEST_UP_AFTER, "{before:?}");
    }

    #[test]
    fn every_step_is_less_and_one_that_an_encoder_takes() {
        let camera = Camera::default();
        let all: Vec<Camera> = (0..STEPS.len()).map(|step| reduced(&camera, step)).collect();
        assert_eq!(all[0], camera);
        let work = |camera: &Camera| camera.fps * camera.size.width * camera.size.height;
        assert!(all.is_sorted_by(|a, b| work(a) > work(b)), "{all:?}");
        for it in &all {
            assert!(it.size.width % 2 == 0 && it.size.height % 2 == 0, "{:?}", it.size);
        }
        let small = Camera { fps: 3, size: Size { width: 160, height: 120 }, ..Camera::default() };
        assert_eq!(reduced(&small, 4), small, "nothing is left to take away");
    }
}
