//! What only signed-in clients have, and there is a limited number of: sockets, media sessions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::auth::Owner;

/// A pool with a share for each sign-in.
pub(in crate::http) struct Pool {
    size: usize,
    share: usize,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    next: u64,
    /// Oldest first.
    given: Vec<Given>,
}

struct Given {
    number: u64,
    person: Owner,
    ended: CancellationToken,
}

/// Why a pool gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Exhausted {
    /// The sign-in has its share.
    Share,
    /// Everything is given out, and no other sign-in has more than this one.
    Pool,
}

/// One of a pool; dropping it gives it back.
pub(in crate::http) struct PoolPermit {
    pool: Arc<Pool>,
    number: u64,
    ended: CancellationToken,
}

impl Pool {
    /// `size` in all, `share` to one sign-in.
    pub(in crate::http) fn new(size: usize, share: usize) -> Arc<Self> {
        Arc::new(Self { size, share, table: Mutex::default() })
    }

    /// Whether there is one for a sign-in without taking another's.
    pub(in crate::http) fn has_room(&self, person: Owner) -> bool {
        let table = self.table();
        table.given.len() < self.size && table.of(person) < self.share
    }

    /// Gives one to a sign-in. From a pool that is empty, the sign-in that has most gives its oldest to one with less.
    ///
    /// # Errors
    /// There is none for this sign-in.
    pub(in crate::http) fn permit(self: &Arc<Self>, person: Owner) -> Result<PoolPermit, Exhausted> {
        let mut table = self.table();
        let own = table.of(person);
        if own >= self.share {
            return Err(Exhausted::Share);
        }
        if table.given.len() >= self.size {
            let (most, count) = table.person_with_most().ok_or(Exhausted::Pool)?;
            if count <= own + 1 {
                return Err(Exhausted::Pool);
            }
            if let Some(at) = table.given.iter().position(|given| given.person == most) {
                table.given.remove(at).ended.cancel();
            }
        }
        table.next += 1;
        let (number, ended) = (table.next, CancellationToken::new());
        table.given.push(Given { number, person, ended: ended.clone() });
        Ok(PoolPermit { pool: self.clone(), number, ended })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // The table is consistent at every statement: a panic elsewhere does not poison it.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn of(&self, person: Owner) -> usize {
        self.given.iter().filter(|given| given.person == person).count()
    }

    fn person_with_most(&self) -> Option<(Owner, usize)> {
        let mut counts = HashMap::new();
        for given in &self.given {
            *counts.entry(given.person).or_insert(0) += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count)
    }
}

impl PoolPermit {
    /// Cancelled when another sign-in needs it more.
    pub(in crate::http) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }
}

impl Drop for PoolPermit {
    fn drop(&mut self) {
        self.pool.table().given.retain(|given| given.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Owner = Owner::Session(1);
    const B: Owner = Owner::Session(2);
    const C: Owner = Owner::Token;

    #[test]
    fn a_sign_in_has_its_share_and_gets_back_what_it_returns() {
        let pool = Pool::new(10, 3);
        let mut held: Vec<_> = (0..3).map(|_| pool.permit(A).unwrap()).collect();
        assert_eq!(pool.permit(A).err(), Some(Exhausted::Share));
        assert!(pool.permit(B).is_ok(), "and dropped at once");
        held.pop();
        held.push(pool.permit(A).unwrap());
        drop(held);
        assert!(pool.table().given.is_empty());
    }

    #[test]
    fn in_an_empty_pool_the_one_with_most_gives_its_oldest_to_one_with_less() {
        let pool = Pool::new(4, 3);
        let a: Vec<_> = (0..3).map(|_| pool.permit(A).unwrap()).collect();
        let b = pool.permit(B).unwrap();
        let c = pool.permit(C).unwrap();
        let ended = |permit: &PoolPermit| permit.ended.is_cancelled();
        assert!(ended(&a[0]) && !ended(&a[1]) && !ended(&a[2]) && !ended(&b) && !ended(&c));
        assert_eq!(pool.permit(A).err(), Some(Exhausted::Pool));
        assert_eq!(pool.permit(C).err(), Some(Exhausted::Pool), "nobody has more than it would have");
        drop(a);
        assert!(pool.permit(C).is_ok());
    }
}
