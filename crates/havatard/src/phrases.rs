//! The phrases of each account, in a file of its own in the state directory.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use havatar_api::{Language, Phrase, PhraseCategory, Phrases};
use sha2::{Digest as _, Sha256};

use crate::disk;
use crate::store::Persisted;

/// Bounds of an account's phrases.
const MOST_CATEGORIES: usize = 20;
const MOST_PHRASES: usize = 50;
const LONGEST_NAME: usize = 40;
const LONGEST_PHRASE: usize = 500;
/// The largest JSON, in bytes; long phrases reach it before the counts do.
pub const LARGEST: usize = 256 * 1024;

/// Why phrases were not read or kept.
#[derive(Debug, thiserror::Error)]
pub enum PhrasesError {
    /// Too many, too long, or empty.
    #[error("{0}")]
    Range(String),
    /// The file cannot be read.
    #[error("the phrases cannot be read from the robot's disk")]
    Read(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file cannot be written.
    #[error("the phrases cannot be kept on the robot's disk")]
    Write(#[source] Arc<io::Error>),
}

/// Where phrases are kept; clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    state_dir: PathBuf,
    /// The files that were written in this run.
    files: Mutex<HashMap<PathBuf, Persisted<Vec<u8>>>>,
}

impl Store {
    /// Phrases in the state directory.
    pub fn new(state_dir: &Path) -> Self {
        Self(Arc::new(Inner { state_dir: state_dir.to_owned(), files: Mutex::default() }))
    }

    /// An account's phrases; if it has stored none, a set to begin with in `language`.
    ///
    /// # Errors
    /// A file that is there and cannot be read: a set to begin with would be taken for the person's own, and kept in its place.
    pub async fn of(&self, account: &str, language: Language) -> Result<Phrases, PhrasesError> {
        let path = self.path(account);
        let written = self.files().get(&path).cloned();
        if let Some(file) = written {
            file.flush().await;
        }
        let read = tokio::task::spawn_blocking(move || match disk::read(&path) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| PhrasesError::Read(error.into())),
            Err(error) if error.is_absent() => Ok(starter(language)),
            Err(error) => Err(PhrasesError::Read(error.into())),
        });
        read.await.unwrap_or_else(|error| Err(PhrasesError::Read(error.into())))
    }

    /// Replaces an account's phrases.
    ///
    /// # Errors
    /// Phrases beyond the bounds; a disk that cannot be written.
    pub async fn keep(&self, account: &str, phrases: &Phrases) -> Result<(), PhrasesError> {
        check(phrases)?;
        let path = self.path(account);
        let json =
            serde_json::to_vec(phrases).map_err(|error| PhrasesError::Write(Arc::new(error.into())))?;
        if json.len() > LARGEST {
            return Err(PhrasesError::Range(format!(
                "all phrases together take at most {} KiB",
                LARGEST / 1024
            )));
        }
        let pending = {
            let mut files = self.files();
            let file = files.entry(path.clone()).or_insert_with(|| {
                Persisted::new("an account's list of phrases", path, |json: &Vec<u8>| Ok(Some(json.clone())))
            });
            file.set(json)
        };
        pending.written().await.map_err(PhrasesError::Write)
    }

    fn files(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Persisted<Vec<u8>>>> {
        self.0.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A name of letters and digits, whatever the account's is made of.
    fn path(&self, account: &str) -> PathBuf {
        use std::fmt::Write as _;
        let mut name = String::from("phrases-");
        for byte in Sha256::digest(account.as_bytes()).iter().take(16) {
            // Writing into a String cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        self.0.state_dir.join(name + ".json")
    }
}

fn check(phrases: &Phrases) -> Result<(), PhrasesError> {
    let wrong = |what: String| Err(PhrasesError::Range(what));
    if phrases.categories.len() > MOST_CATEGORIES {
        return wrong(format!("there may be at most {MOST_CATEGORIES} categories"));
    }
    for category in &phrases.categories {
        if !fits(&category.name, LONGEST_NAME) {
            return wrong(format!(
                "a category's name must have 1 to {LONGEST_NAME} characters, none of them a control character"
            ));
        }
        if category.phrases.len() > MOST_PHRASES {
            return wrong(format!("a category may have at most {MOST_PHRASES} phrases"));
        }
        if !category.phrases.iter().all(|phrase| fits(&phrase.text, LONGEST_PHRASE)) {
            return wrong(format!(
                "a phrase must have 1 to {LONGEST_PHRASE} characters, none of them a control character"
            ));
        }
    }
    Ok(())
}

fn fits(text: &str, longest: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= longest && !text.chars().any(char::is_control)
}

/// The set to begin with.
fn starter(language: Language) -> Phrases {
    let category = |&(name, phrases): &(&str, &[&str])| PhraseCategory {
        name: name.to_owned(),
        phrases: phrases.iter().map(|text| Phrase { text: (*text).to_owned(), language }).collect(),
    };
    let set = match language {
        Language::Ro => &ROMANIAN,
        Language::En => &ENGLISH,
    };
    Phrases { categories: set.iter().map(category).collect() }
}

const ROMANIAN: [(&str, &[&str]); 6] = [
    (
        "Salut",
        &[
            "Bună!",
            "Bună dimineața!",
            "Bună seara!",
            "Ce mai faci?",
            "Îmi pare bine să te văd.",
            "La revedere!",
            "Pe curând!",
        ],
    ),
    (
        "Răspunsuri",
        &[
            "Da.",
            "Nu.",
            "Nu știu.",
            "Poate.",
            "Mulțumesc!",
            "Cu plăcere.",
            "Te rog, mai spune o dată.",
            "Un moment, te rog.",
        ],
    ),
    (
        "Cereri",
        &[
            "Poți să vii puțin?",
            "Deschide ușa, te rog.",
            "Aprinde lumina, te rog.",
            "Stinge lumina, te rog.",
            "Mută scaunul din drum, te rog.",
            "Vreau să vorbim.",
        ],
    ),
    (
        "Despre robot",
        &[
            "Vreau să trec, te rog.",
            "M-am blocat. Mă ajuți?",
            "Pune-mă la încărcat, te rog.",
            "Nu vă speriați, eu conduc robotul.",
        ],
    ),
    ("Cum mă simt", &["Sunt bine.", "Am obosit.", "Mi-e dor de voi.", "Ce frumos!", "Glumesc!"]),
    ("Urgențe", &["Am nevoie de ajutor!", "Vino repede, te rog!", "Sună la 112!", "Nu mă simt bine."]),
];

const ENGLISH: [(&str, &[&str]); 6] = [
    (
        "Greetings",
        &[
            "Hello!",
            "Good morning!",
            "Good evening!",
            "How are you?",
            "It's good to see you.",
            "Goodbye!",
            "See you soon!",
        ],
    ),
    (
        "Answers",
        &[
            "Yes.",
            "No.",
            "I don't know.",
            "Maybe.",
            "Thank you!",
            "You're welcome.",
            "Could you say that again, please?",
            "One moment, please.",
        ],
    ),
    (
        "Requests",
        &[
            "Could you come here for a moment?",
            "Could you open the door, please?",
            "Could you turn the light on, please?",
            "Could you turn the light off, please?",
            "Could you move the chair out of the way, please?",
            "I'd like to talk.",
        ],
    ),
    (
        "About the robot",
        &[
            "Excuse me, could I get past?",
            "I'm stuck. Can you help me?",
            "Could you put me on the charger, please?",
            "Don't be alarmed, I'm driving the robot.",
        ],
    ),
    ("How I feel", &["I'm fine.", "I'm tired.", "I miss you all.", "How lovely!", "I'm joking!"]),
    ("Emergencies", &["I need help!", "Please come quickly!", "Call 112!", "I don't feel well."]),
];

#[cfg(test)]
mod tests {
    use crate::disk::Existing;

    use super::*;

    #[test]
    fn what_everybody_begins_with_keeps_the_bounds_and_is_in_the_letters_of_its_language() {
        for (language, letters) in [(Language::Ro, "ăâîșțĂÂÎȘȚ"), (Language::En, "")] {
            let all = starter(language);
            check(&all).unwrap();
            assert!(all.categories.iter().flat_map(|c| &c.phrases).all(|p| p.language == language));
            let texts =
                all.categories.iter().flat_map(|c| c.phrases.iter().map(|p| &p.text).chain([&c.name]));
            for text in texts {
                assert!(!text.contains(['ş', 'ţ', 'Ş', 'Ţ']), "a cedilla: {text}");
                assert!(text.chars().all(|c| c.is_ascii() || letters.contains(c)), "{text}");
            }
        }
    }

    fn own(name: &str) -> Phrases {
        Phrases { categories: vec![PhraseCategory { name: name.to_owned(), phrases: Vec::new() }] }
    }

    #[tokio::test]
    async fn each_account_has_its_own_whatever_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let accounts = ["ana", "../ana", "/etc/passwd", "ANA", "ana\0", "", &"ș".repeat(1000)];
        for (number, account) in accounts.iter().enumerate() {
            assert_eq!(store.of(account, Language::Ro).await.unwrap(), starter(Language::Ro));
            assert_eq!(store.of(account, Language::En).await.unwrap(), starter(Language::En));
            store.keep(account, &own(&number.to_string())).await.unwrap();
        }
        for (number, account) in accounts.iter().enumerate() {
            assert_eq!(store.of(account, Language::En).await.unwrap(), own(&number.to_string()), "{account}");
        }
        let names = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.count(), accounts.len(), "all below the state directory, and nothing beside them");
    }

    #[tokio::test]
    async fn phrases_are_kept_in_order_although_the_first_request_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let (first, last) = (own("first"), own("last"));
        for _ in 0..20 {
            // Polled once, which sets the value, and dropped.
            tokio::select! {
                biased;
                _ = store.keep("ana", &first) => {}
                () = std::future::ready(()) => {}
            }
            assert_eq!(store.of("ana", Language::Ro).await.unwrap(), first);
            store.keep("ana", &last).await.unwrap();
            assert_eq!(store.of("ana", Language::Ro).await.unwrap(), last);
        }
    }

    #[tokio::test]
    async fn a_damaged_file_is_not_taken_for_none() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        store.keep("ana", &starter(Language::Ro)).await.unwrap();
        disk::write(&store.path("ana"), b"{", Existing::Replace).unwrap();
        let error = store.of("ana", Language::Ro).await.unwrap_err();
        assert!(matches!(error, PhrasesError::Read(_)), "{error}");
        // What the person writes anew is kept.
        store.keep("ana", &starter(Language::Ro)).await.unwrap();
        store.of("ana", Language::Ro).await.unwrap();
    }
}
