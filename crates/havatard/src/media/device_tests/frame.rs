//! Frames as ffmpeg hands them over: portable pixmaps (PPM), which carry their size and whose bytes are red, green and blue.

use std::str;

/// The widest frame that is asked for, in pixels.
pub(super) const WIDEST: u32 = 320;

/// What a frame must begin with.
const MAGIC: &[u8] = b"P6\n";
/// The longest header that is taken, in bytes.
const LONGEST_HEADER: usize = 40;
/// The largest side that is taken, in pixels: a frame is a few hundred kilobytes.
const LARGEST_SIDE: usize = 4096;

/// One frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The whole pixmap.
    pixmap: Vec<u8>,
    /// Where its pixels begin.
    pixels: usize,
}

impl Frame {
    /// The frame as a pixmap.
    pub(super) fn pixmap(&self) -> &[u8] {
        &self.pixmap
    }

    /// The mean of its pixels as the eye weighs colours: 0 is black, 100 white.
    pub(super) fn brightness_percent(&self) -> f64 {
        let pixels = self.pixmap.get(self.pixels..).unwrap_or_default();
        let mut sum: u64 = 0;
        let mut count: u64 = 0;
        for pixel in pixels.chunks_exact(3) {
            let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u64::from);
            sum += 299 * red + 587 * green + 114 * blue;
            count += 1;
        }
        // The weights sum up to a thousand.
        let permille = sum / (255 * count.max(1));
        f64::from(u32::try_from(permille).unwrap_or(1000)) / 10.0
    }
}

/// What came is no pixmap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoPixmap;

/// Takes a stream of pixmaps apart.
#[derive(Debug, Default)]
pub(super) struct Frames {
    buffer: Vec<u8>,
}

impl Frames {
    /// Stores the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the next frame that is whole.
    pub(super) fn take(&mut self) -> Result<Option<Frame>, NoPixmap> {
        let Some((pixels, length)) = header(&self.buffer)? else { return Ok(None) };
        if self.buffer.len() < length {
            return Ok(None);
        }
        let rest = self.buffer.split_off(length);
        let pixmap = std::mem::replace(&mut self.buffer, rest);
        Ok(Some(Frame { pixmap, pixels }))
    }
}

/// Where the pixels of the first pixmap begin, and where it ends; `None` while its header is not whole.
fn header(bytes: &[u8]) -> Result<Option<(usize, usize)>, NoPixmap> {
    let head = bytes.get(..LONGEST_HEADER).unwrap_or(bytes);
    let begin = head.get(..MAGIC.len()).unwrap_or(head);
    if !MAGIC.starts_with(begin) {
        return Err(NoPixmap);
    }
    let mut lines = head.splitn(4, |byte| *byte == b'\n');
    let (Some(magic), Some(size), Some(depth), Some(_)) =
        (lines.next(), lines.next(), lines.next(), lines.next())
    else {
        return if head.len() < LONGEST_HEADER { Ok(None) } else { Err(NoPixmap) };
    };
    // Three line feeds.
    let pixels = magic.len() + size.len() + depth.len() + 3;
    let area = area(size).filter(|_| depth == b"255").ok_or(NoPixmap)?;
    Ok(Some((pixels, pixels + 3 * area)))
}

/// The number of pixels of a `WIDTH HEIGHT`.
fn area(size: &[u8]) -> Option<usize> {
    let (width, height) = str::from_utf8(size).ok()?.split_once(' ')?;
    let length = |text: &str| text.parse::<usize>().ok().filter(|side| (1..=LARGEST_SIDE).contains(side));
    Some(length(width)? * length(height)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixmap(width: usize, height: usize, colour: [u8; 3]) -> Vec<u8> {
        let mut pixmap = format!("P6\n{width} {height}\n255\n").into_bytes();
        pixmap.extend(colour.repeat(width * height));
        pixmap
    }

    fn brightness(colour: [u8; 3]) -> f64 {
        let mut frames = Frames::default();
        frames.push(&pixmap(16, 9, colour));
        frames.take().unwrap().unwrap().brightness_percent()
    }

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let stream = [pixmap(320, 180, [1, 2, 3]), pixmap(10, 240, [10, 10, 10])].concat();
        for piece in [1, 2, 7, 4096, stream.len()] {
            let (mut frames, mut found) = (Frames::default(), Vec::new());
            for bytes in stream.chunks(piece) {
                frames.push(bytes);
                while let Some(frame) = frames.take().unwrap() {
                    found.push(frame.pixmap().to_vec());
                }
            }
            assert_eq!(found.concat(), stream, "{piece}");
            assert_eq!(found.len(), 2);
        }
    }

    #[test]
    fn what_is_no_pixmap_is_refused_and_takes_no_memory() {
        for bytes in [
            &b"P5\n1 1\n255\nx"[..],
            b"JPEG",
            b"P6\n0 5\n255\n",
            b"P6\n-1 5\n255\n",
            b"P6\n99999 99999\n255\n",
            b"P6\n1 1\n65535\n",
            b"P6\n1\n255\n",
            b"P6\n1111111111111111111111111111111111111111",
        ] {
            let mut frames = Frames::default();
            frames.push(bytes);
            assert_eq!(frames.take(), Err(NoPixmap), "{bytes:?}");
        }
        let mut frames = Frames::default();
        for begin in [&b""[..], b"P", b"6\n3", b"20 180\n25", b"5"] {
            frames.push(begin);
            assert_eq!(frames.take(), Ok(None));
        }
    }

    #[test]
    fn brightness_goes_from_black_to_white_as_the_eye_sees_it() {
        let is = |colour, percent: f64| {
            let found = brightness(colour);
            assert!((found - percent).abs() < 0.11, "{colour:?}: {found}");
        };
        is([0, 0, 0], 0.0);
        is([255, 255, 255], 100.0);
        is([128, 128, 128], 50.1);
        is([0, 255, 0], 58.7);
        is([0, 0, 255], 11.4);
    }
}
