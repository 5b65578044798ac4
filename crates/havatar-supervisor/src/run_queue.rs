//! Tells a starved process from a hung one: how long its threads waited in the run queue for a processor.
//!
//! A thread that could run and was not let proves nothing against its process. The kernel counts that time for each thread
//! (`/proc/PID/task/TID/schedstat`), but adds a wait only when it ends; a thread that waits at this moment shows as
//! runnable without having run. Where the kernel counts nothing, the same is judged by the threads' states alone.
//!
//! Work passes from thread to thread, so their waits add up. Two bounds keep the sum from excusing a hang: no more
//! than the time that passed, and never the time for which one of the threads did run.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The threads of some processes, their descendants and, on request, of this program.
#[derive(Debug)]
pub struct RunQueue {
    processes: Vec<u32>,
    /// What the last look found, by process and thread.
    threads: HashMap<(u32, u32), Times>,
    last: Instant,
}

/// What became of an interval.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    /// The processes were kept from running.
    waited: Duration,
    /// The busiest of their threads ran, this program's own left out.
    worked: Duration,
}

/// The figures of one thread since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Times {
    ran: Duration,
    waited: Duration,
}

impl RunQueue {
    /// Follows `processes` from now on, and this program, which carries what they say to the task that judges them.
    pub fn follow(processes: impl IntoIterator<Item = u32>) -> Self {
        Self::of(processes.into_iter().chain([std::process::id()]))
    }

    /// Follows `processes` alone.
    pub fn of(processes: impl IntoIterator<Item = u32>) -> Self {
        let processes = processes.into_iter().collect();
        let mut followed = Self { processes, threads: HashMap::new(), last: Instant::now() };
        followed.threads = followed.look();
        followed
    }

    /// The part of the time since the last call in which the processes were kept from running.
    pub fn waited(&mut self) -> Duration {
        self.spent().waited
    }

    /// What became of the time since the last call.
    fn spent(&mut self) -> Spent {
        let now = Instant::now();
        let passed = now.saturating_duration_since(std::mem::replace(&mut self.last, now));
        let (found, own) = (self.look(), std::process::id());
        let (mut waited, mut ran, mut worked) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        for (thread, times) in &found {
            // A thread that is new is younger: all its time is of this interval.
            let before = self.threads.get(thread).copied().unwrap_or_default();
            let more = Times {
                ran: times.ran.saturating_sub(before.ran),
                waited: times.waited.saturating_sub(before.waited),
            };
            ran = ran.max(more.ran);
            if thread.0 != own {
                worked = worked.max(more.ran);
            }
            waited += match more {
                // Neither ran nor was its wait added up: it sleeps, or waits since before the last look.
                Times { ran: Duration::ZERO, waited: Duration::ZERO } => {
                    if is_runnable(*thread) {
                        passed
                    } else {
                        Duration::ZERO
                    }
                }
                // It ran, and waits again: since when, the kernel does not say yet. This program's own threads are left out, for
                // one of them runs at this moment.
                more if thread.0 != own && is_runnable(*thread) => passed.saturating_sub(more.ran),
                more => more.waited,
            };
        }
        self.threads = found;
        Spent { waited: excused(passed, waited, ran), worked: worked.min(passed) }
    }

    fn look(&self) -> HashMap<(u32, u32), Times> {
        let mut found = HashMap::new();
        let mut processes = self.processes.clone();
        let own = std::process::id();
        let mut next = 0;
        while let Some(&process) = processes.get(next) {
            next += 1;
            for thread in threads(process) {
                found.insert((process, thread), times((process, thread)));
                if process != own && processes.len() < MAX_PROCESSES {
                    processes.extend(children((process, thread)));
                }
            }
        }
        found
    }
}

/// A limit of time in which some processes and this program could run.
#[derive(Debug)]
pub struct Patience {
    left: Duration,
    last: Instant,
    queue: RunQueue,
}

impl Patience {
    /// Begins now.
    pub fn new(limit: Duration, processes: impl IntoIterator<Item = u32>) -> Self {
        Self { left: limit, last: Instant::now(), queue: RunQueue::follow(processes) }
    }

    /// Whether the limit is reached. To be asked several times a second.
    pub fn is_over(&mut self) -> bool {
        let now = Instant::now();
        let passed = now.saturating_duration_since(std::mem::replace(&mut self.last, now));
        self.left = self.left.saturating_sub(passed.saturating_sub(self.queue.waited()));
        self.left.is_zero()
    }
}

/// Processes beyond this are not looked at, so that one that forks without end costs no more.
const MAX_PROCESSES: usize = 64;

fn excused(passed: Duration, waited: Duration, ran: Duration) -> Duration {
    waited.min(passed.saturating_sub(ran))
}

fn threads(process: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

fn children((process, thread): (u32, u32)) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{process}/task/{thread}/children")).unwrap_or_default();
    list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// The figures of a thread; without the kernel's own counts, its processor time alone.
fn times((process, thread): (u32, u32)) -> Times {
    let counted = fs::read_to_string(format!("/proc/{process}/task/{thread}/schedstat")).unwrap_or_default();
    parse_schedstat(&counted)
        .or_else(|| Some(Times { ran: parse_stat(&stat((process, thread)))?.1, waited: Duration::ZERO }))
        .unwrap_or_default()
}

fn is_runnable(thread: (u32, u32)) -> bool {
    parse_stat(&stat(thread)).is_some_and(|(state, _)| state == 'R')
}

fn stat((process, thread): (u32, u32)) -> String {
    fs::read_to_string(format!("/proc/{process}/task/{thread}/stat")).unwrap_or_default()
}

/// Nanoseconds on a processor, nanoseconds in the run queue, turns. All are 0 where the kernel was told not to count.
fn parse_schedstat(text: &str) -> Option<Times> {
    let mut fields = text.split_ascii_whitespace().map(|field| field.parse().ok());
    let (ran, waited, turns): (u64, u64, u64) = (fields.next()??, fields.next()??, fields.next()??);
    (turns > 0).then_some(Times { ran: Duration::from_nanos(ran), waited: Duration::from_nanos(waited) })
}

/// State and processor time of a line of `/proc/PID/task/TID/stat`. A tick is 10 ms on every machine that this runs on.
fn parse_stat(text: &str) -> Option<(char, Duration)> {
    // The name in parentheses may itself hold any character.
    let (_, fields) = text.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let state = fields.next()?.chars().next()?;
    let user: u64 = fields.nth(10)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((state, Duration::from_millis(10 * (user + system))))
}

/// A helper program that works all the time may take so many times its limit.
pub(crate) const DILIGENCE: u32 = 8;

/// How often a limit's time is taken stock of.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A wake-up that is late by no more than this is the timer's granularity, not starvation.
pub(crate) const TIMER_SLACK: Duration = Duration::from_millis(5);

/// Waits for `work`, at most `limit`; the time for which the processes or this program were kept from running does not
/// count, and is reported to `excuse`. Of the time in which the processes ran, one part in `diligence` counts: a program that works is
/// slow, one that sleeps is hung, and one that spins for ever is ended all the same.
pub(crate) async fn within<T>(
    limit: Duration,
    diligence: u32,
    processes: impl IntoIterator<Item = u32>,
    mut excuse: impl FnMut(Duration),
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = std::pin::pin!(work);
    let mut left = limit;
    let mut queue: Option<RunQueue> = None;
    let mut processes = Some(processes);
    loop {
        let begun = Instant::now();
        let due = begun + left.min(LOOK_EVERY);
        tokio::select! {
            biased;
            done = &mut work => return Some(done),
            () = sleep_until(due) => {}
        }
        let now = Instant::now();
        let late =
            Some(now.saturating_duration_since(due)).filter(|late| *late > TIMER_SLACK).unwrap_or_default();
        // Most work is done before the first look.
        let spent = if let Some(queue) = &mut queue {
            queue.spent()
        } else {
            queue = processes.take().map(RunQueue::follow);
            Spent::default()
        };
        let excused = late.max(spent.waited);
        if !excused.is_zero() {
            excuse(excused);
        }
        let could_run = (now - begun).saturating_sub(excused);
        let worked = spent.worked.min(could_run);
        left = left.saturating_sub(could_run.saturating_sub(worked) + worked / diligence);
        if left.is_zero() {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_is_excused_is_the_wait_but_never_the_time_in_which_it_ran() {
        for (passed, waited, ran, expected) in [
            (100, 0, 0, 0),      // it slept, or was stopped
            (100, 30, 10, 30),   // a busy machine
            (100, 100, 0, 100),  // it was not let run at all
            (100, 450, 20, 80),  // many threads wait at once
            (100, 300, 100, 0),  // one of them spins on a processor of its own
            (100, 5000, 0, 100), // a long wait that has just ended
            (0, 50, 0, 0),
        ] {
            assert_eq!(excused(ms(passed), ms(waited), ms(ran)), ms(expected), "{passed} {waited} {ran}");
        }
    }

    #[test]
    fn the_kernels_figures() {
        assert_eq!(
            parse_schedstat("1500000 20 3\n"),
            Some(Times { ran: Duration::from_micros(1500), waited: Duration::from_nanos(20) })
        );
        assert_eq!(parse_schedstat("0 0 0\n"), None, "the kernel does not count");
        assert_eq!(parse_schedstat(""), None);
        assert_eq!(parse_schedstat("1 x 3"), None);
        let line = "7 (a) b) R 1 2 3 4 5 6 7 8 9 10 12 13 0 0 20 0 1 0 9";
        assert_eq!(parse_stat(line), Some(('R', ms(250))));
        assert_eq!(parse_stat("7 (a"), None);
    }

    #[test]
    fn a_thread_of_this_program_that_runs_is_not_excused() {
        let mut queue = RunQueue::follow([]);
        let begun = Instant::now();
        while begun.elapsed() < ms(50) {
            std::hint::spin_loop();
        }
        let (waited, passed) = (queue.waited(), begun.elapsed());
        assert!(waited <= passed, "{waited:?} of {passed:?}");
        assert!(queue.threads.values().any(|times| times.ran >= ms(1)), "{queue:?}");
    }

    #[tokio::test]
    async fn a_program_that_works_is_given_longer_and_one_that_spins_for_ever_is_ended() {
        let mut child =
            std::process::Command::new("awk").arg("BEGIN { while (1) i++ }").spawn().expect("awk");
        let begun = Instant::now();
        let ended = within(ms(200), DILIGENCE, [child.id()], |_| (), std::future::pending::<()>()).await;
        let took = begun.elapsed();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(ended, None);
        assert!(took >= 4 * ms(200), "{took:?}: the first look alone counts in full");
    }

    #[tokio::test]
    async fn a_limit_ends_work_that_sleeps() {
        let mut excuses = Duration::ZERO;
        let begun = Instant::now();
        let done = within(ms(250), 1, [], |excuse| excuses += excuse, std::future::pending::<()>()).await;
        assert_eq!(done, None);
        assert!(begun.elapsed() >= ms(250));
        assert_eq!(within(ms(250), 1, [], |_| (), async { 7 }).await, Some(7));
    }
}
