//! Connections: newcomers are let in, and the oldest that has proven nothing goes.
//!
//! A connection is a newcomer until a request on it has proven a sign-in. Newcomers are never refused, because one of them may
//! carry the operator's stop: one too many ends the oldest, that of its own network if this has more than its share. Those
//! that have proven a sign-in have room of their own, where a sign-in that has more than its share ends its own. A network
//! from which a sign-in has been proven is known: its newcomers stay while others are there to go, and do not wait for them
//! at the gate.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::auth::Owner;
use crate::http::limits::gate::{CurrentGate, Gate};
use crate::network::Network;

/// Known networks that are remembered, of all sign-ins and of one.
const KNOWN: usize = 512;
const KNOWN_BY_PERSON: usize = 8;

/// How many connections a listener has.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Rules {
    /// Those that have proven nothing, together and of one network.
    pub(in crate::http) newcomers: usize,
    pub(in crate::http) of_network: usize,
    /// Those that have proven a sign-in, together and of one sign-in.
    pub(in crate::http) proven: usize,
    pub(in crate::http) of_person: usize,
}

/// The connections of a listener; clones are the same ones.
#[derive(Clone)]
pub(in crate::http) struct Connections(Arc<Shared>);

struct Shared {
    rules: Rules,
    table: Mutex<Table>,
}

struct Table {
    next: u64,
    /// By number, so that the oldest comes first.
    open: BTreeMap<u64, Open>,
    /// The one that was proven last is at the end.
    known: VecDeque<(Network, Owner)>,
    strangers: Gate,
}

struct Open {
    /// Of the other end; a reverse proxy's, if it is one.
    peer: Network,
    /// Of the client.
    network: Network,
    person: Option<Owner>,
    /// Requests and sockets that are being served.
    uses: usize,
    gate: CurrentGate,
    ended: CancellationToken,
}

/// One connection, as its requests know it; clones are the same one.
#[derive(Clone)]
pub(in crate::http) struct Connection {
    connections: Connections,
    number: u64,
}

/// One connection within the limit; dropping it gives it back.
pub(in crate::http) struct Permit {
    connection: Connection,
    gate: CurrentGate,
    ended: CancellationToken,
}

/// A connection is serving something: others of its client are ended before it.
pub(in crate::http) struct InUse(Connection);

impl Connections {
    pub(in crate::http) fn new(rules: Rules) -> Self {
        let table = Table { next: 0, open: BTreeMap::new(), known: VecDeque::new(), strangers: Gate::new() };
        Self(Arc::new(Shared { rules, table: Mutex::new(table) }))
    }

    /// Lets a newcomer in. One that is too many is ended for it.
    pub(in crate::http) fn admit(&self, peer: IpAddr) -> Permit {
        let network = Network::of(peer);
        let mut table = self.table();
        let gate = CurrentGate::new(table.newcomers_gate(network));
        let ended = CancellationToken::new();
        table.next += 1;
        let number = table.next;
        let open =
            Open { peer: network, network, person: None, uses: 0, gate: gate.clone(), ended: ended.clone() };
        table.open.insert(number, open);
        table.make_room(&self.0.rules, number);
        Permit { connection: Connection { connections: self.clone(), number }, gate, ended }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // The table is consistent at every statement: a panic elsewhere does not poison it.
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// The connection, for its requests.
    pub(in crate::http) fn connection(&self) -> Connection {
        self.connection.clone()
    }

    pub(in crate::http) fn gate(&self) -> CurrentGate {
        self.gate.clone()
    }

    /// Cancelled when the connection has to go.
    pub(in crate::http) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.connection.connections.table().open.remove(&self.connection.number);
    }
}

impl Connection {
    /// A request has proven a sign-in, or tried to and failed (`None`).
    pub(in crate::http) fn prove(&self, person: Option<Owner>) {
        let mut table = self.connections.table();
        let Some(open) = table.open.get(&self.number) else { return };
        if open.person == person {
            return;
        }
        let (network, peer) = (open.network, open.peer);
        let gate = match person {
            Some(person) => {
                table.remember(network, person);
                // The proxy's next connection may be for the same client.
                table.remember(peer, person);
                table.persons_gate(person)
            }
            None => table.newcomers_gate(network),
        };
        if let Some(open) = table.open.get_mut(&self.number) {
            open.gate.set(gate);
            open.person = person;
        }
        table.make_room(&self.connections.0.rules, self.number);
    }

    /// A reverse proxy passes on requests of this client from now on.
    pub(in crate::http) fn speaks_for(&self, client: IpAddr) {
        let network = Network::of(client);
        let mut table = self.connections.table();
        let Some(open) = table.open.get_mut(&self.number) else { return };
        if open.network == network {
            return;
        }
        open.network = network;
        if open.person.is_none() {
            let gate = table.newcomers_gate(network);
            if let Some(open) = table.open.get(&self.number) {
                open.gate.set(gate);
            }
            table.make_room(&self.connections.0.rules, self.number);
        }
    }

    /// While the value lives, the connection is serving something.
    pub(in crate::http) fn in_use(&self) -> InUse {
        if let Some(open) = self.connections.table().open.get_mut(&self.number) {
            open.uses += 1;
        }
        InUse(self.clone())
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        if let Some(open) = self.0.connections.table().open.get_mut(&self.0.number) {
            open.uses -= 1;
        }
    }
}

impl Table {
    /// Ends connections until every share holds. The one numbered `kept` has just come or changed, and stays.
    fn make_room(&mut self, rules: &Rules, kept: u64) {
        let Some((network, person)) = self.open.get(&kept).map(|open| (open.network, open.person)) else {
            return;
        };
        if let Some(person) = person {
            if self.count(|open| open.person == Some(person)) > rules.of_person {
                self.end_idlest(kept, |open| open.person == Some(person));
            }
            if self.count(|open| open.person.is_some()) > rules.proven
                && let Some(most) = self.person_with_most()
            {
                self.end_idlest(kept, |open| open.person == Some(most));
            }
            return;
        }
        if self.count(|open| open.person.is_none() && open.network == network) > rules.of_network {
            self.end_oldest(kept, |open| open.person.is_none() && open.network == network);
        }
        if self.count(|open| open.person.is_none()) > rules.newcomers {
            let strangers = self.strangers.clone();
            let is_stranger = |open: &Open| open.person.is_none() && open.gate.get().is(&strangers);
            if !self.end_oldest(kept, is_stranger) {
                self.end_oldest(kept, |open| open.person.is_none());
            }
        }
    }

    fn count(&self, which: impl Fn(&Open) -> bool) -> usize {
        self.open.values().filter(|open| which(open)).count()
    }

    fn person_with_most(&self) -> Option<Owner> {
        let mut counts = HashMap::new();
        for person in self.open.values().filter_map(|open| open.person) {
            *counts.entry(person).or_insert(0) += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(person, _)| person)
    }

    fn end_oldest(&mut self, kept: u64, which: impl Fn(&Open) -> bool) -> bool {
        let found = self.open.iter().find(|(number, open)| **number != kept && which(open));
        self.end(found.map(|(number, _)| *number))
    }

    /// The oldest that serves nothing; the oldest, if all serve something.
    fn end_idlest(&mut self, kept: u64, which: impl Fn(&Open) -> bool) {
        let found = self.open.iter().filter(|(number, open)| **number != kept && which(open));
        let found = found.min_by_key(|(number, open)| (open.uses > 0, **number)).map(|(number, _)| *number);
        self.end(found);
    }

    fn end(&mut self, number: Option<u64>) -> bool {
        let ended = number.and_then(|number| self.open.remove(&number));
        if let Some(open) = &ended {
            open.ended.cancel();
        }
        ended.is_some()
    }

    fn is_known(&self, network: Network) -> bool {
        self.known.iter().any(|(known, _)| *known == network)
    }

    fn remember(&mut self, network: Network, person: Owner) {
        self.known.retain(|known| *known != (network, person));
        self.known.push_back((network, person));
        let of_person = self.known.iter().filter(|(_, owner)| *owner == person).count();
        let oldest = if of_person > KNOWN_BY_PERSON {
            self.known.iter().position(|(_, owner)| *owner == person)
        } else {
            (self.known.len() > KNOWN).then_some(0)
        };
        if let Some(oldest) = oldest {
            self.known.remove(oldest);
        }
    }

    /// Strangers share one gate; the newcomers of each known network have one of theirs.
    fn newcomers_gate(&self, network: Network) -> Gate {
        if !self.is_known(network) {
            return self.strangers.clone();
        }
        let mut same = self.open.values().filter(|open| open.person.is_none() && open.network == network);
        let gate = same.find_map(|open| Some(open.gate.get()).filter(|gate| !gate.is(&self.strangers)));
        gate.unwrap_or_else(Gate::new)
    }

    fn persons_gate(&self, person: Owner) -> Gate {
        let other = self.open.values().find(|open| open.person == Some(person));
        other.map_or_else(Gate::new, |open| open.gate.get())
    }
}

#[cfg(test)]
mod tests;
