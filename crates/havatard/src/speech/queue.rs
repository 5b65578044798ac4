//! The queue of utterances: pure, bounded, and fair: each speaker's in order, the speakers in turn.

use std::collections::VecDeque;

use havatar_api::{Language, Speech, SpeechFailure, Utterance};

/// The most waiting utterances.
pub(super) const MAX_WAITING: usize = 8;

/// Why an utterance was dropped unsaid.
const DISPLACED: &str = "the queue was full, and another person had to have a turn";

/// Who speaks: the name that is shown, and the sign-in that takes turns with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    /// The name.
    pub name: String,
    /// The sign-in.
    pub key: String,
}

/// A queued utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// Its published part.
    pub(super) utterance: Utterance,
    /// The sign-in of the speaker.
    key: String,
    pub(super) language: Language,
    /// The attention sound comes first; without a text, alone.
    pub(super) attention: bool,
}

/// The result of a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It is the current utterance: the caller must stop the task's work on it.
    Speaking,
    /// It was waiting, and is removed.
    Waiting,
    /// No utterance has that number.
    Nothing,
}

/// The queue. At most one is spoken at a time.
#[derive(Debug, Default)]
pub(super) struct Queue {
    last: u64,
    speaking: Option<Item>,
    waiting: VecDeque<Item>,
    failed: Option<SpeechFailure>,
}

impl Queue {
    /// Queues an utterance behind as many of every other speaker's as wait of this one's. In a full queue it displaces the last
    /// utterance of the speaker with the most, if that one has more than this speaker would; `None` if it does not.
    pub(super) fn push(
        &mut self,
        speaker: &Speaker,
        text: Option<String>,
        language: Language,
        attention: bool,
    ) -> Option<Utterance> {
        let turn = self.turns(&speaker.key, self.waiting.len());
        if self.waiting.len() >= MAX_WAITING {
            let turns = (0..self.waiting.len()).map(|at| (self.turn(at), at));
            let (_, last) = turns.max().filter(|(most, _)| *most > turn)?;
            let displaced = self.waiting.remove(last)?.utterance;
            self.failed = Some(SpeechFailure { utterance: displaced, why: DISPLACED.to_owned() });
        }
        let behind = (0..self.waiting.len()).find(|at| self.turn(*at) > turn).unwrap_or(self.waiting.len());
        self.last += 1;
        let utterance = Utterance { id: self.last, who: speaker.name.clone(), text };
        let item = Item { utterance: utterance.clone(), key: speaker.key.clone(), language, attention };
        self.waiting.insert(behind, item);
        Some(utterance)
    }

    /// How many of its speaker's utterances come before the waiting one at this place.
    fn turn(&self, at: usize) -> usize {
        self.turns(&self.waiting[at].key, at)
    }

    /// How many of a speaker's utterances are spoken, or wait before this place.
    fn turns(&self, key: &str, before: usize) -> usize {
        self.speaking.iter().chain(self.waiting.iter().take(before)).filter(|item| item.key == key).count()
    }

    /// Starts the next utterance, unless one is current.
    pub(super) fn begin(&mut self) -> Option<Item> {
        if self.speaking.is_some() {
            return None;
        }
        self.speaking = self.waiting.pop_front();
        self.speaking.clone()
    }

    /// Ends the current utterance, with the reason if it failed.
    pub(super) fn end(&mut self, failed: Option<String>) {
        let Some(item) = self.speaking.take() else { return };
        self.failed = failed.map(|why| SpeechFailure { utterance: item.utterance, why });
    }

    /// Cancels an utterance.
    pub(super) fn cancel(&mut self, id: u64) -> Found {
        if self.speaking.as_ref().is_some_and(|item| item.utterance.id == id) {
            return Found::Speaking;
        }
        let before = self.waiting.len();
        self.waiting.retain(|item| item.utterance.id != id);
        if self.waiting.len() < before { Found::Waiting } else { Found::Nothing }
    }

    /// Removes all waiting utterances; the caller must stop the current one.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    pub(super) fn state(&self, quiet: bool) -> Speech {
        Speech {
            speaking: self.speaking.as_ref().map(|item| item.utterance.clone()),
            waiting: self.waiting.iter().map(|item| item.utterance.clone()).collect(),
            quiet,
            failed: self.failed.clone(),
            confinement: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Act {
        Push,
        Begin,
        End(bool),
        Cancel(u64),
        Clear,
    }

    fn speaker(key: &str) -> Speaker {
        Speaker { name: "admin".to_owned(), key: key.to_owned() }
    }

    fn waiting(queue: &Queue) -> String {
        queue.waiting.iter().map(|item| item.key.as_str()).collect()
    }

    #[test]
    fn speakers_take_turns_and_a_full_queue_gives_room_to_who_has_less() {
        let mut queue = Queue::default();
        let push = |queue: &mut Queue, key: &str| {
            queue.push(&speaker(key), None, Language::Ro, true).map(|utterance| utterance.id)
        };
        for _ in 0..=MAX_WAITING {
            push(&mut queue, "a").unwrap();
            queue.begin();
        }
        assert_eq!(waiting(&queue), "aaaaaaaa");
        assert_eq!(push(&mut queue, "a"), None, "full for the one who filled it");
        assert_eq!(push(&mut queue, "b"), Some(10));
        assert_eq!(waiting(&queue), "baaaaaaa");
        let failed = queue.state(false).failed.expect("the newest of the other's was dropped");
        assert_eq!((failed.utterance.id, failed.why.as_str()), (9, DISPLACED));
        for _ in 0..10 {
            push(&mut queue, "b");
        }
        assert_eq!(waiting(&queue), "babababa", "each has as much");
        push(&mut queue, "c").expect("a third one's first");
        assert!(waiting(&queue).starts_with("bc"), "{}", waiting(&queue));
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            4 => Just(Act::Push),
            2 => Just(Act::Begin),
            2 => any::<bool>().prop_map(Act::End),
            2 => (0_u64..40).prop_map(Act::Cancel),
            1 => Just(Act::Clear),
        ]
    }

    proptest! {
        /// Against a list of numbers: nothing is lost, doubled or overtaken, and the bound holds.
        #[test]
        fn in_order_bounded_and_each_once(acts in prop::collection::vec(act(), 0..200)) {
            let (mut queue, ana) = (Queue::default(), speaker("ana"));
            let (mut speaking, mut waiting, mut last) = (None, Vec::new(), 0);
            for act in acts {
                match act {
                    Act::Push => {
                        let full = waiting.len() == MAX_WAITING;
                        let pushed = queue.push(&ana, Some("x".to_owned()), Language::Ro, false);
                        prop_assert_eq!(pushed.is_none(), full);
                        if let Some(utterance) = pushed {
                            prop_assert!(utterance.id > last, "numbers only go up");
                            last = utterance.id;
                            waiting.push(utterance.id);
                        }
                    }
                    Act::Begin => {
                        let begun = queue.begin().map(|item| item.utterance.id);
                        if speaking.is_some() || waiting.is_empty() {
                            prop_assert_eq!(begun, None);
                        } else {
                            speaking = Some(waiting.remove(0));
                            prop_assert_eq!(begun, speaking);
                        }
                    }
                    Act::End(well) => {
                        queue.end((!well).then(|| "why".to_owned()));
                        let failed = queue.state(false).failed.map(|failed| failed.utterance.id);
                        if let Some(ended) = speaking.take() {
                            prop_assert_eq!(failed, (!well).then_some(ended));
                        }
                    }
                    Act::Cancel(id) => {
                        let found = queue.cancel(id);
                        if speaking == Some(id) {
                            prop_assert_eq!(found, Found::Speaking);
                        } else if waiting.contains(&id) {
                            prop_assert_eq!(found, Found::Waiting);
                            waiting.retain(|waits| *waits != id);
                        } else {
                            prop_assert_eq!(found, Found::Nothing);
                        }
                    }
                    Act::Clear => {
                        queue.clear();
                        waiting.clear();
                    }
                }
                let state = queue.state(false);
                prop_assert_eq!(state.speaking.map(|it| it.id), speaking);
                prop_assert_eq!(state.waiting.iter().map(|it| it.id).collect::<Vec<_>>(), waiting.clone());
                prop_assert!(waiting.len() <= MAX_WAITING);
            }
        }
    }
}
