//! The microphone's stage: block by block from the recorder to the encoder, held back while the loudspeaker is heard.
//!
//! What it writes is a CAF stream, because that says how long a packet is: ffmpeg would wait for up to 85 ms of raw samples
//! before it encodes the first.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::time::Instant;

use super::desk::Desk;
use super::duck::Gain;
use super::even::Even;
use super::level::Meter;
use super::tone::Tone;
use super::wire::{CaptureOrders, Report};
use super::{BLOCK, BLOCK_BYTES, CAPTURE_SOCKET, PIPE, REPORT_EVERY, Samples, encode};

/// Where the sound comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The recorder at the other end of standard input.
    Stdin,
    /// A made tone.
    Tone,
}

/// While the encoder has two blocks in store, it is looked at again this often.
const LOOK_EVERY: Duration = Duration::from_millis(3);
/// The longest wait, so that a report is never late.
const WAIT: Duration = Duration::from_millis(50);
const BLOCK_TIME: Duration = Duration::from_millis(10);

/// Captures until the recorder or the encoder goes.
///
/// # Errors
/// A socket in `dir`, the runtime directory, that cannot be opened; an encoder that is gone.
pub fn capture(dir: &Path, source: Source) -> io::Result<()> {
    let desk = Desk::open(dir, CAPTURE_SOCKET)?;
    let duck = Arc::new(AtomicBool::new(false));
    let (ears, told) = (desk.try_clone()?, duck.clone());
    thread::Builder::new().name("orders".to_owned()).spawn(move || {
        while let Ok(CaptureOrders { duck }) = ears.orders() {
            told.store(duck, Ordering::Relaxed);
        }
    })?;
    let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    shorten(&out);
    out.write_all(&head())?;
    let mut stage = Stage {
        out,
        desk,
        duck,
        gain: Gain::default(),
        meter: Meter::default(),
        told: None,
        bytes: Vec::new(),
    };
    match source {
        Source::Stdin => stage.take_recorder(File::from(io::stdin().as_fd().try_clone_to_owned()?)),
        Source::Tone => stage.make_tone(),
    }
}

struct Stage {
    out: File,
    desk: Desk,
    duck: Arc<AtomicBool>,
    gain: Gain,
    meter: Meter,
    told: Option<(Instant, bool)>,
    bytes: Vec<u8>,
}

impl Stage {
    fn take_recorder(&mut self, mut recorder: File) -> io::Result<()> {
        shorten(&recorder);
        let (mut even, mut decoder) = (Even::default(), Samples::default());
        let (mut buffer, mut samples, mut block) = ([0; PIPE], Vec::with_capacity(PIPE), [0; BLOCK]);
        loop {
            let now = Instant::now();
            let room = self.has_room()?;
            if room && even.pull(&mut block, now) {
                self.pass(&mut block)?;
                continue;
            }
            if !room {
                even.forget();
            }
            self.tell(now);
            let due = even.due_in(now).map_or(WAIT, |due| due.min(WAIT));
            let wait = if room { due } else { due.max(LOOK_EVERY) };
            let mut fds = [PollFd::new(recorder.as_fd(), PollFlags::POLLIN)];
            let ready = match poll(&mut fds, whole_ms(wait)) {
                Ok(ready) => ready > 0,
                Err(nix::errno::Errno::EINTR) => false,
                Err(error) => return Err(error.into()),
            };
            if ready {
                let count = recorder.read(&mut buffer)?;
                if count == 0 {
                    return Ok(());
                }
                samples.clear();
                decoder.decode(&buffer[..count], &mut samples);
                even.push(&samples);
            }
        }
    }

    fn make_tone(&mut self) -> io::Result<()> {
        let (mut tone, mut block, mut next) = (Tone::default(), [0; BLOCK], Instant::now());
        loop {
            let now = Instant::now();
            if now < next {
                thread::sleep(next - now);
            }
            next = (next + BLOCK_TIME).max(now);
            tone.fill(&mut block);
            if self.has_room()? {
                self.pass(&mut block)?;
            }
            self.tell(now);
        }
    }

    /// The encoder keeps up; otherwise what is captured now would only be late.
    fn has_room(&self) -> io::Result<bool> {
        Ok(rustix::io::ioctl_fionread(&self.out)? <= 2 * BLOCK_BYTES as u64)
    }

    fn pass(&mut self, block: &mut [i16; BLOCK]) -> io::Result<()> {
        self.meter.add(block);
        self.gain.apply(block, self.duck.load(Ordering::Relaxed));
        encode(block, &mut self.bytes);
        self.out.write_all(&self.bytes)
    }

    fn tell(&mut self, now: Instant) {
        let duck = self.duck.load(Ordering::Relaxed);
        let due = self.told.is_none_or(|(at, told)| told != duck || now.duration_since(at) >= REPORT_EVERY);
        if due {
            self.told = Some((now, duck));
            let orders = CaptureOrders { duck };
            self.desk.tell(Report::Capture { level_db: self.meter.take(), orders });
        }
    }
}

/// The end of a wait that `poll` counts in ms: not before it, or the pace of a backlog would be the recorder's, and the backlog
/// would stay.
fn whole_ms(wait: Duration) -> PollTimeout {
    u16::try_from(wait.as_micros().div_ceil(1000)).map_or(PollTimeout::MAX, PollTimeout::from)
}

/// What waits in a pipe is late; where a smaller one is refused, it is only later.
fn shorten(pipe: &File) {
    let size = PIPE.try_into().unwrap_or(0);
    let _ = nix::fcntl::fcntl(pipe, nix::fcntl::FcntlArg::F_SETPIPE_SZ(size));
}

/// The head of a CAF stream of unknown length: little-endian samples, 16 bits, mono, packets of a block.
fn head() -> Vec<u8> {
    const LITTLE_ENDIAN: u32 = 2;
    /// A block.
    const PACKET: u32 = 480;
    const { assert!(PACKET as usize == BLOCK) };
    let mut head = b"caff\x00\x01\x00\x00desc".to_vec();
    head.extend(32_u64.to_be_bytes());
    head.extend(48_000_f64.to_be_bytes());
    head.extend(b"lpcm");
    for number in [LITTLE_ENDIAN, 2 * PACKET, PACKET, 1, 16] {
        head.extend(number.to_be_bytes());
    }
    head.extend(b"data");
    head.extend((-1_i64).to_be_bytes());
    head.extend(0_u32.to_be_bytes());
    head
}
