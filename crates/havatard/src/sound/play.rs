//! The loudspeaker's stage: receives the talk line and speech, and writes block by block to the player.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, thread};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::time::Instant;

use crate::local_socket;

use super::mixer::Mixer;
use super::pace::Pace;
use super::stage_socket::StageSocket;
use super::wire::{PlayControl, Report};
use super::{
    BLOCK, BLOCK_BYTES, PIPE, PLAY_SOCKET, REPORT_EVERY, SLICE, SPEECH_SOCKET, Samples, TALK_SOCKET, encode,
};

/// The destination of the audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    /// The player that reads standard output, at its pace.
    Stdout,
    /// Discarded, a block each 10 ms.
    Discard,
}

/// The interval at which the pipe is asked whether it is empty, where the kernel does not tell.
const POLL_EVERY: Duration = Duration::from_millis(1);
/// The longest wait for a player that does not read, so that a report is never late.
const MAX_WAIT_MS: u8 = 50;
/// How often a blocked speech connection is checked for a hang-up.
const HANG_UP_CHECK_EVERY: Duration = Duration::from_millis(20);
const BLOCK_TIME: Duration = Duration::from_millis(10);

/// Plays until the player or the daemon ends.
///
/// # Errors
/// A socket in `dir`, the runtime directory, that cannot be opened; a player that has ended.
pub fn play(dir: &Path, sink: Sink) -> io::Result<()> {
    // Silent until the daemon has sent the volume.
    let silent = PlayControl { permille: 0, talking: false };
    let shared = Arc::new(Shared { mixer: Mutex::new(Mixer::new(silent)), rendered: Condvar::new() });
    let (talk, speech) = (local_socket::listen(dir, TALK_SOCKET)?, local_socket::listen(dir, SPEECH_SOCKET)?);
    let socket = StageSocket::open(dir, PLAY_SOCKET)?;
    spawn_thread("talk", &shared, move |shared| receive_talk(&talk, shared))?;
    spawn_thread("speech", &shared, move |shared| receive_speech(&speech, shared))?;
    let receiver = socket.try_clone()?;
    spawn_thread("control", &shared, move |shared| {
        loop {
            let control = receiver.recv_control()?;
            shared.mixer().set_control(control);
        }
    })?;
    match sink {
        Sink::Stdout => {
            let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
            // Unread audio in the pipe is late; without effect where the kernel refuses.
            let _ = nix::fcntl::fcntl(&out, nix::fcntl::FcntlArg::F_SETPIPE_SZ(PIPE.try_into().unwrap_or(0)));
            write_to_player(out, &shared, &socket)
        }
        Sink::Discard => discard(&shared, &socket),
    }
}

struct Shared {
    mixer: Mutex<Mixer>,
    /// Signalled after each block: there may be room for speech.
    rendered: Condvar,
}

impl Shared {
    fn mixer(&self) -> MutexGuard<'_, Mixer> {
        self.mixer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn render(&self, block: &mut [i16]) {
        self.mixer().render(block);
        self.rendered.notify_all();
    }

    fn wait(&self) {
        drop(self.rendered.wait_timeout(self.mixer(), HANG_UP_CHECK_EVERY));
    }
}

/// Starts a thread whose end exits the stage, which the supervisor starts again as a whole.
fn spawn_thread(
    name: &str,
    shared: &Arc<Shared>,
    work: impl FnOnce(&Shared) -> io::Result<()> + Send + 'static,
) -> io::Result<()> {
    let shared = shared.clone();
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        struct ExitOnDrop;
        impl Drop for ExitOnDrop {
            fn drop(&mut self) {
                std::process::exit(1);
            }
        }
        let _exit = ExitOnDrop;
        if let Err(error) = work(&shared) {
            let _ = writeln!(io::stderr(), "{error}");
        }
    })?;
    Ok(())
}

/// Writes a slice whenever the pipe is empty. A player reads what its device asks for and holds as much as it was told to, so the
/// pipe need hold nothing: a slice that waits there is only late.
fn write_to_player(mut out: File, shared: &Shared, socket: &StageSocket) -> io::Result<()> {
    let (mut slice, mut bytes) = ([0; SLICE], Vec::with_capacity(2 * SLICE));
    let mut reporter = Reporter::new(socket);
    let mut pace = Pace::new(Instant::now());
    loop {
        if let Some(wait) = pace.wait(Instant::now()) {
            reporter.report(shared);
            thread::sleep(wait);
            continue;
        }
        // A pipe of one page is writable for the kernel when nothing is in it. One that could not be made so small always is.
        let mut fds = [PollFd::new(out.as_fd(), PollFlags::POLLOUT)];
        wait_for(&mut fds, PollTimeout::from(MAX_WAIT_MS))?;
        if !is_ready(&fds[0]) {
            reporter.report(shared);
            continue;
        }
        if unread(&out)? > 0 {
            reporter.report(shared);
            thread::sleep(POLL_EVERY);
            continue;
        }
        shared.render(&mut slice);
        encode(&slice, &mut bytes);
        out.write_all(&bytes)?;
        pace.exchanged(SLICE);
        reporter.samples += SLICE;
        reporter.report(shared);
    }
}

fn discard(shared: &Shared, socket: &StageSocket) -> io::Result<()> {
    let mut block = [0; BLOCK];
    let mut reporter = Reporter::new(socket);
    let mut next = Instant::now();
    loop {
        let now = Instant::now();
        if now < next {
            thread::sleep(next - now);
        }
        // After a suspend of the machine it continues from now, without catching up.
        next = (next + BLOCK_TIME).max(now);
        shared.render(&mut block);
        reporter.samples += BLOCK;
        reporter.report(shared);
        // Standard output belongs to the supervisor: without a reader, the stage ends.
        if hung_up(io::stdout().as_fd()) {
            return Ok(());
        }
    }
}

/// Bytes in the pipe that the player has not read yet.
fn unread(pipe: &File) -> io::Result<usize> {
    Ok(usize::try_from(rustix::io::ioctl_fionread(pipe)?).unwrap_or(usize::MAX))
}

/// Reports ten times a second, and at once when the output becomes audible or silent.
struct Reporter<'a> {
    socket: &'a StageSocket,
    samples: usize,
    at: Option<Instant>,
    audible: bool,
}

impl<'a> Reporter<'a> {
    fn new(socket: &'a StageSocket) -> Self {
        Self { socket, samples: 0, at: None, audible: false }
    }

    fn report(&mut self, shared: &Shared) {
        let now = Instant::now();
        let mut mixer = shared.mixer();
        let due = self.at.is_none_or(|at| now.duration_since(at) >= REPORT_EVERY);
        if !due && mixer.audible() == self.audible {
            return;
        }
        self.audible = mixer.audible();
        self.at = Some(now);
        let report = Report::Play {
            blocks: (self.samples / BLOCK) as u64,
            level_db: mixer.level(),
            audible: self.audible,
            control: mixer.control(),
        };
        drop(mixer);
        self.socket.send_report(report);
    }
}

/// Receives the talk line: a new connection replaces the current one.
fn receive_talk(listener: &UnixListener, shared: &Shared) -> io::Result<()> {
    let mut talker: Option<(UnixStream, Samples)> = None;
    let (mut buffer, mut samples) = ([0; 8192], Vec::with_capacity(4096));
    loop {
        let (new, readable) = {
            let mut fds = vec![PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
            fds.extend(talker.as_ref().map(|(stream, _)| PollFd::new(stream.as_fd(), PollFlags::POLLIN)));
            wait_for(&mut fds, PollTimeout::NONE)?;
            (is_ready(&fds[0]), fds.get(1).is_some_and(is_ready))
        };
        if new {
            let (stream, _) = listener.accept()?;
            talker = Some((stream, Samples::default()));
            shared.mixer().talk.clear();
            continue;
        }
        if !readable {
            continue;
        }
        let Some((stream, decoder)) = &mut talker else { continue };
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => talker = None,
            Ok(count) => {
                samples.clear();
                decoder.decode(&buffer[..count], &mut samples);
                shared.mixer().talk.push(&samples);
            }
        }
    }
}

/// Receives speech, one connection after the other.
fn receive_speech(listener: &UnixListener, shared: &Shared) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        if play_speech(stream, shared).is_none() {
            shared.mixer().speech.cancel();
        }
    }
}

/// Plays one connection to its end; `None` if its other side was closed before.
fn play_speech(mut stream: UnixStream, shared: &Shared) -> Option<()> {
    let (mut buffer, mut samples, mut decoder) = ([0; BLOCK_BYTES], Vec::new(), Samples::default());
    loop {
        while shared.mixer().speech.room() < BLOCK {
            if hung_up(stream.as_fd()) {
                return None;
            }
            shared.wait();
        }
        let mut fds = [PollFd::new(stream.as_fd(), PollFlags::POLLIN)];
        wait_for(&mut fds, PollTimeout::NONE).ok()?;
        // Closed on both sides: the sender cancelled it.
        if fds[0].revents().is_some_and(|it| it.intersects(PollFlags::POLLHUP | PollFlags::POLLERR)) {
            return None;
        }
        let count = stream.read(&mut buffer).ok()?;
        if count == 0 {
            break;
        }
        samples.clear();
        decoder.decode(&buffer[..count], &mut samples);
        shared.mixer().speech.push(&samples);
    }
    shared.mixer().speech.end();
    while !shared.mixer().speech.is_over() {
        if hung_up(stream.as_fd()) {
            return None;
        }
        shared.wait();
    }
    Some(())
}

/// Whether the other end is closed.
fn hung_up(fd: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::new(fd, PollFlags::empty())];
    wait_for(&mut fds, PollTimeout::ZERO).is_err()
        || fds[0].revents().is_some_and(|it| it.intersects(PollFlags::POLLHUP | PollFlags::POLLERR))
}

fn is_ready(fd: &PollFd<'_>) -> bool {
    fd.revents().is_some_and(|events| !events.is_empty())
}

fn wait_for(fds: &mut [PollFd<'_>], limit: PollTimeout) -> io::Result<()> {
    match poll(fds, limit) {
        Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
