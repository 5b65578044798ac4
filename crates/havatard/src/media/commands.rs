//! Commands that take their time, one after the other, on a task of their own: the status goes on meanwhile.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::store;

use super::context::Context;
use super::process_table::{ProcessId, ProcessTable, Processes};
use super::server::applied_config::AppliedConfig;
use super::server::apply;

/// What the handle asks for.
pub(crate) enum Command {
    Stream { wanted: bool, reply: oneshot::Sender<()> },
    Apply { config: Arc<Config>, reply: oneshot::Sender<Result<(), String>> },
}

/// The task.
pub(crate) struct Commands {
    pub(crate) ctx: Arc<Context>,
    pub(crate) processes: Arc<Processes>,
    pub(crate) applied: Arc<AppliedConfig>,
}

impl Commands {
    pub(crate) async fn run(self: Arc<Self>, mut inbox: mpsc::Receiver<Command>, stop: CancellationToken) {
        loop {
            let command = tokio::select! {
                () = stop.cancelled() => return,
                Some(command) = inbox.recv() => command,
                else => return,
            };
            // It reads and writes files between its waits.
            let (this, stop) = (self.clone(), stop.clone());
            let work = async move { stop.run_until_cancelled(this.carry_out(command)).await };
            let _ = store::on_own_thread(work).await;
        }
    }

    async fn carry_out(&self, command: Command) {
        match command {
            Command::Stream { wanted, reply } => {
                self.ctx.streaming.send_replace(wanted);
                let persisted = self.ctx.streaming_file.set(wanted);
                let config = self.ctx.config();
                // Playback at the robot does not depend on streaming from it.
                self.switch(|id| id.is_publisher().then(|| id.is_configured(&config) && wanted)).await;
                // A disk that cannot be written is logged, and costs only the next start of the daemon.
                let _ = persisted.written().await;
                let _ = reply.send(());
            }
            Command::Apply { config, reply } => {
                let configured = |config: &Config| ProcessTable::new(|id| id.is_configured(config));
                let (before, after) = (configured(&self.ctx.config()), configured(&config));
                let result = apply::apply(&self.ctx, &self.processes, &self.applied, config).await;
                if result.is_ok() {
                    let streaming = *self.ctx.streaming.borrow();
                    // Only those that the change switched on or off: one that a person stopped stays stopped.
                    self.switch(|id| {
                        let concerned = streaming || !id.is_publisher();
                        (concerned && before[id] != after[id]).then_some(after[id])
                    })
                    .await;
                }
                let _ = reply.send(result);
            }
        }
    }

    /// Starts, stops or leaves alone.
    async fn switch(&self, wanted: impl Fn(ProcessId) -> Option<bool>) {
        let switching = ProcessId::DEPENDENTS.map(|id| {
            let (process, wanted) = (&self.processes[id], wanted(id));
            async move {
                let result = match wanted {
                    Some(true) => process.start().await,
                    Some(false) => process.stop().await,
                    None => Ok(()),
                };
                if let Err(error) = result {
                    tracing::warn!(process = %id, %error, "a process could not be switched");
                }
            }
        });
        futures_util::future::join_all(switching).await;
    }
}
