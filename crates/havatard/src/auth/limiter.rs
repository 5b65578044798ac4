//! The rate limit of sign-ins.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::time::Instant;

/// Wrong tries an address has before it must wait.
const TRIES: u32 = 5;
/// The first wait; it doubles with every further wrong try.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// The failures of an address expire after this time.
const FORGET: Duration = Duration::from_hours(1);
/// The most addresses in the table.
const PEERS: usize = 1024;
/// Wrong tries from everywhere within [`WINDOW`] before every address waits.
const TRIES_OF_ALL: u32 = 100;
const WINDOW: Duration = Duration::from_mins(1);

/// Counts wrong sign-ins per address and in all. What is guarded has at least 128 random bits, so this is
/// about noise and load, not about guessing: that is why the wait is the address's own, where one guest on
/// the network could otherwise lock the owner out.
#[derive(Default)]
pub(super) struct Limiter {
    peers: HashMap<IpAddr, Tries>,
    window_start: Option<Instant>,
    in_window: u32,
}

struct Tries {
    wrong: u32,
    last: Instant,
    free_at: Instant,
}

impl Limiter {
    /// How long this address still has to wait; `None` if it may try.
    pub(super) fn wait(&self, peer: IpAddr, now: Instant) -> Option<Duration> {
        let own = self.peers.get(&key(peer)).map(|tries| tries.free_at);
        let all = self.window_start.filter(|_| self.in_window >= TRIES_OF_ALL).map(|start| start + WINDOW);
        [own, all].into_iter().flatten().map(|at| at.duration_since(now)).filter(|d| !d.is_zero()).max()
    }

    /// A wrong try.
    pub(super) fn wrong(&mut self, peer: IpAddr, now: Instant) {
        if self.window_start.is_none_or(|start| now >= start + WINDOW) {
            self.window_start = Some(now);
            self.in_window = 0;
        }
        self.in_window = self.in_window.saturating_add(1);
        self.make_room(now);
        let tries = self.peers.entry(key(peer)).or_insert(Tries { wrong: 0, last: now, free_at: now });
        tries.wrong = tries.wrong.saturating_add(1);
        tries.last = now;
        if tries.wrong >= TRIES {
            let doublings = (tries.wrong - TRIES).min(10);
            tries.free_at = now + (FIRST_WAIT * 2_u32.pow(doublings)).min(LONGEST_WAIT);
        }
    }

    /// A right one: the address starts afresh.
    pub(super) fn right(&mut self, peer: IpAddr) {
        self.peers.remove(&key(peer));
    }

    fn make_room(&mut self, now: Instant) {
        if self.peers.len() < PEERS {
            return;
        }
        self.peers.retain(|_, tries| now < tries.last + FORGET);
        while self.peers.len() >= PEERS {
            let Some(oldest) = self.peers.iter().min_by_key(|(_, tries)| tries.last).map(|(ip, _)| *ip)
            else {
                return;
            };
            self.peers.remove(&oldest);
        }
    }
}

/// One household or phone owns a whole IPv6 /64, so that is what counts as an address.
fn key(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        v4 @ IpAddr::V4(_) => v4,
        IpAddr::V6(v6) => {
            let s = v6.segments();
            IpAddr::V6(Ipv6Addr::new(s[0], s[1], s[2], s[3], 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn five_wrong_tries_lock_and_each_further_one_doubles_the_wait() {
        let (mut limiter, peer, now) = (Limiter::default(), ip("192.0.2.1"), Instant::now());
        for _ in 0..4 {
            limiter.wrong(peer, now);
            assert_eq!(limiter.wait(peer, now), None);
        }
        let mut waits = Vec::new();
        let mut at = now;
        for _ in 0..8 {
            limiter.wrong(peer, at);
            let wait = limiter.wait(peer, at).unwrap();
            waits.push(wait.as_secs());
            at += wait;
            assert_eq!(limiter.wait(peer, at), None);
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900, 900]);
        limiter.right(peer);
        limiter.wrong(peer, at);
        assert_eq!(limiter.wait(peer, at), None);
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_does_not_lock_another_out_but_many_failures_slow_all_for_a_while() {
        let (mut limiter, now) = (Limiter::default(), Instant::now());
        for _ in 0..10 {
            limiter.wrong(ip("192.0.2.1"), now);
        }
        assert_eq!(limiter.wait(ip("192.0.2.2"), now), None);
        for n in 0..TRIES_OF_ALL {
            limiter.wrong(IpAddr::V4(std::net::Ipv4Addr::from(n)), now);
        }
        assert_eq!(limiter.wait(ip("192.0.2.2"), now), Some(WINDOW));
        assert_eq!(limiter.wait(ip("192.0.2.2"), now + WINDOW), None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_ipv6_prefix_counts_as_one_and_a_mapped_address_as_its_ipv4() {
        let (mut limiter, now) = (Limiter::default(), Instant::now());
        for n in 0..5 {
            limiter.wrong(ip(&format!("2001:db8::{n}")), now);
            limiter.wrong(ip("::ffff:192.0.2.1"), now);
        }
        assert!(limiter.wait(ip("2001:db8::ffff"), now).is_some());
        assert!(limiter.wait(ip("192.0.2.1"), now).is_some());
        assert!(limiter.wait(ip("2001:db8:0:1::1"), now).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_memory_is_bounded() {
        let (mut limiter, mut now) = (Limiter::default(), Instant::now());
        for n in 0..5000_u32 {
            limiter.wrong(IpAddr::V4(std::net::Ipv4Addr::from(n)), now);
            now += Duration::from_millis(1);
        }
        assert_eq!(limiter.peers.len(), PEERS);
    }
}
