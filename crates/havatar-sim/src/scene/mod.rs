//! A moving test card: a realistic load for an encoder, and visibly live for a person.
//!
//! From top to bottom: the stamp of [`frame_clock`] on a black plate, colour bars and a grey ramp, a dial whose
//! hand turns once in four seconds beside the time of day (UTC) in seven-segment digits, and two strips of
//! textured ground that drift against each other. There is not a word on it, so that it needs no language.
//!
//! The still parts are painted once. A frame only restores the dial, turns the hand, rewrites the digits and
//! shifts the strips, which are drawn once at start and copied row by row at an offset. Everything that moves is
//! a function of time and not of the frame's number, so a dropped frame is a jump and never a slow-down.
//! Detail and speed of the strips are chosen so that x264 ultrafast at 1000 kbit/s has no bits to spare.

mod canvas;
mod ground;
mod size;

use std::time::Duration;

use crate::frame_clock::{self, COLUMNS, FIRST_COLUMN, ROW, SQUARES};

use canvas::{Area, Canvas, Colour};
use ground::Ground;

pub use size::{Size, SizeError};

const BACKGROUND: Colour = Colour::new(70, 126, 130);
const GRID: Colour = Colour::new(120, 128, 128);
const PLATE: Colour = Colour::new(16, 128, 128);
const SEGMENT_ON: Colour = Colour::new(200, 128, 128);
const RIM: Colour = Colour::new(180, 128, 128);
const HAND: u8 = 235;
/// Bars at three quarters of full colour, in falling order of luma: white to blue.
const BARS: [Colour; 7] = [
    Colour::new(180, 128, 128),
    Colour::new(162, 44, 142),
    Colour::new(131, 156, 44),
    Colour::new(112, 72, 58),
    Colour::new(84, 184, 198),
    Colour::new(65, 100, 212),
    Colour::new(35, 212, 114),
];
/// The whole card is this many rows high, whatever the frame's height.
const ROWS: usize = 45;
const TURN: Duration = Duration::from_secs(4);

/// The card, and the newest frame painted with it.
pub struct Scene {
    still: Canvas,
    frame: Canvas,
    strips: [Strip; 2],
    dial: Area,
    digits: Area,
}

struct Strip {
    top: usize,
    ground: Ground,
    /// Time in which the ground moves once through the frame, and which way.
    round: Duration,
    leftwards: bool,
}

impl Scene {
    /// Paints the still card.
    pub fn new(size: Size) -> Self {
        let mut still = Canvas::new(size, BACKGROUND);
        let layout = Layout { size };
        paint_grid(&mut still, &layout);
        paint_bars(&mut still, &layout);

        let dial = layout.dial();
        still.ring(dial, PLATE, RIM);
        let digits = layout.digits();
        still.fill(digits, PLATE);
        still.fill(layout.stamp_plate(), PLATE);

        let strip = |first: usize, last: usize, seed, round, leftwards| {
            let (top, bottom) = (layout.row(first), layout.row(last));
            Strip { top, ground: Ground::new(size.width(), bottom - top, seed), round, leftwards }
        };
        let strips = [
            strip(34, 38, 1, Duration::from_secs(24), false),
            strip(38, 45, 2, Duration::from_secs(10), true),
        ];
        Self { frame: still.clone(), still, strips, dial, digits }
    }

    /// Paints everything that moves, as it is at `unix` time. The old stamp stays until [`stamp`](Self::stamp).
    pub fn paint(&mut self, unix: Duration) {
        for strip in &self.strips {
            strip.ground.copy_to(&mut self.frame, strip.top, unix, strip.round, strip.leftwards);
        }
        self.frame.restore(self.dial, &self.still);
        let turn = fraction(unix, TURN);
        self.frame.hand(self.dial, turn, HAND);
        self.paint_digits(unix);
    }

    /// Writes the stamp into the newest frame.
    pub fn stamp(&mut self, stamp: u32) {
        let width = self.frame.width();
        frame_clock::paint(self.frame.luma_mut(), width, stamp);
    }

    /// The newest frame, [`Size::frame_bytes`] bytes of yuv420p.
    pub fn frame(&self) -> &[u8] {
        self.frame.bytes()
    }

    /// HH:MM:SS.mmm: twelve glyphs of which nine are digits; colons and the dot take half a place.
    fn paint_digits(&mut self, unix: Duration) {
        let seconds = unix.as_secs() % 86_400;
        let millis = u64::from(unix.subsec_millis());
        let area = self.digits;
        self.frame.fill(area, PLATE);
        // Nine digits and three separators of half a digit, and a third of a digit of margin on both sides.
        let place = area.width * 6 / (9 * 6 + 3 * 3 + 4);
        let mut left = area.left + place / 3;
        let groups = [(seconds / 3600, 2), (seconds / 60 % 60, 2), (seconds % 60, 2), (millis, 3)];
        for (index, (value, digits)) in groups.into_iter().enumerate() {
            if index > 0 {
                self.frame.separator(area, left, place / 2, index < 3, SEGMENT_ON);
                left += place / 2;
            }
            for digit in (0..digits).rev() {
                let glyph = Area { left, width: place, ..area };
                self.frame.digit(glyph, value / 10_u64.pow(digit) % 10, SEGMENT_ON);
                left += place;
            }
        }
    }
}

/// Where things are: columns are fortieths of the width, rows forty-fifths of the height, all on even pixels.
struct Layout {
    size: Size,
}

impl Layout {
    fn column(&self, column: usize) -> usize {
        even(column * self.size.width() / COLUMNS)
    }

    fn row(&self, row: usize) -> usize {
        even(row * self.size.height() / ROWS)
    }

    fn area(&self, columns: (usize, usize), rows: (usize, usize)) -> Area {
        let (left, top) = (self.column(columns.0), self.row(rows.0));
        Area { left, top, width: self.column(columns.1) - left, height: self.row(rows.1) - top }
    }

    fn dial(&self) -> Area {
        let room = self.area((3, 10), (21, 33));
        let side = even(room.width.min(room.height));
        Area { top: even(room.top + (room.height - side) / 2), width: side, height: side, ..room }
    }

    fn digits(&self) -> Area {
        self.area((11, 37), (23, 31))
    }

    /// Half a square of black around the row of the stamp.
    fn stamp_plate(&self) -> Area {
        let square = self.size.width() / COLUMNS;
        let left = even(self.column(FIRST_COLUMN) - square / 2);
        let right = even(self.column(FIRST_COLUMN + SQUARES) + square / 2);
        let top = even(self.column(ROW) - square / 2);
        let bottom = even((self.column(ROW + 1) + square / 2).min(self.size.height()));
        Area { left, top, width: right - left, height: bottom - top }
    }
}

fn paint_grid(canvas: &mut Canvas, layout: &Layout) {
    let (width, height) = (layout.size.width(), layout.size.height());
    for column in (2..COLUMNS).step_by(2) {
        canvas.fill(Area { left: layout.column(column), top: 0, width: 2, height }, GRID);
    }
    for row in (4..ROWS).step_by(4) {
        canvas.fill(Area { left: 0, top: layout.row(row), width, height: 2 }, GRID);
    }
}

fn paint_bars(canvas: &mut Canvas, layout: &Layout) {
    let across = |index: usize, count: usize| (3 + index * 34 / count, 3 + (index + 1) * 34 / count);
    for (index, bar) in BARS.into_iter().enumerate() {
        canvas.fill(layout.area(across(index, BARS.len()), (12, 17)), bar);
    }
    for (step, luma) in (16..=235).step_by(27).enumerate() {
        canvas.fill(layout.area(across(step, 9), (17, 19)), Colour::new(luma, 128, 128));
    }
}

/// The even pixel at or before this one: chroma has half the resolution.
fn even(pixel: usize) -> usize {
    pixel & !1
}

/// How far through its round `unix` time is, from 0 to 1.
fn fraction(unix: Duration, round: Duration) -> f32 {
    let millis = u32::try_from(unix.as_millis() % round.as_millis().max(1)).unwrap_or(0);
    Duration::from_millis(millis.into()).as_secs_f32() / round.as_secs_f32()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_millis(1_764_000_000_123);

    #[test]
    fn sizes_are_checked_and_explained() {
        assert_eq!("1280x720".parse::<Size>().map(Size::frame_bytes), Ok(1_382_400));
        assert_eq!("640x480".parse::<Size>().map(|size| size.to_string()), Ok("640x480".to_owned()));
        assert_eq!("1280".parse::<Size>(), Err(SizeError::Syntax("1280".to_owned())));
        assert_eq!("-4x720".parse::<Size>(), Err(SizeError::Syntax("-4x720".to_owned())));
        assert_eq!("100x100".parse::<Size>(), Err(SizeError::Range(100, 100)));
        assert_eq!("641x480".parse::<Size>(), Err(SizeError::Odd(641, 480)));
        assert_eq!("1280x420".parse::<Size>(), Err(SizeError::Flat(1280, 420)));
    }

    #[test]
    fn the_stamp_is_readable_on_the_card_at_every_shape() {
        for text in
            ["160x120", "320x240", "480x640", "854x480", "1280x720", "1920x816", "3840x2160", "3840x1280"]
        {
            let size: Size = text.parse().expect("a valid size");
            let mut scene = Scene::new(size);
            scene.paint(NOW);
            scene.stamp(0xfeed_5eed);
            assert_eq!(scene.frame().len(), size.frame_bytes());
            let luma = &scene.frame()[..size.width() * size.height()];
            assert_eq!(frame_clock::read(luma, size.width()), Some(0xfeed_5eed), "{text}");
        }
    }

    #[test]
    fn painting_moves_only_with_time() {
        let mut scene = Scene::new(Size::new(320, 180).expect("valid"));
        scene.paint(NOW);
        let first = scene.frame().to_vec();
        scene.paint(NOW + Duration::from_millis(700));
        assert_ne!(scene.frame(), first);
        scene.paint(NOW);
        assert_eq!(scene.frame(), first, "nothing of an older frame is left");
    }

    #[test]
    fn the_picture_visibly_moves_within_a_quarter_of_a_second() {
        let size = Size::new(640, 360).expect("valid");
        let mut scene = Scene::new(size);
        scene.paint(NOW);
        let first = scene.frame().to_vec();
        scene.paint(NOW + Duration::from_millis(250));
        let pixels = size.width() * size.height();
        let changed =
            scene.frame().iter().zip(&first).take(pixels).filter(|(a, b)| a.abs_diff(**b) > 2).count();
        assert!(changed * 100 / pixels >= 15, "{changed} of {pixels}");
    }

    #[test]
    fn limits_of_video_luma_are_kept() {
        let mut scene = Scene::new(Size::new(640, 360).expect("valid"));
        for step in 0..40 {
            scene.paint(NOW + Duration::from_millis(step * 107));
            scene.stamp(u32::MAX);
            assert!(scene.frame().iter().all(|value| (16..=240).contains(value)));
        }
    }
}
