//! Networks of a story's own: two namespaces with a cable between them that can be pulled.
//!
//! A namespace belongs to a thread and to what that thread starts, so nothing has a name, and everything is gone with
//! the thread. It takes root, or a user who may make namespaces.

use std::process::Command;
use std::{fs, thread};

use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::gettid;
use tokio::sync::oneshot;

/// The robot's address on the cable.
pub const ROBOT: &str = "198.18.77.1";
/// The operator's.
pub const OPERATOR: &str = "198.18.77.2";

/// Why there are no namespaces here.
#[derive(Debug)]
pub struct NotHere(pub String);

/// The operator's end of the cable. Dropped, it is gone.
#[derive(Debug)]
pub struct Cable {
    namespace: fs::File,
    // Its end ends the thread that the namespace belongs to.
    _keep: std::sync::mpsc::Sender<()>,
}

/// Runs a story in a network of its own, on a thread of its own with a runtime of its own.
///
/// # Panics
/// If the story does.
pub fn apart<T: Send + 'static>(story: impl AsyncFnOnce() -> T + Send + 'static) -> Result<T, NotHere> {
    let thread = thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).map_err(|error| NotHere(format!("unshare: {error}")))?;
        ip("link set lo up")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(runtime.expect("a runtime").block_on(story()))
    });
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

impl Cable {
    /// Lays a cable from this thread's network to a new one.
    pub async fn lay() -> Result<Self, NotHere> {
        let (keep, until) = std::sync::mpsc::channel::<()>();
        let (ready, made) = oneshot::channel();
        thread::spawn(move || {
            let made = unshare(CloneFlags::CLONE_NEWNET)
                .map_err(|error| error.to_string())
                .and_then(|()| fs::File::open("/proc/thread-self/ns/net").map_err(|error| error.to_string()));
            let _ = ready.send((made, gettid()));
            let _ = until.recv();
        });
        let (namespace, id) = made.await.map_err(|error| NotHere(error.to_string()))?;
        let cable = Self { namespace: namespace.map_err(NotHere)?, _keep: keep };
        ip(&format!("link add robot type veth peer name operator netns {id}"))?;
        ip(&format!("addr add {ROBOT}/30 dev robot"))?;
        ip("link set robot up")?;
        cable.ip(&format!("addr add {OPERATOR}/30 dev operator"))?;
        cable.ip("link set operator up")?;
        Ok(cable)
    }

    /// Runs something on a thread at the operator's end, with a runtime of its own.
    ///
    /// # Panics
    /// If that does.
    pub fn at_the_far_end<T: Send + 'static>(
        &self,
        what: impl AsyncFnOnce() -> T + Send + 'static,
    ) -> thread::JoinHandle<T> {
        let namespace = self.namespace.try_clone().expect("a handle");
        thread::spawn(move || {
            setns(namespace, CloneFlags::CLONE_NEWNET).expect("the operator's network");
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(what())
        })
    }

    /// Pulls it out at the operator's end: not a packet more, and no word of it.
    ///
    /// # Panics
    /// If that cannot be done.
    pub fn pull(&self) {
        self.ip("link set operator down").expect("the cable is pulled");
    }

    /// Puts it in again.
    ///
    /// # Panics
    /// If that cannot be done.
    pub fn plug(&self) {
        self.ip("link set operator up").expect("the cable is plugged in");
    }

    fn ip(&self, args: &str) -> Result<(), NotHere> {
        let (namespace, args) = (self.namespace.try_clone().expect("a handle"), args.to_owned());
        let thread = thread::spawn(move || {
            setns(namespace, CloneFlags::CLONE_NEWNET).map_err(|error| NotHere(format!("setns: {error}")))?;
            ip(&args)
        });
        thread.join().expect("ip does not panic")
    }
}

/// Runs `ip` in this thread's network.
fn ip(args: &str) -> Result<(), NotHere> {
    let done = Command::new("ip").args(args.split(' ')).output();
    match done {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => Err(NotHere(format!("ip {args}: {}", String::from_utf8_lossy(&done.stderr).trim()))),
        Err(error) => Err(NotHere(format!("ip {args}: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;

    use crate::wait;

    use super::*;

    #[test]
    fn a_pulled_cable_carries_nothing_and_says_nothing() {
        let story = async || {
            let cable = Cable::lay().await?;
            let listener = TcpListener::bind((ROBOT, 0)).await.expect("a port");
            let address = listener.local_addr().expect("its address");
            let far = cable.at_the_far_end(async move || {
                let mut stream = TcpStream::connect(address).await.expect("the robot is reached");
                let mut echo = [0];
                while stream.write_all(b"x").await.is_ok() && stream.read_exact(&mut echo).await.is_ok() {}
            });
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut byte = [0];
            stream.read_exact(&mut byte).await.expect("a byte");
            cable.pull();
            stream.write_all(b"y").await.expect("the kernel takes it");
            let silence = timeout(Duration::from_millis(300), stream.read_exact(&mut byte)).await;
            assert!(silence.is_err(), "something came: {silence:?}");
            cable.plug();
            timeout(Duration::from_secs(5), stream.read_exact(&mut byte))
                .await
                .expect("it goes on")
                .expect("a byte");
            drop(stream);
            far.join().expect("the far end");
            Ok::<_, NotHere>(())
        };
        match apart(story) {
            Ok(Ok(())) => {}
            Ok(Err(NotHere(why))) | Err(NotHere(why)) => wait::not_shown("a cable can be pulled", &why),
        }
    }
}
