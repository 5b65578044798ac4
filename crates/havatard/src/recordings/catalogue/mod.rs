//! The catalogue of recordings: what the disk holds, in memory, and which file grows.
//!
//! A robot that records all day has tens of thousands of files after some months. The folder is therefore read when its own
//! time of change differs, not for every request, and of the files in it only those are looked at that may still
//! change. All of that happens on one thread off the async runtime ([`Offload`]): a disk that hangs holds up the next look,
//! and requests are answered from the last one.
//!
//! What is being written shows by its growth between two looks, on the steady clock. The times in names and on files are the
//! wall clock's, which a robot without a clock battery has wrong until the network tells it.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use havatar_api::Recording;
use tokio::time::{Instant, timeout};

use crate::media::BOTH;
use crate::store::{Offload, Pending};

use super::error::RecordingError;
use super::files::{self, Id, Name};

/// A file that has not changed for this long is not being written to. MediaMTX writes a part five times a second.
const SETTLED_AFTER: Duration = Duration::from_secs(3);
/// A folder that changed this recently may change again within the same tick of its clock.
const FOLDER_TICK: Duration = Duration::from_secs(2);
/// How often all files are looked at while one is to grow and none does: a stalled disk goes on with an old one.
const LOOK_AT_ALL_EVERY: Duration = Duration::from_secs(10);
/// Files beyond this, the oldest, are left out: one of ten minutes, for two years.
const MOST: usize = 100_000;
/// How long a request waits for a look before it is answered from the last one.
const LOOK_WITHIN: Duration = Duration::from_millis(500);
/// The same before there was any: a card that is busy takes its time over a full folder.
const FIRST_LOOK_WITHIN: Duration = Duration::from_secs(20);

/// The catalogue. Clones share it.
#[derive(Clone)]
pub(crate) struct Catalogue {
    inner: Arc<Inner>,
    looks: Offload<Look>,
}

/// A look at the disk.
struct Look {
    directory: PathBuf,
    /// A file is to grow.
    expects_growth: bool,
}

/// What a look cost.
#[derive(Debug, PartialEq, Eq)]
struct Looked {
    folder_read: bool,
    files: usize,
}

#[derive(Default)]
struct Inner {
    known: Mutex<Known>,
}

/// What the last look found.
#[derive(Default)]
struct Known {
    folder: PathBuf,
    /// The folder's own time of change, unless it may change unseen.
    folder_changed: Option<SystemTime>,
    /// The folder was read.
    complete: bool,
    files: BTreeMap<Name, Entry>,
    by_id: HashMap<Id, Name>,
    growing: Option<Growing>,
    all_looked_at: Option<Instant>,
    /// Bytes that are free for recordings; `None` if the disk does not tell.
    free: Option<u64>,
}

/// One file.
#[derive(Debug, Clone)]
struct Entry {
    id: Id,
    size: u64,
    modified: SystemTime,
    /// When it was found, or last seen to change.
    changed_at: Instant,
    /// It may still change, and is looked at.
    open: bool,
    /// It is being written.
    writing: bool,
}

/// The file that grew last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Growing {
    pub(crate) name: Name,
    pub(crate) size: u64,
    pub(crate) at: Instant,
}

impl Catalogue {
    pub(crate) fn new() -> Self {
        let inner = Arc::new(Inner::default());
        let looking = inner.clone();
        let looks =
            Offload::new(move |look: &Look| looking.look(look, Instant::now(), SystemTime::now()).map(drop));
        Self { inner, looks }
    }

    /// Begins a look; its end may be awaited.
    pub(crate) fn look(&self, directory: PathBuf, expects_growth: bool) -> Pending {
        self.looks.set(Look { directory, expects_growth })
    }

    /// Looks, and returns when that is done, or has taken too long and the last look has to do.
    ///
    /// # Errors
    /// The folder cannot be read, or was never.
    pub(crate) async fn refresh(&self, directory: PathBuf) -> Result<(), RecordingError> {
        let folder = directory.join(BOTH);
        let within = if self.inner.known().complete { LOOK_WITHIN } else { FIRST_LOOK_WITHIN };
        let unavailable = |source| RecordingError::Unavailable { path: folder.clone(), source };
        match timeout(within, self.look(directory, false).written()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(unavailable(io::Error::new(error.kind(), error.to_string()))),
            Err(_) if self.inner.known().complete => Ok(()),
            Err(_) => Err(unavailable(io::ErrorKind::TimedOut.into())),
        }
    }

    /// The next recordings, newest first, behind `after`.
    pub(crate) fn page(&self, after: Option<&Name>, count: usize) -> Vec<(Name, Recording)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let known = self.inner.known();
        // An empty file is what a power failure or a full disk leaves of one: no recording.
        let rest = known
            .files
            .range((after.map_or(Unbounded, Excluded), Unbounded))
            .filter(|(_, entry)| entry.size > 0);
        rest.take(count).map(|(name, entry)| (name.clone(), entry.recording(name))).collect()
    }

    /// One recording by its id, and where it is.
    pub(crate) fn find(&self, id: &str) -> Option<(Recording, PathBuf)> {
        let known = self.inner.known();
        let name = known.by_id.get(&Id::parse(id)?)?;
        let entry = known.files.get(name).filter(|entry| entry.size > 0)?;
        Some((entry.recording(name), known.folder.join(name.file())))
    }

    /// Takes over what a file says now. Whether it is being written.
    pub(crate) fn update(&self, id: &str, meta: &Metadata) -> bool {
        let mut known = self.inner.known();
        let name = Id::parse(id).and_then(|id| known.by_id.get(&id).cloned());
        let entry = name.and_then(|name| known.files.get_mut(&name));
        entry.is_some_and(|entry| {
            entry.observe(meta, Instant::now());
            entry.writing
        })
    }

    /// Forgets a file that was deleted.
    pub(crate) fn forget(&self, id: &str) {
        let mut known = self.inner.known();
        if let Some(name) = Id::parse(id).and_then(|id| known.by_id.remove(&id)) {
            known.files.remove(&name);
        }
    }

    /// The file that grew last.
    pub(crate) fn growing(&self) -> Option<Growing> {
        self.inner.known().growing.clone()
    }

    /// Bytes that are free for recordings, as of the last look.
    pub(crate) fn free(&self) -> Option<u64> {
        self.inner.known().free
    }
}

impl Inner {
    /// Blocks on the disk, with no lock held meanwhile.
    fn look(&self, look: &Look, now: Instant, wall: SystemTime) -> io::Result<Looked> {
        let free = files::free_space(&look.directory);
        let folder = look.directory.join(BOTH);
        let changed = match fs::metadata(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            meta => Some(meta?.modified()?),
        };
        let (names, to_look_at) = {
            let mut known = self.known();
            known.free = free;
            if known.folder != folder {
                *known = Known { folder: folder.clone(), free, ..Known::default() };
            }
            let unchanged = known.complete && changed == known.folder_changed;
            let names = (!unchanged).then(|| known.files.keys().cloned().collect::<Vec<Name>>());
            let stalled = known.growing.as_ref().is_none_or(|growing| now - growing.at >= SETTLED_AFTER);
            let all = look.expects_growth
                && stalled
                && known.all_looked_at.is_none_or(|at| now - at >= LOOK_AT_ALL_EVERY);
            if all {
                known.all_looked_at = Some(now);
            }
            let last = known.growing.as_ref().map(|growing| &growing.name);
            let may_change = |(name, entry): (&Name, &Entry)| {
                (all || entry.open || last == Some(name)).then(|| name.clone())
            };
            (names, known.files.iter().filter_map(may_change).collect::<Vec<Name>>())
        };
        let present = match (names, changed) {
            (None, _) => None,
            (Some(_), None) => Some(Vec::new()),
            (Some(former), Some(_)) => Some(read_folder(&folder, &former)?),
        };
        let stat = |name: Name| {
            let meta = fs::symlink_metadata(folder.join(name.file())).ok().filter(Metadata::is_file);
            (name, meta)
        };
        let again: Vec<_> = to_look_at.into_iter().map(stat).collect();
        let looked = Looked { folder_read: present.is_some(), files: again.len() };
        let mut known = self.known();
        if known.folder != folder {
            return Ok(looked);
        }
        for (name, meta) in again {
            match meta {
                Some(meta) => known.observe(name, &meta, now),
                None => known.remove(&name),
            }
        }
        if let Some(present) = present {
            known.replace(present, now, wall);
            let settled = |at: SystemTime| wall.duration_since(at).is_ok_and(|age| age >= FOLDER_TICK);
            known.folder_changed = changed.filter(|at| settled(*at));
            known.complete = true;
        }
        Ok(looked)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Consistent between any two statements but for the two maps, and a look puts those right.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file of the folder: one that was known, or a new one with what it says.
enum Present {
    Former(Name),
    New(Name, Metadata),
}

/// Links are not followed: one that was planted here must not lead out of the directory.
fn read_folder(folder: &Path, former: &[Name]) -> io::Result<Vec<Present>> {
    let mut present = Vec::with_capacity(former.len());
    for entry in fs::read_dir(folder)? {
        let Ok(file) = entry?.file_name().into_string() else { continue };
        let Some(name) = Name::parse(&file) else { continue };
        if former.binary_search(&name).is_ok() {
            present.push(Present::Former(name));
        } else if let Some(meta) = fs::symlink_metadata(folder.join(&file)).ok().filter(Metadata::is_file) {
            present.push(Present::New(name, meta));
        }
    }
    Ok(present)
}

impl Known {
    /// Makes these the files of the folder.
    fn replace(&mut self, present: Vec<Present>, now: Instant, wall: SystemTime) {
        let mut former = std::mem::take(&mut self.files);
        for file in present {
            match file {
                Present::Former(name) => {
                    if let Some(entry) = former.remove(&name) {
                        self.files.insert(name, entry);
                    }
                }
                Present::New(name, meta) => {
                    let Ok(modified) = meta.modified() else { continue };
                    // Its time tells whether it is in use only if the clock was not set since; one in the future is a clock
                    // that was. The next looks will tell.
                    let writing = wall.duration_since(modified).map_or(true, |age| age < SETTLED_AFTER);
                    if writing && self.complete && meta.len() > 0 {
                        // It has grown from nothing since the last look.
                        self.growing = Some(Growing { name: name.clone(), size: meta.len(), at: now });
                    }
                    let entry = Entry {
                        id: name.id(),
                        size: meta.len(),
                        modified,
                        changed_at: now,
                        open: writing || self.complete,
                        writing,
                    };
                    self.by_id.insert(entry.id, name.clone());
                    self.files.insert(name, entry);
                }
            }
        }
        for entry in former.values() {
            self.by_id.remove(&entry.id);
        }
        while self.files.len() > MOST
            && let Some((_, oldest)) = self.files.pop_last()
        {
            self.by_id.remove(&oldest.id);
        }
    }

    fn observe(&mut self, name: Name, meta: &Metadata, now: Instant) {
        if let Some(entry) = self.files.get_mut(&name)
            && entry.observe(meta, now)
        {
            self.growing = Some(Growing { name, size: meta.len(), at: now });
        }
    }

    fn remove(&mut self, name: &Name) {
        if let Some(entry) = self.files.remove(name) {
            self.by_id.remove(&entry.id);
        }
    }
}

impl Entry {
    /// Takes over what the file says now. Whether it has grown.
    fn observe(&mut self, meta: &Metadata, now: Instant) -> bool {
        let modified = meta.modified().unwrap_or(self.modified);
        let before = self.size;
        if (self.size, self.modified) != (meta.len(), modified) {
            (self.size, self.modified, self.changed_at) = (meta.len(), modified, now);
            (self.open, self.writing) = (true, true);
        } else if now - self.changed_at >= SETTLED_AFTER {
            (self.open, self.writing) = (false, false);
        }
        self.size > before
    }

    fn recording(&self, name: &Name) -> Recording {
        name.recording(self.id, self.size, self.modified, self.writing)
    }
}
