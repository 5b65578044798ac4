//! Planes of yuv420p and the few shapes that are painted on them.

use std::f32::consts::TAU;

use super::size::Size;

/// One frame: luma, then the two chroma planes.
#[derive(Clone)]
pub(super) struct Canvas {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

/// A rectangle on even pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Colour {
    luma: u8,
    chroma: [u8; 2],
}

impl Colour {
    pub(super) const fn new(luma: u8, blue: u8, red: u8) -> Self {
        Self { luma, chroma: [blue, red] }
    }
}

impl Canvas {
    pub(super) fn new(size: Size, colour: Colour) -> Self {
        let mut canvas =
            Self { width: size.width(), height: size.height(), bytes: vec![0; size.frame_bytes()] };
        canvas.fill(Area { left: 0, top: 0, width: size.width(), height: size.height() }, colour);
        canvas
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn luma_mut(&mut self) -> &mut [u8] {
        let pixels = self.width * self.height;
        &mut self.bytes[..pixels]
    }

    /// One row of a plane: 0 is luma, 1 and 2 are chroma with half the rows.
    pub(super) fn row_mut(&mut self, plane: usize, y: usize) -> &mut [u8] {
        let span = self.span(plane, y);
        &mut self.bytes[span]
    }

    pub(super) fn fill(&mut self, area: Area, colour: Colour) {
        self.fill_luma(area, colour.luma);
        for (plane, value) in [(1, colour.chroma[0]), (2, colour.chroma[1])] {
            let (left, top) = (area.left / 2, area.top / 2);
            for y in top..top + area.height / 2 {
                self.row_mut(plane, y)[left..left + area.width / 2].fill(value);
            }
        }
    }

    /// Copies an area back from the still card.
    pub(super) fn restore(&mut self, area: Area, from: &Self) {
        for y in area.top..area.top + area.height {
            let span = self.span(0, y);
            let part = span.start + area.left..span.start + area.left + area.width;
            self.bytes[part.clone()].copy_from_slice(&from.bytes[part]);
        }
    }

    /// A disc with a rim, filling the square `area`.
    pub(super) fn ring(&mut self, area: Area, disc: Colour, rim: Colour) {
        let radius = real(area.width) / 2.0;
        let edge = (radius / 20.0).max(1.0);
        for y in 0..area.height {
            for x in 0..area.width {
                let distance = (real(x) + 0.5 - radius).hypot(real(y) + 0.5 - radius);
                if distance > radius {
                    continue;
                }
                let colour = if distance > radius - edge { rim } else { disc };
                let (x, y) = (area.left + x, area.top + y);
                self.row_mut(0, y)[x] = colour.luma;
                self.row_mut(1, y / 2)[x / 2] = colour.chroma[0];
                self.row_mut(2, y / 2)[x / 2] = colour.chroma[1];
            }
        }
    }

    /// A hand from the middle of a dial, `turn` (0 to 1) of a full turn clockwise from the top. Luma only.
    pub(super) fn hand(&mut self, dial: Area, turn: f32, luma: u8) {
        let middle = real(dial.width) / 2.0;
        let (length, half_width) = (middle * 0.8, (middle / 14.0).max(1.0));
        let (sine, cosine) = (turn * TAU).sin_cos();
        let (left, top) = (dial.left, dial.top);
        for y in 0..dial.height {
            let down = real(y) + 0.5 - middle;
            let row = &mut self.row_mut(0, top + y)[left..left + dial.width];
            for (x, pixel) in row.iter_mut().enumerate() {
                let right = real(x) + 0.5 - middle;
                let along = right * sine - down * cosine;
                let beside = (right * cosine + down * sine).abs();
                if beside > half_width + 1.0 || along > length {
                    continue;
                }
                let beyond = beside.max(-along) - half_width;
                *pixel = blend(*pixel, luma, 0.5 - beyond);
            }
        }
    }

    /// One seven-segment digit. The glyph leaves a fifth of its width free on the right.
    pub(super) fn digit(&mut self, glyph: Area, digit: u64, colour: Colour) {
        /// Segments a to g, lowest bit first, for 0 to 9.
        const SEGMENTS: [u8; 10] = [0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f];
        let lit = SEGMENTS[usize::try_from(digit % 10).unwrap_or(0)];
        let thick = (glyph.width / 6).max(1);
        let (width, margin) = (glyph.width * 4 / 5, (glyph.height / 8).max(1));
        let (left, right) = (glyph.left, glyph.left + width - thick);
        let (top, height) = (glyph.top + margin, glyph.height - 2 * margin);
        let (middle, bottom) = (top + (height - thick) / 2, top + height - thick);
        let flat = |top| Area { left, top, width, height: thick };
        let upright = |left, top, end: usize| Area { left, top, width: thick, height: end + thick - top };
        let places = [
            flat(top),
            upright(right, top, middle),
            upright(right, middle, bottom),
            flat(bottom),
            upright(left, middle, bottom),
            upright(left, top, middle),
            flat(middle),
        ];
        for (bit, place) in places.into_iter().enumerate() {
            if lit >> bit & 1 == 1 {
                self.fill_luma(place, colour.luma);
            }
        }
    }

    /// A colon, or a dot at the foot.
    pub(super) fn separator(&mut self, area: Area, left: usize, width: usize, colon: bool, colour: Colour) {
        let side = (width / 3).max(1);
        let dot = |top| Area { left: left + width / 5, top, width: side, height: side };
        if colon {
            self.fill_luma(dot(area.top + area.height / 3), colour.luma);
            self.fill_luma(dot(area.top + area.height * 2 / 3 - side), colour.luma);
        } else {
            self.fill_luma(dot(area.top + area.height - (area.height / 8).max(1) - side), colour.luma);
        }
    }

    fn fill_luma(&mut self, area: Area, luma: u8) {
        for y in area.top..area.top + area.height {
            self.row_mut(0, y)[area.left..area.left + area.width].fill(luma);
        }
    }

    fn span(&self, plane: usize, y: usize) -> std::ops::Range<usize> {
        let pixels = self.width * self.height;
        let (start, width) = match plane {
            0 => (0, self.width),
            1 => (pixels, self.width / 2),
            _ => (pixels + pixels / 4, self.width / 2),
        };
        start + y * width..start + (y + 1) * width
    }
}

/// A pixel between what is there and what is painted over it; `cover` is clamped to 0 to 1.
fn blend(under: u8, over: u8, cover: f32) -> u8 {
    let cover = cover.clamp(0.0, 1.0);
    let mixed = f32::from(under) + (f32::from(over) - f32::from(under)) * cover;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a mix of two bytes is a byte, and the cast saturates"
    )]
    {
        mixed.round() as u8
    }
}

/// A pixel's place as a real number; frames are far smaller than 65536 pixels.
fn real(pixels: usize) -> f32 {
    f32::from(u16::try_from(pixels).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: Colour = Colour::new(16, 128, 128);
    const WHITE: Colour = Colour::new(235, 128, 128);

    #[test]
    fn digits_are_all_different() {
        let size = Size::new(160, 120).expect("valid");
        let glyph = Area { left: 20, top: 20, width: 40, height: 80 };
        let mut seen = std::collections::BTreeSet::new();
        for digit in 0..10 {
            let mut canvas = Canvas::new(size, BLACK);
            canvas.digit(glyph, digit, WHITE);
            seen.insert(canvas.bytes);
        }
        assert_eq!(seen.len(), 10);
    }

    #[test]
    fn the_hand_points_where_it_should() {
        let size = Size::new(160, 120).expect("valid");
        let dial = Area { left: 20, top: 10, width: 100, height: 100 };
        for (turn, x, y) in [(0.0, 70, 30), (0.25, 100, 60), (0.5, 70, 90), (0.75, 40, 60)] {
            let mut canvas = Canvas::new(size, BLACK);
            canvas.hand(dial, turn, 235);
            assert_eq!(canvas.row_mut(0, y)[x], 235, "turn {turn}");
            assert_eq!(canvas.row_mut(0, 120 - y)[140 - x], 16, "opposite of turn {turn}");
        }
    }
}
