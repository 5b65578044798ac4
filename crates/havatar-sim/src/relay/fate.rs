//! What happens to the next piece: pure, and the same for the same seed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// How the network behaves.
#[derive(clap::Args, Clone, Copy, Debug, Default, PartialEq)]
pub struct Manner {
    /// Everything takes so much longer, one way, ms.
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=60_000))]
    delay: u64,

    /// And up to so much more, ms; the order stays.
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=60_000))]
    jitter: u64,

    /// Share that is lost on its way: it comes after a retransmission timeout, 200 ms or more, and what is behind it waits.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    loss: f64,

    /// Bytes a second in each direction; 0 is no limit
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    rate: u64,

    /// Share of messages after which an older one comes again, of this connection or an earlier one
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    replay: f64,

    /// Share of messages that come after their successors
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    shuffle: f64,

    /// Share of messages that come twice
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    double: f64,

    /// Share of messages that are kept for up to two seconds, while others pass
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    late: f64,
}

fn share(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| format!("{text} is not 0 to 1"))
}

/// A line on standard input.
pub(super) enum Command {
    /// Another manner, under the names of the flags.
    Manner(Box<dyn FnOnce(&mut Manner)>),
    /// Nothing gets through, and nobody is told.
    Block(bool),
    /// Resets all connections.
    Cut,
    /// Ends.
    Quit,
}

impl Command {
    /// Reads a line; an error says what was wrong with it.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ms = |text: &str| {
            let number = text.parse::<u64>().ok().filter(|number| *number <= 60_000);
            number.ok_or_else(|| format!("{text} is no whole number up to 60000"))
        };
        Ok(match words[..] {
            ["delay", value] => ms(value).map(|value| set(move |manner| manner.delay = value))?,
            ["jitter", value] => ms(value).map(|value| set(move |manner| manner.jitter = value))?,
            ["loss", value] => share(value).map(|value| set(move |manner| manner.loss = value))?,
            ["rate", value] => {
                let rate = value.parse().map_err(|_| format!("{value} is no whole number"))?;
                set(move |manner| manner.rate = rate)
            }
            ["replay", value] => share(value).map(|value| set(move |manner| manner.replay = value))?,
            ["shuffle", value] => share(value).map(|value| set(move |manner| manner.shuffle = value))?,
            ["double", value] => share(value).map(|value| set(move |manner| manner.double = value))?,
            ["late", value] => share(value).map(|value| set(move |manner| manner.late = value))?,
            ["block", "on"] => Self::Block(true),
            ["block", "off"] => Self::Block(false),
            ["cut"] => Self::Cut,
            ["quit"] => Self::Quit,
            _ => return Err(format!("{line} is no command")),
        })
    }
}

fn set(set: impl FnOnce(&mut Manner) + 'static) -> Command {
    Command::Manner(Box::new(set))
}

/// A direction.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    /// From the side that connected.
    Up = 0,
    /// To it.
    Down = 1,
}

/// Messages of all connections, for replays.
#[derive(Debug, Default)]
pub(super) struct Store(VecDeque<Vec<u8>>);

impl Store {
    const MOST: usize = 256;
    /// Longer ones are not kept.
    const LONGEST: usize = 4096;

    fn add(&mut self, message: &[u8]) {
        if message.len() > Self::LONGEST {
            return;
        }
        if self.0.len() == Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back(message.to_vec());
    }

    /// One of those that are there; `at` is 0 to 1.
    fn pick(&self, at: f64) -> Option<Vec<u8>> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place among 256"
        )]
        self.0.get((at * self.0.len() as f64) as usize).cloned()
    }
}

/// What is to become of a piece.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// It comes so much later.
    pub(super) after: Duration,
    /// Others may overtake it.
    pub(super) apart: bool,
    /// It comes a second time, so much later than the first.
    pub(super) again: Option<Duration>,
    /// This comes behind it.
    pub(super) replay: Option<Vec<u8>>,
}

/// Decides for one direction of one connection.
pub(super) struct Fate {
    dice: StdRng,
    store: Option<Arc<Mutex<Store>>>,
}

/// The first of TCP's retransmission timeouts; each further one is twice as long.
const RETRANSMISSION: Duration = Duration::from_millis(200);
/// As often as that in a row.
const LOST_IN_A_ROW: u32 = 6;
/// Longest time that a message lets its successors pass.
const SHUFFLED: f64 = 0.15;
/// Longest time that a message is kept.
const LATE: f64 = 2.0;

impl Fate {
    /// `store` keeps what may be sent again; without one, nothing of this side is.
    pub(super) fn new((seed, count): (u64, u64), side: Side, store: Option<Arc<Mutex<Store>>>) -> Self {
        // An odd factor keeps neighbours apart.
        let own = (2 * count + side as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self { dice: StdRng::seed_from_u64(seed ^ own), store }
    }

    /// What becomes of the next piece. As many dice are thrown for each, so that one manner does not change another's luck.
    pub(super) fn of(&mut self, message: Option<&[u8]>, manner: &Manner) -> Verdict {
        let [jitter, loss, shuffle, held, late, kept, double, gap, replay, which] =
            std::array::from_fn(|_| self.dice.random::<f64>());
        let mut after = Duration::from_millis(manner.delay) + scaled(manner.jitter, jitter);
        // The one throw decides how often in a row: lost twice has the share's square.
        let mut timeout = RETRANSMISSION + 2 * Duration::from_millis(manner.delay);
        let mut share = manner.loss;
        for _ in 0..LOST_IN_A_ROW {
            if loss >= share {
                break;
            }
            after += timeout;
            timeout *= 2;
            share *= manner.loss;
        }
        let mut verdict = Verdict { after, ..Verdict::default() };
        let (Some(message), Some(store)) = (message, &self.store) else { return verdict };
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        store.add(message);
        if late < manner.late {
            verdict.after += Duration::from_secs_f64(LATE * kept);
            verdict.apart = true;
        } else if shuffle < manner.shuffle {
            verdict.after += Duration::from_secs_f64(SHUFFLED * held);
            verdict.apart = true;
        }
        verdict.again = (double < manner.double).then(|| Duration::from_secs_f64(SHUFFLED * gap));
        verdict.replay = (replay < manner.replay).then(|| store.pick(which)).flatten();
        verdict
    }
}

fn scaled(most_ms: u64, by: f64) -> Duration {
    Duration::from_millis(most_ms).mul_f64(by)
}

/// Time that bytes take at this rate.
pub(super) fn transmission(bytes: usize, manner: &Manner) -> Duration {
    if manner.rate == 0 {
        return Duration::ZERO;
    }
    let nanos = (bytes as u128 * 1_000_000_000) / u128::from(manner.rate);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAD: Manner = Manner {
        delay: 30,
        jitter: 100,
        loss: 0.2,
        rate: 0,
        replay: 0.3,
        shuffle: 0.3,
        double: 0.3,
        late: 0.2,
    };

    fn verdicts(seed: u64, count: u64, manner: &Manner) -> Vec<Verdict> {
        let mut fate = Fate::new((seed, count), Side::Up, Some(Arc::default()));
        (0..500_u32).map(|i| fate.of(Some(&i.to_le_bytes()), manner)).collect()
    }

    #[test]
    fn the_same_seed_tells_the_same_story() {
        assert_eq!(verdicts(7, 3, &BAD), verdicts(7, 3, &BAD));
        assert_ne!(verdicts(7, 3, &BAD), verdicts(8, 3, &BAD));
        assert_ne!(verdicts(7, 3, &BAD), verdicts(7, 4, &BAD), "each connection has a story of its own");
    }

    #[test]
    fn a_good_network_changes_nothing() {
        let good = Manner::default();
        assert!(verdicts(1, 0, &good).iter().all(|verdict| *verdict == Verdict::default()));
    }

    #[test]
    fn shares_are_what_was_asked_for() {
        let all = verdicts(5, 0, &BAD);
        let near = |what: &str, count: usize, wanted: f64| {
            let share = f64::from(u32::try_from(count).unwrap()) / 500.0;
            assert!((share - wanted).abs() < 0.07, "{what}: {share} instead of {wanted}");
        };
        near("twice", all.iter().filter(|verdict| verdict.again.is_some()).count(), 0.3);
        near("replayed", all.iter().filter(|verdict| verdict.replay.is_some()).count(), 0.3);
        near("apart", all.iter().filter(|verdict| verdict.apart).count(), 0.2 + 0.8 * 0.3);
        let lost = Manner { loss: 0.2, ..Manner::default() };
        let lost = verdicts(5, 0, &lost);
        near("lost", lost.iter().filter(|verdict| verdict.after >= RETRANSMISSION).count(), 0.2);
        near("lost twice", lost.iter().filter(|verdict| verdict.after >= 3 * RETRANSMISSION).count(), 0.04);
    }

    #[test]
    fn what_is_no_message_is_only_delayed() {
        let mut fate = Fate::new((1, 0), Side::Up, Some(Arc::default()));
        for _ in 0..200 {
            let verdict = fate.of(None, &BAD);
            assert!(!verdict.apart && verdict.again.is_none() && verdict.replay.is_none());
            assert!(verdict.after >= Duration::from_millis(30));
        }
    }

    #[test]
    fn what_is_kept_for_replays_is_bounded() {
        let store = Arc::new(Mutex::new(Store::default()));
        let mut fate = Fate::new((1, 0), Side::Up, Some(store.clone()));
        for _ in 0..1000 {
            fate.of(Some(&[0; 100]), &BAD);
            fate.of(Some(&[0; 10_000]), &BAD);
        }
        assert_eq!(store.lock().unwrap().0.len(), Store::MOST);
        assert!(store.lock().unwrap().0.iter().all(|message| message.len() == 100));
    }

    #[test]
    fn commands_say_what_is_wrong_with_them() {
        let mut manner = Manner::default();
        for line in
            ["delay 5", "jitter 6", "loss 0.5", "rate 7", "replay 0.1", "shuffle 0.2", "double 0.3", "late 1"]
        {
            let Ok(Command::Manner(set)) = Command::parse(line) else { panic!("{line}") };
            set(&mut manner);
        }
        let wanted = Manner {
            delay: 5,
            jitter: 6,
            loss: 0.5,
            rate: 7,
            replay: 0.1,
            shuffle: 0.2,
            double: 0.3,
            late: 1.0,
        };
        assert_eq!(manner, wanted);
        for line in [
            "",
            "delay",
            "delay x",
            "delay 60001",
            "loss 1.5",
            "loss NaN",
            "block",
            "block maybe",
            "cut 1",
            "leap",
        ] {
            assert!(Command::parse(line).is_err(), "{line}");
        }
    }
}
