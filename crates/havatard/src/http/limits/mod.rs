//! Who gets how much: the one place for the shares of clients.
//!
//! A client is known by its sign-in once it has proven it, and by its network until then (`crate::network`). `connections.rs`
//! gives out connections and ends the oldest that has proven nothing when there are too many; `pool.rs` gives out what only
//! signed-in clients have, a share to each sign-in; `gate.rs` shares the runtime's workers, so that the connections of one
//! client run one after the other; `rate.rs` limits how often.

mod connections;
mod gate;
mod pool;
mod rate;

pub(super) use connections::{Connection, Connections, InUse, Permit, Rules};
pub(super) use gate::Gated;
pub(super) use pool::{Exhausted, Pool, PoolPermit};
pub(super) use rate::{Buckets, TokenBucket};
