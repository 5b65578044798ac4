//! The conditions of the network, which commands change while the relay runs.

use super::fate::Manner;

#[derive(Debug, Clone, Copy)]
pub(super) struct Conditions {
    pub(super) manner: Manner,
    /// Nothing is forwarded, and no connection is closed.
    pub(super) blocked: bool,
    /// The number of times that all connections were cut.
    pub(super) cuts: u64,
}
