//! The rate limit of wrong sign-ins.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::network::Network;

/// Wrong tries a network has before it must wait.
const TRIES: u32 = 5;
/// The first wait; it doubles with every further wrong try.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// The failures of a network expire after this time.
const FORGET: Duration = Duration::from_hours(1);
/// The most networks in the table.
const NETWORKS: usize = 1024;
/// Wrong tries from everywhere within [`WINDOW`] before every network waits.
const TRIES_OF_ALL: u32 = 100;
const WINDOW: Duration = Duration::from_mins(1);

/// Counts wrong sign-ins per network and in all. What is guarded has 256 random bits, so this is about noise and load, not about
/// guessing. So a wait is only for those that are wrong: a right proof is never refused, however many were wrong before it.
#[derive(Default)]
pub(super) struct Limiter {
    networks: HashMap<Network, Tries>,
    window_start: Option<Instant>,
    in_window: u32,
}

struct Tries {
    wrong: u32,
    last: Instant,
    free_at: Instant,
}

impl Limiter {
    /// How long a wrong try of this address has to wait for its answer to be more than that; `None` if not at all.
    pub(super) fn wait(&self, peer: IpAddr, now: Instant) -> Option<Duration> {
        let own = self.networks.get(&Network::of(peer)).map(|tries| tries.free_at);
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
        let tries =
            self.networks.entry(Network::of(peer)).or_insert(Tries { wrong: 0, last: now, free_at: now });
        tries.wrong = tries.wrong.saturating_add(1);
        tries.last = now;
        if tries.wrong >= TRIES {
            let doublings = (tries.wrong - TRIES).min(10);
            tries.free_at = now + (FIRST_WAIT * 2_u32.pow(doublings)).min(LONGEST_WAIT);
        }
    }

    /// A right one: the address starts afresh.
    pub(super) fn right(&mut self, peer: IpAddr) {
        self.networks.remove(&Network::of(peer));
    }

    fn make_room(&mut self, now: Instant) {
        if self.networks.len() < NETWORKS {
            return;
        }
        self.networks.retain(|_, tries| now < tries.last + FORGET);
        while self.networks.len() >= NETWORKS {
            let Some(oldest) =
                self.networks.iter().min_by_key(|(_, tries)| tries.last).map(|(network, _)| *network)
            else {
                return;
            };
            self.networks.remove(&oldest);
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
    async fn the_memory_is_bounded() {
        let (mut limiter, mut now) = (Limiter::default(), Instant::now());
        for n in 0..5000_u32 {
            limiter.wrong(IpAddr::V4(std::net::Ipv4Addr::from(n)), now);
            now += Duration::from_millis(1);
        }
        assert_eq!(limiter.networks.len(), NETWORKS);
    }
}
