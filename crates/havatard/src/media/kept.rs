//! What is remembered over a restart: how loud it is, and how the switch on the robot stands.
//!
//! A disk may take seconds to say that it has something. So tasks of their own write, and nobody waits for them: neither who
//! holds the microphone back nor who ends it. Of what changes meanwhile the latest is written.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::disk::{self, Existing};

use super::context::Context;

/// The volume that was kept, if it can be one.
pub(crate) fn volume(state_dir: &Path) -> Option<u8> {
    let text = std::fs::read_to_string(volume_file(state_dir)).ok()?;
    text.trim().parse().ok().filter(|percent| *percent <= 100)
}

/// Whether the switch held camera and microphone off. The controller answers only a moment after the daemon has started,
/// and nobody is to be seen in that moment who had closed the robot's eyes before.
pub(crate) fn private(state_dir: &Path) -> bool {
    private_file(state_dir).exists()
}

/// Keeps both until `stop`.
pub(crate) fn run(ctx: &Arc<Context>, stop: CancellationToken) -> impl Future<Output = ()> + Send + use<> {
    let (loud, switch) = (volume_file(&ctx.state_dir), private_file(&ctx.state_dir));
    let volume = Kept { what: "the volume", news: ctx.voice.sound.subscribe(), of: |sound| sound.volume };
    let private =
        Kept { what: "how the switch on the robot stands", news: ctx.voice.private(), of: |on| *on };
    let volume = volume.run(move |percent| write_volume(&loud, percent), stop.clone());
    let private = private.run(move |on| write_private(&switch, on), stop);
    async {
        tokio::join!(volume, private);
    }
}

/// One thing that is kept.
struct Kept<S, T> {
    what: &'static str,
    news: watch::Receiver<S>,
    of: fn(&S) -> T,
}

impl<S, T> Kept<S, T>
where
    S: Send + Sync,
    T: Copy + PartialEq + Send + 'static,
{
    /// What is now counts as saved.
    fn run(
        mut self,
        save: impl Fn(T) -> io::Result<()> + Send + Sync + 'static,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send {
        let mut saved = (self.of)(&self.news.borrow());
        let save = Arc::new(save);
        async move {
            loop {
                let now = (self.of)(&self.news.borrow_and_update());
                if now != saved {
                    saved = now;
                    let save = save.clone();
                    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || save(now)).await {
                        tracing::warn!(%error, "{} is not remembered over a restart", self.what);
                    }
                    continue;
                }
                tokio::select! {
                    // What was still wanted when it ends is written too.
                    biased;
                    Ok(()) = self.news.changed() => {}
                    () = stop.cancelled() => return,
                }
            }
        }
    }
}

fn write_volume(file: &Path, percent: u8) -> io::Result<()> {
    disk::write(file, format!("{percent}\n").as_bytes(), Existing::Replace)
}

fn write_private(file: &Path, on: bool) -> io::Result<()> {
    if on {
        return disk::write(file, b"", Existing::Replace);
    }
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn private_file(state_dir: &Path) -> PathBuf {
    state_dir.join("private")
}

fn volume_file(state_dir: &Path) -> PathBuf {
    state_dir.join("volume")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_volume_that_cannot_be_read_is_none() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(volume(dir.path()), None);
        for (text, wanted) in [("35\n", Some(35)), ("101", None), ("", None), ("loud", None)] {
            std::fs::write(volume_file(dir.path()), text).unwrap();
            assert_eq!(volume(dir.path()), wanted, "{text:?}");
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        write_volume(&volume_file(dir.path()), 35).unwrap();
        assert_eq!(volume(dir.path()), Some(35));
        for on in [false, true, true, false, false] {
            write_private(&private_file(dir.path()), on).unwrap();
            assert_eq!(private(dir.path()), on);
        }
    }

    #[tokio::test]
    async fn of_what_changes_while_a_slow_disk_works_the_latest_is_written_and_nothing_is_lost_at_the_end() {
        let (wanted, news) = watch::channel(80_u8);
        let stop = CancellationToken::new();
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let (done, disk) = mpsc::channel::<()>();
        let disk = Mutex::new(disk);
        let slow = move |percent| {
            begun.send(percent).unwrap();
            disk.lock().unwrap().recv().unwrap();
            Ok(())
        };
        let kept = tokio::spawn(Kept { what: "it", news, of: |it| *it }.run(slow, stop.clone()));
        wanted.send_replace(10);
        assert_eq!(begins.recv().await, Some(10), "what is there at the start is not written");
        for percent in [20, 30] {
            wanted.send_replace(percent);
        }
        done.send(()).unwrap();
        assert_eq!(begins.recv().await, Some(30));
        wanted.send_replace(40);
        stop.cancel();
        done.send(()).unwrap();
        assert_eq!(begins.recv().await, Some(40));
        done.send(()).unwrap();
        kept.await.unwrap();
        assert_eq!(begins.recv().await, None);
    }
}
