//! The proof that an RTSP connection to MediaMTX is one of the daemon's own processes.
//!
//! MediaMTX's auth hook is told the id of a connection or of a session, and its API tells the address and port at the other end.
//! The kernel's table of connections tells who opened the socket there, and which socket it is; and that one must be open
//! in the process that the supervisor started for the path. None of these can be read off a command line and used by another.

use std::net::SocketAddr;

use crate::holders;
use crate::media::context::Context;
use crate::media::process_table::ProcessId;

use super::access::OwnClient;
use super::client::ClientError;

/// Why a connection is not one of the daemon's own.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unproven {
    /// MediaMTX gave no id for it.
    #[error("MediaMTX names no session")]
    NoId,
    /// MediaMTX does not say where it comes from.
    #[error("MediaMTX does not tell where the session comes from")]
    NoAddress(#[source] ClientError),
    /// The kernel has no such connection.
    #[error("there is no connection from {0} on this machine")]
    NoConnection(SocketAddr),
    /// Another user opened it.
    #[error("the connection from {from} belongs to the user with number {uid}")]
    OtherUser {
        /// Its address.
        from: SocketAddr,
        /// Its user.
        uid: u32,
    },
    /// This user opened it, but not the process that the path is for.
    #[error("the connection from {from} does not belong to the {process} that havatard has started")]
    OtherProcess {
        /// Its address.
        from: SocketAddr,
        /// The process that the path is for.
        process: ProcessId,
    },
}

/// Proves that the connection or session `id` belongs to `process`, or to the helper program of that name.
pub(crate) async fn prove(
    ctx: &Context,
    process: ProcessId,
    helper: Option<&'static str>,
    id: Option<&str>,
) -> Result<OwnClient, Unproven> {
    let id = id.ok_or(Unproven::NoId)?;
    let from = ctx.client().rtsp_peer(id).await.map_err(Unproven::NoAddress)?;
    let port = ctx.config().media.mediamtx.rtsp_address.0.port();
    let spawner = ctx.spawner.clone();
    // The kernel is asked, and /proc is read.
    let judged = tokio::task::spawn_blocking(move || {
        let socket = holders::of_connection(from, port).ok_or(Unproven::NoConnection(from))?;
        if socket.uid != nix::unistd::geteuid().as_raw() {
            return Err(Unproven::OtherUser { from, uid: socket.uid });
        }
        if spawner.owns_socket(process.name(), socket.inode) {
            return Ok(OwnClient::Process);
        }
        if helper.is_some_and(|name| spawner.helper_owns_socket(name, socket.inode)) {
            return Ok(OwnClient::Helper);
        }
        Err(Unproven::OtherProcess { from, process })
    });
    judged.await.unwrap_or(Err(Unproven::NoConnection(from)))
}
