//! Commands that take their time, one after the other, on a task of their own: the status goes on meanwhile.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::disk::{self, Existing};

use super::context::Context;
use super::server::apply;
use super::server::process::Fresh;
use super::{Command, Processes};

pub(super) struct Control {
    pub(super) ctx: Arc<Context>,
    pub(super) processes: Arc<Processes>,
    pub(super) fresh: Arc<Fresh>,
    /// The publishers are wanted.
    pub(super) streaming: watch::Sender<bool>,
    /// A file whose presence keeps the publishers off over restarts.
    pub(super) off: PathBuf,
}

impl Control {
    pub(super) async fn run(self, mut inbox: mpsc::Receiver<Command>, stop: CancellationToken) {
        loop {
            let command = tokio::select! {
                () = stop.cancelled() => return,
                Some(command) = inbox.recv() => command,
                else => return,
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.carry_out(command) => {}
            }
        }
    }

    async fn carry_out(&self, command: Command) {
        match command {
            Command::Stream { wanted, reply } => {
                self.streaming.send_replace(wanted);
                self.remember(wanted);
                let config = self.ctx.config();
                let [camera, microphone, muxer] = publishers(&config).map(|it| Some(it && wanted));
                // What is heard at the robot does not depend on what is seen of it.
                self.switch([camera, microphone, muxer, None, None]).await;
                let _ = reply.send(());
            }
            Command::Apply { config, reply } => {
                let (before, after) = (configured(&self.ctx.config()), configured(&config));
                let result = apply::apply(&self.ctx, &self.processes, &self.fresh, config.clone()).await;
                if result.is_ok() {
                    let streaming = *self.streaming.borrow();
                    // Only those that the change switched on or off: one that a person stopped stays stopped.
                    let changed = std::array::from_fn(|i| {
                        let concerned = streaming || i >= publishers(&config).len();
                        (concerned && before[i] != after[i]).then_some(after[i])
                    });
                    self.switch(changed).await;
                }
                let _ = reply.send(result);
            }
        }
    }

    /// Starts, stops or leaves alone: camera, microphone, muxer, speaker, talk.
    async fn switch(&self, wishes: [Option<bool>; 5]) {
        let switching = self.processes.served().into_iter().zip(wishes).map(|(process, wish)| async move {
            match wish {
                Some(true) => process.start().await,
                Some(false) => process.stop().await,
                None => Ok(()),
            }
        });
        for result in futures_util::future::join_all(switching).await {
            if let Err(error) = result {
                tracing::warn!(%error, "a process could not be switched");
            }
        }
    }

    fn remember(&self, wanted: bool) {
        let result = if wanted {
            match std::fs::remove_file(&self.off) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                result => result,
            }
        } else {
            disk::write(&self.off, b"", Existing::Replace)
        };
        if let Err(error) = result {
            let file = self.off.display();
            tracing::warn!(%file, %error, "whether to stream is not remembered over a restart");
        }
    }
}

/// Which publishers the config asks for: camera, microphone, muxer.
pub(super) fn publishers(config: &Config) -> [bool; 3] {
    let camera = config.media.has_camera();
    let microphone = config.media.has_microphone();
    [camera, microphone, camera || microphone]
}

/// The same with those that play: speaker, talk.
fn configured(config: &Config) -> [bool; 5] {
    let [camera, microphone, muxer] = publishers(config);
    let heard = config.media.has_speaker();
    [camera, microphone, muxer, heard, heard]
}
