//! Why MediaMTX is not launched.

use std::net::SocketAddr;
use std::path::PathBuf;

/// What is wrong with MediaMTX or its surroundings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MediaMtxError {
    /// No binary anywhere.
    #[error("MediaMTX is not found beside havatard or on PATH; install it, or set media.mediamtx.binary")]
    Missing,
    /// A configured binary that cannot be run.
    #[error("{0} is not a program that can be run; correct media.mediamtx.binary")]
    NotRunnable(PathBuf),
    /// It does not say its version.
    #[error("{binary} does not tell its version: {message}")]
    NoVersion {
        /// Which binary.
        binary: PathBuf,
        /// What it said instead.
        message: String,
    },
    /// An old one.
    #[error("{binary} is MediaMTX {version}; 1.21.0 or newer is needed: update it")]
    TooOld {
        /// Which binary.
        binary: PathBuf,
        /// Its version.
        version: String,
    },
    /// Settings that it does not accept.
    #[error(
        "{} refuses its settings: {reason}; correct havatar.yaml (havatard render prints the settings)", binary.display()
    )]
    Refused {
        /// Which binary.
        binary: PathBuf,
        /// MediaMTX's own reason.
        reason: String,
    },
    /// A port that another program holds.
    #[error("{protocol} port {address} ({key}) is held by {holder}; stop that program or change {key}")]
    PortTaken {
        /// `TCP` or `UDP`.
        protocol: &'static str,
        /// The address.
        address: SocketAddr,
        /// The config key.
        key: &'static str,
        /// Program and pid, as far as they can be seen.
        holder: String,
    },
    /// An address this machine does not have, or a privileged port.
    #[error("cannot listen on {address} ({key}): {reason}; change {key}")]
    CannotListen {
        /// The address.
        address: SocketAddr,
        /// The config key.
        key: &'static str,
        /// Why.
        reason: String,
    },
    /// A TURN password that cannot be read.
    #[error("cannot read the TURN password in {file}: {reason}; correct media.mediamtx.ice_servers")]
    Password {
        /// Which file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// The settings file cannot be written.
    #[error("cannot write {file}: {reason}; make {} writable for havatard", .file.parent().unwrap_or(.file).display())]
    Write {
        /// Which file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
}
