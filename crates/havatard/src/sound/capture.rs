//! The microphone's stage: forwards blocks from the recorder to the encoder, ducked while the loudspeaker is audible.
//!
//! Its output is a CAF stream, because CAF declares the packet length: of raw samples, ffmpeg reads up to 85 ms before it
//! encodes the first packet.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{io, thread};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::getppid;
use tokio::time::Instant;

use super::burst_smoother::BurstSmoother;
use super::duck::Gain;
use super::level::Meter;
use super::monitor::Monitor;
use super::pace::Pace;
use super::stage_socket::StageSocket;
use super::tone::Tone;
use super::wire::{CaptureControl, Report};
use super::{BLOCK, BLOCK_BYTES, CAPTURE_SOCKET, PIPE, REPORT_EVERY, Samples, encode};

/// The source of the audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The recorder that writes to standard input.
    Stdin,
    /// The test tone.
    Tone,
}

/// The polling interval while the encoder has two unread blocks.
const POLL_EVERY: Duration = Duration::from_millis(3);
/// The longest wait, so that a report is never late.
const MAX_WAIT: Duration = Duration::from_millis(50);
const BLOCK_TIME: Duration = Duration::from_millis(10);

/// Captures until the recorder or the encoder ends.
///
/// # Errors
/// A socket in `dir`, the runtime directory, that cannot be opened; an encoder that has ended.
pub fn capture(dir: &Path, source: Source) -> io::Result<()> {
    let socket = StageSocket::open(dir, CAPTURE_SOCKET)?;
    let duck = Arc::new(AtomicBool::new(false));
    let (receiver, shared_duck) = (socket.try_clone()?, duck.clone());
    thread::Builder::new().name("control".to_owned()).spawn(move || {
        while let Ok(CaptureControl { duck }) = receiver.recv_control() {
            shared_duck.store(duck, Ordering::Relaxed);
        }
    })?;
    let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    shrink_pipe(&out);
    out.write_all(&caf_header())?;
    let mut stage = Stage {
        out,
        socket,
        duck,
        gain: Gain::default(),
        meter: Meter::default(),
        // Stages are started by the daemon itself.
        monitor: Monitor::open(dir, getppid())?,
        reported: None,
        bytes: Vec::new(),
    };
    match source {
        Source::Stdin => stage.run_recorder(File::from(io::stdin().as_fd().try_clone_to_owned()?)),
        Source::Tone => stage.run_tone(),
    }
}

struct Stage {
    out: File,
    socket: StageSocket,
    duck: Arc<AtomicBool>,
    gain: Gain,
    meter: Meter,
    monitor: Monitor,
    reported: Option<(Instant, bool)>,
    bytes: Vec<u8>,
}

impl Stage {
    fn run_recorder(&mut self, mut recorder: File) -> io::Result<()> {
        shrink_pipe(&recorder);
        let (mut smoother, mut decoder) = (BurstSmoother::default(), Samples::default());
        let (mut buffer, mut samples, mut block) = ([0; PIPE], Vec::with_capacity(PIPE), [0; BLOCK]);
        let mut pace = Pace::new(Instant::now());
        loop {
            let now = Instant::now();
            let room = self.has_room()?;
            if room && smoother.pull(&mut block, now) {
                self.forward(&mut block)?;
                continue;
            }
            if !room {
                smoother.drop_late();
            }
            self.report(now);
            if let Some(wait) = pace.wait(now) {
                thread::sleep(wait.min(POLL_EVERY));
                continue;
            }
            let due = smoother.due_in(now).map_or(MAX_WAIT, |due| due.min(MAX_WAIT));
            let wait = if room { due } else { due.max(POLL_EVERY) };
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
                pace.exchanged(samples.len());
                smoother.push(&samples);
            }
        }
    }

    fn run_tone(&mut self) -> io::Result<()> {
        let (mut tone, mut block, mut next) = (Tone::default(), [0; BLOCK], Instant::now());
        loop {
            let now = Instant::now();
            if now < next {
                thread::sleep(next - now);
            }
            next = (next + BLOCK_TIME).max(now);
            tone.fill(&mut block);
            if self.has_room()? {
                self.forward(&mut block)?;
            }
            self.report(now);
        }
    }

    /// Whether the encoder keeps up; without room, new samples would only be late.
    fn has_room(&self) -> io::Result<bool> {
        Ok(rustix::io::ioctl_fionread(&self.out)? <= 2 * BLOCK_BYTES as u64)
    }

    fn forward(&mut self, block: &mut [i16; BLOCK]) -> io::Result<()> {
        self.meter.add(block);
        self.monitor.offer(block);
        self.gain.apply(block, self.duck.load(Ordering::Relaxed));
        encode(block, &mut self.bytes);
        self.out.write_all(&self.bytes)
    }

    fn report(&mut self, now: Instant) {
        let duck = self.duck.load(Ordering::Relaxed);
        let due = self
            .reported
            .is_none_or(|(at, reported)| reported != duck || now.duration_since(at) >= REPORT_EVERY);
        if due {
            self.reported = Some((now, duck));
            let control = CaptureControl { duck };
            self.socket.send_report(Report::Capture { level_db: self.meter.take(), control });
        }
    }
}

/// Rounds a wait up to the ms of `poll`: rounded down, a backlog would be forwarded no faster than the recorder fills it, and
/// would stay.
fn whole_ms(wait: Duration) -> PollTimeout {
    u16::try_from(wait.as_micros().div_ceil(1000)).map_or(PollTimeout::MAX, PollTimeout::from)
}

/// Shrinks a pipe, since unread audio is late; without effect where the kernel refuses.
fn shrink_pipe(pipe: &File) {
    let size = PIPE.try_into().unwrap_or(0);
    let _ = nix::fcntl::fcntl(pipe, nix::fcntl::FcntlArg::F_SETPIPE_SZ(size));
}

/// The header of a CAF stream of unknown length: little-endian samples, 16 bits, mono, packets of a block.
fn caf_header() -> Vec<u8> {
    const LITTLE_ENDIAN: u32 = 2;
    /// A block.
    const PACKET: u32 = 480;
    const { assert!(PACKET as usize == BLOCK) };
    let mut header = b"caff\x00\x01\x00\x00desc".to_vec();
    header.extend(32_u64.to_be_bytes());
    header.extend(48_000_f64.to_be_bytes());
    header.extend(b"lpcm");
    for number in [LITTLE_ENDIAN, 2 * PACKET, PACKET, 1, 16] {
        header.extend(number.to_be_bytes());
    }
    header.extend(b"data");
    header.extend((-1_i64).to_be_bytes());
    header.extend(0_u32.to_be_bytes());
    header
}
