//! Which connections on loopback are of this daemon's own user.

use std::net::SocketAddr;

use tokio::sync::{mpsc, oneshot};

use crate::holders;

/// Questions that wait for the kernel's answers.
const WAITING: usize = 128;

/// Answers whose connections are whose. Where only the kernel's tables can be read, that is done once for all questions that wait.
pub(super) struct OwnPeers(mpsc::Sender<Question>);

struct Question {
    peer: SocketAddr,
    local: SocketAddr,
    answer: oneshot::Sender<Option<bool>>,
}

impl OwnPeers {
    /// Runs until the value is dropped.
    pub(super) fn start() -> Self {
        let (questions, asked) = mpsc::channel(WAITING);
        tokio::spawn(run(asked));
        Self(questions)
    }

    /// Whether the process at the other end belongs to our user. `None` if the kernel does not say.
    pub(super) async fn is_own(&self, peer: SocketAddr, local: SocketAddr) -> Option<bool> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Question { peer, local, answer }).await.ok()?;
        answered.await.ok()?
    }
}

async fn run(mut asked: mpsc::Receiver<Question>) {
    let own = nix::unistd::geteuid().as_raw();
    let mut waiting = Vec::new();
    while asked.recv_many(&mut waiting, WAITING).await > 0 {
        let ends: Vec<_> = waiting.iter().map(|question| (question.peer, question.local)).collect();
        let users = tokio::task::spawn_blocking(move || holders::users_of_connections(&ends)).await;
        let users = users.unwrap_or_default();
        for (at, question) in waiting.drain(..).enumerate() {
            let user = users.get(at).copied().flatten();
            // The connection may be gone, and its question with it.
            let _ = question.answer.send(user.map(|user| user == own));
        }
    }
}
