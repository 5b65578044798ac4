//! The requests that the handle sends to the task.

use tokio::sync::oneshot;

use crate::types::RequestError;

pub(crate) type Reply = oneshot::Sender<Result<(), RequestError>>;

#[derive(Debug)]
pub(crate) enum Request {
    /// Acknowledged as soon as it is accepted.
    Start(Reply),
    /// Acknowledged when no process is left.
    Stop(Reply),
    /// Acknowledged when no old process is left and the new one is being started.
    Restart(Reply),
    /// Acknowledged like a restart; for a process that is not wanted, as soon as no process is left.
    RestartIfWanted(Reply),
    /// A missing dependency may be available now.
    Recheck,
    /// A failed dependency is available again.
    DependencyRestored,
}
