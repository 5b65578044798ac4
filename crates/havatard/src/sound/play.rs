//! The loudspeaker's stage: takes the talk line and speech, and hands the player one block after the other.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::time::Instant;

use super::desk::{Desk, listen};
use super::mixer::Mixer;
use super::wire::{PlayOrders, Report};
use super::{
    BLOCK, BLOCK_BYTES, PIPE, PLAY_SOCKET, REPORT_EVERY, SPEECH_SOCKET, Samples, TALK_SOCKET, encode,
};

/// Where the sound goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    /// To the player at the other end of standard output, at its pace.
    Stdout,
    /// To nobody, a block each 10 ms.
    Nobody,
}

/// While the player has a block in store, it is looked at again this often. One block costs 10 ms and spares drop-outs on a busy
/// machine.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How often a waiting speaker's connection is looked at.
const HANG_UP_WITHIN: Duration = Duration::from_millis(20);
const BLOCK_TIME: Duration = Duration::from_millis(10);

/// Plays until the player or the daemon goes.
///
/// # Errors
/// A socket in `dir`, the runtime directory, that cannot be opened; a player that is gone.
pub fn play(dir: &Path, sink: Sink) -> io::Result<()> {
    // Nothing is heard before the daemon has said how loud.
    let silent = PlayOrders { permille: 0, talking: false };
    let shared = Arc::new(Shared { mixer: Mutex::new(Mixer::new(silent)), rendered: Condvar::new() });
    let (talk, speech) = (listen(dir, TALK_SOCKET)?, listen(dir, SPEECH_SOCKET)?);
    let desk = Desk::open(dir, PLAY_SOCKET)?;
    start("talk", &shared, move |shared| take_talk(&talk, shared))?;
    start("speech", &shared, move |shared| take_speech(&speech, shared))?;
    let ears = desk.try_clone()?;
    start("orders", &shared, move |shared| {
        loop {
            let orders = ears.orders()?;
            shared.mixer().obey(orders);
        }
    })?;
    match sink {
        Sink::Stdout => {
            let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
            // What waits in the pipe is late; a player that refuses a smaller one is only later.
            let _ = nix::fcntl::fcntl(&out, nix::fcntl::FcntlArg::F_SETPIPE_SZ(PIPE.try_into().unwrap_or(0)));
            to_player(out, &shared, &desk)
        }
        Sink::Nobody => to_nobody(&shared, &desk),
    }
}

struct Shared {
    mixer: Mutex<Mixer>,
    /// A block was rendered: there may be room for speech.
    rendered: Condvar,
}

impl Shared {
    fn mixer(&self) -> MutexGuard<'_, Mixer> {
        self.mixer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn render(&self, block: &mut [i16; BLOCK]) {
        self.mixer().render(block);
        self.rendered.notify_all();
    }

    fn wait(&self) {
        drop(self.rendered.wait_timeout(self.mixer(), HANG_UP_WITHIN));
    }
}

/// A part that ends takes the stage with it: it is started again as a whole.
fn start(
    name: &str,
    shared: &Arc<Shared>,
    work: impl FnOnce(&Shared) -> io::Result<()> + Send + 'static,
) -> io::Result<()> {
    let shared = shared.clone();
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        struct Last;
        impl Drop for Last {
            fn drop(&mut self) {
                std::process::exit(1);
            }
        }
        let _last = Last;
        if let Err(error) = work(&shared) {
            let _ = writeln!(io::stderr(), "{error}");
        }
    })?;
    Ok(())
}

fn to_player(mut out: File, shared: &Shared, desk: &Desk) -> io::Result<()> {
    let (mut block, mut bytes) = ([0; BLOCK], Vec::with_capacity(BLOCK_BYTES));
    let mut teller = Teller::new(desk);
    loop {
        if waiting(&out)? > BLOCK_BYTES {
            teller.tell(shared);
            thread::sleep(LOOK_EVERY);
            continue;
        }
        shared.render(&mut block);
        encode(&block, &mut bytes);
        out.write_all(&bytes)?;
        teller.blocks += 1;
        teller.tell(shared);
    }
}

fn to_nobody(shared: &Shared, desk: &Desk) -> io::Result<()> {
    let mut block = [0; BLOCK];
    let mut teller = Teller::new(desk);
    let mut next = Instant::now();
    loop {
        let now = Instant::now();
        if now < next {
            thread::sleep(next - now);
        }
        // After a pause of the whole machine it goes on from now, instead of hurrying.
        next = (next + BLOCK_TIME).max(now);
        shared.render(&mut block);
        teller.blocks += 1;
        teller.tell(shared);
        // Standard output is the supervisor's: when it is gone, so is whoever wanted this.
        if hung_up(io::stdout().as_fd()) {
            return Ok(());
        }
    }
}

/// How much the player has not taken out of the pipe yet, in bytes.
fn waiting(pipe: &File) -> io::Result<usize> {
    Ok(usize::try_from(rustix::io::ioctl_fionread(pipe)?).unwrap_or(usize::MAX))
}

/// Tells the daemon ten times a second, and at once when sound begins or ends.
struct Teller<'a> {
    desk: &'a Desk,
    blocks: u64,
    at: Option<Instant>,
    audible: bool,
}

impl<'a> Teller<'a> {
    fn new(desk: &'a Desk) -> Self {
        Self { desk, blocks: 0, at: None, audible: false }
    }

    fn tell(&mut self, shared: &Shared) {
        let now = Instant::now();
        let mut mixer = shared.mixer();
        let due = self.at.is_none_or(|at| now.duration_since(at) >= REPORT_EVERY);
        if !due && mixer.audible() == self.audible {
            return;
        }
        self.audible = mixer.audible();
        self.at = Some(now);
        let report = Report::Play {
            blocks: self.blocks,
            level_db: mixer.level(),
            audible: self.audible,
            orders: mixer.orders(),
        };
        drop(mixer);
        self.desk.tell(report);
    }
}

/// The talk line: the newest connection counts.
fn take_talk(listener: &UnixListener, shared: &Shared) -> io::Result<()> {
    let mut line: Option<(UnixStream, Samples)> = None;
    let (mut buffer, mut samples) = ([0; 8192], Vec::with_capacity(4096));
    loop {
        let (new, readable) = {
            let mut fds = vec![PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
            fds.extend(line.as_ref().map(|(stream, _)| PollFd::new(stream.as_fd(), PollFlags::POLLIN)));
            wait_for(&mut fds, PollTimeout::NONE)?;
            (is_ready(&fds[0]), fds.get(1).is_some_and(is_ready))
        };
        if new {
            let (stream, _) = listener.accept()?;
            line = Some((stream, Samples::default()));
            shared.mixer().line.clear();
            continue;
        }
        if !readable {
            continue;
        }
        let Some((stream, decoder)) = &mut line else { continue };
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => line = None,
            Ok(count) => {
                samples.clear();
                decoder.decode(&buffer[..count], &mut samples);
                shared.mixer().line.push(&samples);
            }
        }
    }
}

/// Speech: one connection after the other.
fn take_speech(listener: &UnixListener, shared: &Shared) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        if say(stream, shared).is_none() {
            shared.mixer().speech.cancel();
        }
    }
}

/// Plays one connection to its end; `None` if its other side was closed before that.
fn say(mut stream: UnixStream, shared: &Shared) -> Option<()> {
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
        // Closed on both sides: what is left in it was given up.
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

/// Nobody is at the other end.
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
