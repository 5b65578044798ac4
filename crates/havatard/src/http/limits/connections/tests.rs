//! Tests of who has to go.

use super::*;

const RULES: Rules = Rules { newcomers: 8, of_network: 4, proven: 6, of_person: 3 };

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn far(n: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, n])
}

fn stands(permit: &Permit) -> bool {
    !permit.ended.is_cancelled()
}

fn standing(permits: &[Permit]) -> Vec<bool> {
    permits.iter().map(stands).collect()
}

fn proven(connections: &Connections, peer: IpAddr, person: u64) -> Permit {
    let permit = connections.admit(peer);
    permit.connection().prove(Some(Owner::Session(person)));
    permit
}

#[test]
fn the_oldest_newcomer_goes_and_a_newcomer_is_never_refused() {
    let connections = Connections::new(RULES);
    let first: Vec<Permit> = (0..8).map(|n| connections.admit(far(n))).collect();
    assert!(first.iter().all(stands));
    let more: Vec<Permit> = (8..11).map(|n| connections.admit(far(n))).collect();
    assert_eq!(standing(&first), [false, false, false, true, true, true, true, true]);
    assert!(more.iter().all(stands));
    drop((first, more));
    assert!(connections.table().open.is_empty());
}

#[test]
fn a_network_is_an_ipv4_address_or_an_ipv6_prefix_and_loopback_is_one_like_others() {
    for own in ["192.0.2.1", "::ffff:192.0.2.1", "127.0.0.1", "2001:db8::1"] {
        let connections = Connections::new(RULES);
        let other = connections.admit(ip("198.51.100.7"));
        let held: Vec<Permit> = (0..6).map(|_| connections.admit(ip(own))).collect();
        assert_eq!(standing(&held), [false, false, true, true, true, true], "{own}");
        assert!(stands(&other), "{own}");
    }
    let connections = Connections::new(RULES);
    let held: Vec<Permit> = (0..6).map(|n| connections.admit(ip(&format!("2001:db8::{n}")))).collect();
    assert_eq!(standing(&held), [false, false, true, true, true, true]);
}

#[test]
fn a_sign_in_has_room_that_strangers_cannot_take() {
    let connections = Connections::new(RULES);
    let owners = proven(&connections, far(1), 1);
    let strangers: Vec<Permit> = (0..50).map(|n| connections.admit(far(100 + n))).collect();
    assert!(stands(&owners));
    assert_eq!(strangers.iter().filter(|permit| stands(permit)).count(), RULES.newcomers);
    // A further connection of the owner's network is a newcomer that stays, however many come after it.
    let next = connections.admit(far(1));
    let more: Vec<Permit> = (0..50).map(|n| connections.admit(far(200_u8.wrapping_add(n)))).collect();
    assert!(stands(&next));
    next.connection().prove(Some(Owner::Session(1)));
    assert!(stands(&next) && stands(&owners));
    drop(more);
}

#[test]
fn a_network_that_is_known_has_a_share_too() {
    let connections = Connections::new(RULES);
    let _owners = proven(&connections, far(1), 1);
    let other = connections.admit(far(2));
    let held: Vec<Permit> = (0..20).map(|_| connections.admit(far(1))).collect();
    assert_eq!(held.iter().filter(|permit| stands(permit)).count(), RULES.of_network);
    assert!(stands(&other));
}

#[test]
fn one_sign_in_ends_its_own_idle_ones_first() {
    let connections = Connections::new(RULES);
    let others = proven(&connections, far(1), 1);
    let first = proven(&connections, far(2), 2);
    let busy = first.connection().in_use();
    let second = proven(&connections, far(2), 2);
    let third = proven(&connections, far(2), 2);
    let fourth = proven(&connections, far(2), 2);
    assert!(stands(&others) && stands(&first) && !stands(&second) && stands(&third));
    drop(busy);
    let _fifth = proven(&connections, far(2), 2);
    assert!(!stands(&first) && stands(&fourth));
}

#[test]
fn with_all_proven_room_taken_the_sign_in_with_most_gives_way() {
    let connections = Connections::new(RULES);
    let many: Vec<Permit> = (0..3).map(|_| proven(&connections, far(9), 9)).collect();
    let few: Vec<Permit> = (1..=3).map(|n| proven(&connections, far(1), n)).collect();
    let newest = proven(&connections, far(1), 4);
    assert!(stands(&newest) && few.iter().all(stands));
    assert_eq!(standing(&many), [false, true, true]);
}

#[test]
fn a_sign_in_that_has_ended_makes_a_newcomer_again() {
    let connections = Connections::new(RULES);
    let gone = proven(&connections, far(1), 1);
    gone.connection().prove(None);
    // Its network is known, so strangers go first.
    let strangers: Vec<Permit> = (0..20).map(|n| connections.admit(far(100 + n))).collect();
    assert!(stands(&gone));
    let same: Vec<Permit> = (0..4).map(|_| connections.admit(far(1))).collect();
    assert!(!stands(&gone));
    drop((strangers, same));
}

#[test]
fn behind_a_proxy_a_connection_counts_for_the_client_it_speaks_for() {
    let connections = Connections::new(RULES);
    let proxied = |client: IpAddr| {
        let permit = connections.admit(ip("127.0.0.1"));
        permit.connection().speaks_for(client);
        permit
    };
    let other = proxied(far(1));
    let flood: Vec<Permit> = (0..6).map(|_| proxied(far(2))).collect();
    assert_eq!(standing(&flood), [false, false, true, true, true, true]);
    assert!(stands(&other));
    // Once a sign-in has been proven through it, the proxy is known.
    other.connection().prove(Some(Owner::Token));
    let next = connections.admit(ip("127.0.0.1"));
    let strangers: Vec<Permit> = (0..20).map(|n| connections.admit(far(100 + n))).collect();
    assert!(stands(&next));
    drop(strangers);
}

#[test]
fn gates_are_one_for_all_strangers_and_one_for_each_sign_in_and_known_network() {
    let connections = Connections::new(RULES);
    let gate = |permit: &Permit| permit.gate.get();
    let (a, b) = (connections.admit(far(1)), connections.admit(far(2)));
    assert!(gate(&a).is(&gate(&b)));
    let (one, same) = (proven(&connections, far(3), 3), proven(&connections, far(4), 3));
    let other = proven(&connections, far(3), 5);
    assert!(gate(&one).is(&gate(&same)));
    assert!(!gate(&one).is(&gate(&other)) && !gate(&one).is(&gate(&a)));
    let (known, again) = (connections.admit(far(3)), connections.admit(far(3)));
    assert!(gate(&known).is(&gate(&again)));
    assert!(!gate(&known).is(&gate(&a)) && !gate(&known).is(&gate(&one)));
}

#[test]
fn known_networks_are_bounded_and_one_sign_in_does_not_push_out_anothers() {
    let connections = Connections::new(RULES);
    drop(proven(&connections, far(1), 1));
    for n in 0..2000_u32 {
        drop(proven(&connections, IpAddr::from((n + 1_000_000).to_be_bytes()), 2));
    }
    let table = connections.table();
    assert!(table.is_known(Network::of(far(1))));
    assert_eq!(table.known.len(), 1 + KNOWN_BY_PERSON);
}
