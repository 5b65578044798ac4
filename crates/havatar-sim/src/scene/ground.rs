//! A strip of textured ground, endless to both sides, that drifts through the frame.
//!
//! A pan of whole pixels is the easiest thing there is for an encoder. So the strip is kept in several copies
//! that differ by fine grain, shown in turn, as a sensor's noise would: the encoder must spend bits on every
//! frame, and how many it may spend decides what the strip looks like at the far end.

use std::time::Duration;

use super::canvas::Canvas;

/// How many grains there are. Prime to the usual frame rates, so that none is shown at every beat.
const GRAINS: u32 = 7;
/// For how long one grain is shown, in milliseconds: shorter than a frame.
const GRAIN_MS: u128 = 13;
/// How far grain lifts or lowers a pixel at most.
const GRAIN_DEPTH: i32 = 10;

/// One turn of the strip: as wide as the frame, and its right edge continues at its left.
pub(super) struct Ground {
    width: usize,
    height: usize,
    /// The luma plane with [`GRAINS`] different grains.
    luma: Vec<Vec<u8>>,
    chroma: [Vec<u8>; 2],
}

impl Ground {
    /// Height must be even.
    pub(super) fn new(width: usize, height: usize, seed: u32) -> Self {
        let coarse = (width / 10).max(4);
        let smooth = |x, y| {
            let rolling = i32::from(noise(x, y, width, coarse, seed));
            let stones = i32::from(noise(x, y, width, coarse / 4, seed ^ 0x51ed));
            let grit = i32::from(noise(x, y, width, (coarse / 16).max(2), seed ^ 0x9e37));
            120 + (rolling - 128) / 2 + (stones - 128) / 3 + (grit - 128) / 5
        };
        let tint = |x, y, from: u32| {
            let value = i32::from(noise(x * 2, y * 2, width, coarse * 2, seed ^ from));
            byte(128 + (value - 128) / 6)
        };
        let pixels = |width, height| (0..height).flat_map(move |y| (0..width).map(move |x| (x, y)));
        let bare: Vec<i32> = pixels(width, height).map(|(x, y)| smooth(x, y)).collect();
        let grained = |number: u32| {
            let grain = |place| {
                i32::from(random(place >> 12, place & 4095, seed ^ number.wrapping_mul(0x01f1))) - 128
            };
            let lifted = |(place, value): (usize, &i32)| byte(value + grain(place) * GRAIN_DEPTH / 128);
            bare.iter().enumerate().map(lifted).collect()
        };
        let luma = (1..=GRAINS).map(grained).collect();
        let chroma =
            [0xb1, 0x4d].map(|from| pixels(width / 2, height / 2).map(|(x, y)| tint(x, y, from)).collect());
        Self { width, height, luma, chroma }
    }

    /// Lays the strip into a frame at row `top` (even) as it is at `unix` time. One turn takes `round`.
    pub(super) fn copy_to(
        &self,
        frame: &mut Canvas,
        top: usize,
        unix: Duration,
        round: Duration,
        leftwards: bool,
    ) {
        let offset = self.offset(unix, round, leftwards);
        let grain = usize::try_from(unix.as_millis() / GRAIN_MS % u128::from(GRAINS)).unwrap_or(0);
        for (index, plane) in [&self.luma[grain], &self.chroma[0], &self.chroma[1]].into_iter().enumerate() {
            let part = if index == 0 { 1 } else { 2 };
            let (width, height, offset) = (self.width / part, self.height / part, offset / part);
            for y in 0..height {
                let row = &plane[y * width..(y + 1) * width];
                let target = frame.row_mut(index, top / part + y);
                target[..width - offset].copy_from_slice(&row[offset..]);
                target[width - offset..].copy_from_slice(&row[..offset]);
            }
        }
    }

    /// How far the strip has moved by `unix` time, in even pixels below its width.
    fn offset(&self, unix: Duration, round: Duration, leftwards: bool) -> usize {
        let round = round.as_millis().max(1);
        let moved = usize::try_from(unix.as_millis() % round * self.width as u128 / round).unwrap_or(0);
        let offset = if leftwards { moved } else { self.width - 1 - moved };
        offset & !1
    }
}

/// Value noise: random values on a lattice of about `step` pixels, bilinear between, periodic in `width`.
fn noise(x: usize, y: usize, width: usize, step: usize, seed: u32) -> u8 {
    let columns = (width / step.max(1)).max(1);
    // In 256ths of a lattice cell, so that a whole number of cells fits the width.
    let (along, down) = (x * columns * 256 / width, y * columns * 256 / width);
    let (column, right) = (along / 256, along % 256);
    let (row, below) = (down / 256, down % 256);
    let corner = |column: usize, row: usize| usize::from(random(column % columns, row, seed));
    let mix = |from: usize, to: usize, part: usize| (from * (256 - part) + to * part) / 256;
    let upper = mix(corner(column, row), corner(column + 1, row), right);
    let lower = mix(corner(column, row + 1), corner(column + 1, row + 1), right);
    u8::try_from(mix(upper, lower, below)).unwrap_or(u8::MAX)
}

/// A hash of a lattice point, the same in every run.
fn random(column: usize, row: usize, seed: u32) -> u8 {
    let point = u32::try_from(column << 12 ^ row).unwrap_or(u32::MAX);
    let mut hash = point.wrapping_mul(0x9e37_79b1) ^ seed.wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 15).wrapping_mul(0x2c1b_3c6d);
    hash = (hash ^ hash >> 12).wrapping_mul(0x297a_2d39);
    (hash ^ hash >> 15).to_le_bytes()[0]
}

/// Clamped to the range of video luma.
fn byte(value: i32) -> u8 {
    u8::try_from(value.clamp(16, 235)).unwrap_or(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_even_and_run_both_ways() {
        let ground = Ground::new(320, 20, 7);
        let round = Duration::from_secs(10);
        let at = |ms, leftwards| ground.offset(Duration::from_millis(ms), round, leftwards);
        for ms in 0..10_000 {
            assert_eq!(at(ms, true) % 2, 0);
            assert!(at(ms, false) < 320);
        }
        assert!(at(2_000, true) > at(1_000, true));
        assert!(at(2_000, false) < at(1_000, false));
        assert_eq!(at(10_000, true), at(0, true));
    }

    #[test]
    fn the_strip_has_no_seam() {
        let (width, height) = (640, 40);
        let ground = Ground::new(width, height, 3);
        let row = |y: usize| &ground.luma[0][y * width..(y + 1) * width];
        let step = |a: u8, b: u8| usize::from(a.abs_diff(b));
        let seam: usize = (0..height).map(|y| step(row(y)[width - 1], row(y)[0])).sum();
        let inside: usize =
            (0..height).map(|y| row(y).windows(2).map(|pair| step(pair[0], pair[1])).sum::<usize>()).sum();
        assert!(seam / height <= inside / height / width * 2 + 2, "seam {seam}, inside {inside}");
    }
}
