//! What the handle asks of the task.

use tokio::sync::oneshot;

use crate::supervised::RequestError;

pub(crate) type Reply = oneshot::Sender<Result<(), RequestError>>;

#[derive(Debug)]
pub(crate) enum Request {
    /// Answered as soon as it is taken up.
    Start(Reply),
    /// Answered when nothing is left of the process.
    Stop(Reply),
    /// Answered when nothing is left of the old process and the new one is being started.
    Restart(Reply),
    /// Answered like a restart; when it is not wanted, as soon as nothing is left of it.
    RestartIfWanted(Reply),
    Recheck,
    DependencyRestored,
}
