//! Verb `record download`: writes a recording to a file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use havatar_api::Recording;
use nix::errno::Errno;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use crate::client::Client;
use crate::disk::rename_to_free;
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::Output;

use super::error::DownloadError;

/// Progress is shown no more often.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

/// Arguments of `record download`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The recording's id, as `record list` shows it
    #[arg(value_parser = crate::cmd::name, allow_hyphen_values = true)]
    id: String,
    /// Where to [default: the recording's own name, in this folder]; never over an existing file
    #[arg(short, long = "out", value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A recording into a file, which appears whole or not at all.
pub(crate) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Error> {
    let file = match &args.out {
        Some(file) => file.clone(),
        None => own_name(&client.get::<Recording>(&["recordings", &args.id]).await?.file)?,
    };
    let download = fetch(client, &args.id, &file);
    let bytes = tokio::select! {
        result = download => result?,
        // Dropping the download deletes its partial file.
        () = interrupted() => return Err(DownloadError::Interrupted.into()),
    };
    let shown = file.display().to_string();
    output.show(&json!({ "file": shown, "size_bytes": bytes }), |_| {
        format!("Saved {} ({}).", format::clean(&shown), format::size(bytes))
    })?;
    Ok(Exit::Done)
}

async fn interrupted() {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        Ok(()) = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}

/// The name that havatard gives, if it is a plain one: it must not decide where on this machine, or over
/// what, a file is written.
fn own_name(name: &str) -> Result<PathBuf, DownloadError> {
    let safe = name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if safe && name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        Ok(PathBuf::from(name))
    } else {
        Err(DownloadError::BadName(name.to_owned()))
    }
}

async fn fetch(client: &Client, id: &str, file: &Path) -> Result<u64, DownloadError> {
    // Before a long download, not after it; the rename makes sure once more.
    if fs::symlink_metadata(file).is_ok() {
        return Err(DownloadError::Exists(file.to_owned()));
    }
    let mut response = client.open(&["recordings", id, "download"]).await?;
    let announced = response.content_length();
    let mut part = Part::create(file)?;
    let mut progress = Progress::new(announced);
    let mut got: u64 = 0;
    while let Some(piece) = client.read(&mut response).await? {
        let piece = piece.as_ref();
        part.write(piece)?;
        got += piece.len() as u64;
        progress.show(got);
    }
    drop(progress);
    if let Some(announced) = announced.filter(|announced| *announced != got) {
        return Err(DownloadError::Short { got, announced });
    }
    part.keep_as(file)?;
    Ok(got)
}

/// The file while it is being written; it goes with this value, unless it is kept.
struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    fn create(file: &Path) -> Result<Self, DownloadError> {
        let mut name = file.file_name().ok_or_else(|| DownloadError::NotAFile(file.to_owned()))?.to_owned();
        name.push(".part");
        let path = file.with_file_name(name);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => Ok(Self { path, file }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(DownloadError::PartExists(path))
            }
            Err(source) => Err(DownloadError::Write { file: path, source }),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), DownloadError> {
        self.file.write_all(bytes).map_err(|source| self.failed(source))
    }

    fn keep_as(self, file: &Path) -> Result<(), DownloadError> {
        self.file.sync_all().map_err(|source| self.failed(source))?;
        match rename_to_free(&self.path, file) {
            Ok(()) => Ok(()),
            Err(Errno::EEXIST) => Err(DownloadError::Exists(file.to_owned())),
            Err(errno) => Err(DownloadError::Write { file: file.to_owned(), source: errno.into() }),
        }
    }

    fn failed(&self, source: io::Error) -> DownloadError {
        DownloadError::Write { file: self.path.clone(), source }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After the rename there is nothing under this name.
        let _ = fs::remove_file(&self.path);
    }
}

/// How far it is, on one line of a terminal, over and over.
struct Progress {
    announced: Option<u64>,
    terminal: bool,
    next: Instant,
    drawn: bool,
}

impl Progress {
    fn new(announced: Option<u64>) -> Self {
        Self { announced, terminal: io::stderr().is_terminal(), next: Instant::now(), drawn: false }
    }

    fn show(&mut self, got: u64) {
        let now = Instant::now();
        if !self.terminal || now < self.next {
            return;
        }
        self.next = now + SHOWN_EVERY;
        self.drawn = true;
        let _ = write!(io::stderr(), "\r\u{1b}[K{}", far(got, self.announced));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

/// `12.3 MiB of 45.6 MiB (26 %)`
fn far(got: u64, announced: Option<u64>) -> String {
    match announced {
        Some(all) if all > 0 => {
            let percent = u128::from(got) * 100 / u128::from(all);
            format!("{} of {} ({percent} %)", format::size(got), format::size(all))
        }
        _ => format::size(got),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(
            own_name("2026-11-23_07-54-34-536690.mp4").unwrap(),
            Path::new("2026-11-23_07-54-34-536690.mp4")
        );
        for name in ["", ".", "..", "../x.mp4", "/etc/x", "a/b", ".profile", "-o", "a\nb", "a b", "ă"] {
            assert!(matches!(own_name(name), Err(DownloadError::BadName(_))), "{name:?}");
        }
    }

    #[test]
    fn a_part_never_replaces_and_never_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (file, part) = (dir.path().join("a.mp4"), dir.path().join("a.mp4.part"));

        let mut writing = Part::create(&file).unwrap();
        writing.write(b"new").unwrap();
        assert!(matches!(Part::create(&file), Err(DownloadError::PartExists(_))), "two at once");
        fs::write(&file, "came in between").unwrap();
        assert!(matches!(writing.keep_as(&file), Err(DownloadError::Exists(_))));
        assert_eq!(fs::read(&file).unwrap(), b"came in between");
        assert!(!part.exists());

        fs::remove_file(&file).unwrap();
        let mut writing = Part::create(&file).unwrap();
        writing.write(b"new").unwrap();
        assert!(!file.exists(), "it is not there before it is whole");
        writing.keep_as(&file).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert!(!part.exists());
    }

    #[test]
    fn what_cannot_be_a_file() {
        assert!(matches!(Part::create(Path::new("..")), Err(DownloadError::NotAFile(_))));
        assert!(matches!(Part::create(Path::new("/nowhere/at/all/x.mp4")), Err(DownloadError::Write { .. })));
    }

    #[test]
    fn how_far() {
        assert_eq!(far(1024, Some(4096)), "1.0 KiB of 4.0 KiB (25 %)");
        assert_eq!(far(1024, None), "1.0 KiB");
        assert_eq!(far(0, Some(0)), "0 B");
        assert_eq!(far(u64::MAX, Some(u64::MAX)), "16384.0 PiB of 16384.0 PiB (100 %)");
    }
}
