//! Listens to the microphone that its publisher holds: the samples of its stage, before they are held back and encoded.

use std::io;
use std::path::Path;

use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;

use crate::sound::{MONITOR_SOCKET, Samples};

/// Bytes that are read at once.
const PIECE: usize = 4096;

/// A connection to the stage.
pub(super) struct Ear {
    stage: UnixStream,
    decoder: Samples,
    /// All that was heard: s16, 48 kHz, mono.
    pub(super) heard: Vec<i16>,
}

impl Ear {
    /// Begins to listen.
    pub(super) async fn open(runtime_dir: &Path) -> io::Result<Self> {
        let stage = UnixStream::connect(runtime_dir.join(MONITOR_SOCKET)).await?;
        Ok(Self { stage, decoder: Samples::default(), heard: Vec::new() })
    }

    /// Waits for the next samples. Cancel-safe.
    ///
    /// # Errors
    /// The stage has ended.
    pub(super) async fn listen(&mut self) -> io::Result<()> {
        let mut bytes = [0; PIECE];
        let count = self.stage.read(&mut bytes).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.decoder.decode(&bytes[..count], &mut self.heard);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::UnixListener;

    use super::*;

    #[tokio::test]
    async fn samples_are_gathered_until_the_stage_ends() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Ear::open(dir.path()).await.is_err(), "nobody is there");
        let listener = UnixListener::bind(dir.path().join(MONITOR_SOCKET)).unwrap();
        let mut ear = Ear::open(dir.path()).await.unwrap();
        let (mut stage, _) = listener.accept().await.unwrap();
        stage.write_all(&[1, 0, 2]).await.unwrap();
        ear.listen().await.unwrap();
        stage.write_all(&[0, 3, 0]).await.unwrap();
        ear.listen().await.unwrap();
        assert_eq!(ear.heard, [1, 2, 3]);
        drop(stage);
        assert!(ear.listen().await.is_err());
    }
}
