//! The backup file: a tar archive, compressed by gzip, sealed by a passphrase.
//!
//! # Theory of operation
//!
//! The file is what `age --passphrase` makes (scrypt, ChaCha20-Poly1305), so that `age --decrypt FILE | tar --extract --gzip` opens it
//! without this program ([`seal`]). Every byte is authenticated: a file that was changed, cut short or joined is refused.
//!
//! The archive's first member is a list of all others with their sizes, modes, owners and SHA-256 ([`manifest`]). Config and state are
//! hashed before the list is written, and read again through the same open files ([`collect`], [`pack`]). Recordings are read once, so
//! their list is the last member. The reader ([`unpack`]) takes nothing but plain files, in the order of the list, below the three
//! folders of a backup; it writes into folders that are put in place once everything has been verified.

pub(crate) mod collect;
pub(crate) mod error;
pub(crate) mod hashed;
pub(crate) mod manifest;
pub(crate) mod owner;
pub(crate) mod pack;
pub(crate) mod passphrase;
pub(crate) mod seal;
pub(crate) mod state_files;
pub(crate) mod unpack;

#[cfg(test)]
mod tests;
