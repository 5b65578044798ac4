//! A reproducible bad network between two programs: a TCP relay that delays, loses, stalls and cuts. It can also repeat,
//! reorder and delay single messages of a driver, as an attacker or a broken proxy does.
//!
//! TCP hides loss: a lost segment is sent again after a retransmission timeout, and everything behind it waits. `--loss`
//! imitates that delay, since the relay sees no packets. Whole messages are known once a connection has become a WebSocket
//! (`frames`); only messages of the connecting side are tampered with. The treatment of the n-th message of the n-th
//! connection follows from the seed alone (`fate`). Memory between reading and writing (`flow`) is bounded: a full flow
//! stops reading.

mod conditions;
mod fate;
mod flow;
mod frames;

use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::console::{self, print};

use conditions::Conditions;
use fate::{Command, Fate, Side, Store};
use flow::Flow;
use frames::{Answers, Messages};

pub use fate::Manner;

/// The bad network.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: SocketAddr,

    /// Where it leads
    #[arg(long, value_name = "ADDRESS:PORT")]
    to: SocketAddr,

    /// Of all that is random
    #[arg(long, default_value_t = 1)]
    seed: u64,

    #[command(flatten)]
    manner: Manner,
}

/// The most connections; more are closed when they are accepted.
const MAX_CONNECTIONS: usize = 256;
/// The timeout of the connection to the far end.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Runs it until SIGTERM, SIGINT or `quit`.
///
/// # Errors
/// If the address cannot be listened on.
pub fn run(args: &Args) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?
        .block_on(serve(args))
}

async fn serve(args: &Args) -> anyhow::Result<()> {
    let listener =
        TcpListener::bind(args.listen).await.with_context(|| format!("listen on {}", args.listen))?;
    let mut terminate = signal(SignalKind::terminate()).context("watch SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("watch SIGINT")?;
    let (now, _) = watch::channel(Conditions { manner: args.manner, blocked: false, cuts: 0 });
    let store = Arc::new(Mutex::new(Store::default()));
    let mut lines = console::commands();
    let mut connections = JoinSet::new();
    let mut count = 0;
    print(&json!({"event": "ready", "listen": listener.local_addr().context("ask for the address")?}));
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            Some(line) = lines.recv() => match Command::parse(&line) {
                Ok(Command::Quit) => return Ok(()),
                Ok(command) => {
                    now.send_modify(|now| apply(now, command));
                    print(&json!({"event": "done", "command": line}));
                }
                Err(why) => print(&json!({"event": "error", "command": line, "why": why})),
            },
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                // Out of descriptors, or closed already: the next may succeed.
                let Ok((near, _)) = accepted else { continue };
                if connections.len() < MAX_CONNECTIONS {
                    connections.spawn(connection(near, args.to, (args.seed, count), now.subscribe(), store.clone()));
                }
                count += 1;
            }
        }
    }
}

fn apply(now: &mut Conditions, command: Command) {
    match command {
        Command::Manner(set) => set(&mut now.manner),
        Command::Block(blocked) => now.blocked = blocked,
        Command::Cut => now.cuts += 1,
        Command::Quit => {}
    }
}

/// One connection, from its first byte to its last in either direction.
async fn connection(
    near: TcpStream,
    to: SocketAddr,
    (seed, count): (u64, u64),
    mut now: watch::Receiver<Conditions>,
    store: Arc<Mutex<Store>>,
) {
    let cuts = now.borrow_and_update().cuts;
    let Ok(Ok(far)) = tokio::time::timeout(CONNECT_WITHIN, TcpStream::connect(to)).await else {
        let _ = near.set_zero_linger();
        return;
    };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let upgraded = Arc::new(AtomicBool::new(false));
    let up = Flow::new(
        Messages::new(upgraded.clone()),
        Fate::new((seed, count), Side::Up, Some(store)),
        now.clone(),
    );
    let down = Flow::new(Answers::new(upgraded), Fate::new((seed, count), Side::Down, None), now.clone());
    let broken = tokio::select! {
        _ = now.wait_for(|now| now.cuts != cuts) => true,
        ended = async { tokio::try_join!(up.run(&near, &far), down.run(&far, &near)) } => ended.is_err(),
    };
    if broken {
        // Reset the connections instead of closing them.
        let _ = (near.set_zero_linger(), far.set_zero_linger());
    }
}
