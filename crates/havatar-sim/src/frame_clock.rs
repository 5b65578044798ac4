//! The wall clock as squares: how a frame says when it was taken.
//!
//! The frame is seen as 40 columns; a square is one column wide and as high (32 px at 1280, 16 px at 640).
//! One row of 34 squares starts at column 3, four squares below the top edge: a white marker, 32 bits of Unix
//! time in milliseconds modulo 2^32 (about 50 days), highest first, white for one, and a black marker. All
//! places are proportions of the frame's *width*, so a reader finds them in any scaled copy, a thumbnail or a
//! screenshot of the page too. White and black are luma 235 and 16, and a reader rejects what lies between:
//! a torn or half-faded frame gives no time rather than a wrong one.

use std::time::Duration;

/// Columns in the width of a frame; the edge of a square is the width divided by this.
pub const COLUMNS: usize = 40;
/// Squares in the row: a white marker, 32 bits, a black marker.
pub const SQUARES: usize = 34;
/// Column of the first square.
pub const FIRST_COLUMN: usize = 3;
/// Distance of the row from the top edge, in squares.
pub const ROW: usize = 4;

const WHITE: u8 = 235;
const BLACK: u8 = 16;
/// A square darker than this is black.
const DARK: u32 = 96;
/// A square lighter than this is white.
const LIGHT: u32 = 160;

/// Unix time as a stamp: milliseconds modulo 2^32.
pub fn stamp_of(unix: Duration) -> u32 {
    let bytes = unix.as_millis().to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// Milliseconds from the frame's stamp to `now`, right across the wrap of the 32 bits.
///
/// A stamp from the future gives a number close to 2^32.
pub fn age_ms(stamp: u32, now: u32) -> u32 {
    now.wrapping_sub(stamp)
}

/// Paints the stamp into a luma plane of `width` by `height` bytes. Chroma below it should be neutral (128).
///
/// Sizes come from a checked [`Size`](crate::scene::Size); rows beyond the plane are left out.
pub fn paint(luma: &mut [u8], width: usize, stamp: u32) {
    for square in 0..SQUARES {
        let value = if bit_of(stamp, square) { WHITE } else { BLACK };
        let (left, right) = (edge(width, FIRST_COLUMN + square), edge(width, FIRST_COLUMN + square + 1));
        for row in luma.chunks_exact_mut(width).take(edge(width, ROW + 1)).skip(edge(width, ROW)) {
            row[left..right].fill(value);
        }
    }
}

/// Reads the stamp out of a luma plane of `width` by `height` bytes.
///
/// `None` where there is no stamp, or it cannot be told: a marker is missing, or a square is neither black nor
/// white. The middle half of each square is averaged, so that soft edges and noise do no harm.
pub fn read(luma: &[u8], width: usize) -> Option<u32> {
    let mut stamp = 0_u32;
    for square in 0..SQUARES {
        let lit = lit(luma, width, square)?;
        match square {
            0 => lit.then_some(())?,
            33 => (!lit).then_some(())?,
            _ => stamp = stamp << 1 | u32::from(lit),
        }
    }
    Some(stamp)
}

fn lit(luma: &[u8], width: usize, square: usize) -> Option<bool> {
    let inset = |from: usize, to: usize| {
        let quarter = (to - from) / 4;
        from + quarter..to - quarter
    };
    let across = inset(edge(width, FIRST_COLUMN + square), edge(width, FIRST_COLUMN + square + 1));
    let (mut sum, mut count) = (0_u32, 0_u32);
    for y in inset(edge(width, ROW), edge(width, ROW + 1)) {
        for value in luma.get(y * width + across.start..y * width + across.end)? {
            sum += u32::from(*value);
            count += 1;
        }
    }
    match sum.checked_div(count)? {
        mean if mean < DARK => Some(false),
        mean if mean > LIGHT => Some(true),
        _ => None,
    }
}

fn bit_of(stamp: u32, square: usize) -> bool {
    match square {
        0 => true,
        33 => false,
        bit => stamp >> (32 - bit) & 1 == 1,
    }
}

fn edge(width: usize, column: usize) -> usize {
    column * width / COLUMNS
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [(usize, usize); 7] =
        [(160, 120), (320, 180), (640, 360), (640, 480), (854, 480), (1280, 720), (1920, 1080)];

    #[test]
    fn what_is_painted_is_read() {
        for (width, height) in SIZES {
            let mut luma = vec![90; width * height];
            for stamp in [0, 1, 0x8000_0000, 0x5555_5555, 0xaaaa_aaaa, 0xdead_beef, u32::MAX] {
                paint(&mut luma, width, stamp);
                assert_eq!(read(&luma, width), Some(stamp), "{width}x{height}");
            }
        }
    }

    #[test]
    fn every_single_bit_is_told_apart() {
        let mut luma = vec![0; 320 * 180];
        for bit in 0..32 {
            paint(&mut luma, 320, 1 << bit);
            assert_eq!(read(&luma, 320), Some(1 << bit));
        }
    }

    #[test]
    fn noise_and_washed_out_contrast_do_no_harm() {
        let mut luma = vec![90; 640 * 360];
        paint(&mut luma, 640, 0x1234_abcd);
        for (index, value) in luma.iter_mut().enumerate() {
            let noise = i32::try_from(index * 7919 % 41).expect("small") - 20;
            let washed = (i32::from(*value) - 128) * 3 / 5 + 128 + noise;
            *value = u8::try_from(washed.clamp(0, 255)).expect("clamped");
        }
        assert_eq!(read(&luma, 640), Some(0x1234_abcd));
    }

    #[test]
    fn a_half_scale_copy_reads_the_same() {
        let (width, height) = (1280, 720);
        let mut luma = vec![90; width * height];
        paint(&mut luma, width, 0xcafe_f00d);
        let half: Vec<u8> = (0..360)
            .flat_map(|y| (0..640).map(move |x| (x, y)))
            .map(|(x, y)| luma[y * 2 * width + x * 2])
            .collect();
        assert_eq!(read(&half, 640), Some(0xcafe_f00d));
    }

    #[test]
    fn no_stamp_is_none_and_never_a_wrong_one() {
        for value in [0, 90, 128, 255] {
            assert_eq!(read(&vec![value; 640 * 360], 640), None);
        }
        assert_eq!(read(&[], 640), None);
        assert_eq!(read(&[235; 10], 640), None);

        let mut fading = vec![90; 640 * 360];
        paint(&mut fading, 640, 0x0f0f_0f0f);
        for value in &mut fading {
            *value = *value / 4 + 96;
        }
        assert_eq!(read(&fading, 640), None, "two frames blended must not give a time");
    }

    #[test]
    fn stamps_wrap_and_ages_cross_the_wrap() {
        let last = Duration::from_millis(u64::from(u32::MAX));
        assert_eq!(stamp_of(last), u32::MAX);
        assert_eq!(stamp_of(last + Duration::from_millis(6)), 5);
        assert_eq!(age_ms(stamp_of(last), 5), 6);
    }
}
