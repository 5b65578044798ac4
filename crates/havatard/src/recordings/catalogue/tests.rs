//! The catalogue over a folder of its own, with clocks of its own.

use std::fs::File;
use std::io::Write as _;

use super::*;

struct Disk {
    dir: tempfile::TempDir,
    inner: Inner,
    now: Instant,
    wall: SystemTime,
}

impl Disk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(BOTH)).unwrap();
        Self { dir, inner: Inner::default(), now: Instant::now(), wall: SystemTime::now() }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(BOTH).join(file)
    }

    /// Appends a byte; the file then says that it changed at that time.
    fn write(&self, file: &str, modified: SystemTime) {
        let mut open = File::options().create(true).append(true).open(self.path(file)).unwrap();
        open.write_all(b"x").unwrap();
        open.set_modified(modified).unwrap();
    }

    fn old(&self, file: &str) {
        self.write(file, self.wall - Duration::from_hours(1));
    }

    fn look(&mut self, after: Duration) -> Looked {
        self.now += after;
        let look = Look { directory: self.dir.path().to_owned(), expects_growth: true };
        self.inner.look(&look, self.now, self.wall).unwrap()
    }

    fn growing(&self) -> Option<(String, Duration)> {
        let known = self.inner.known();
        known.growing.as_ref().map(|growing| (growing.name.file().to_owned(), self.now - growing.at))
    }

    fn writing(&self) -> Vec<String> {
        let known = self.inner.known();
        let writing = known.files.iter().filter(|(_, entry)| entry.writing);
        writing.map(|(name, _)| name.file().to_owned()).collect()
    }
}

const A: &str = "2026-11-23_07-54-34-000001.mp4";
const B: &str = "2026-11-23_07-54-34-000002.mp4";
const TICK: Duration = Duration::from_millis(500);

#[test]
fn the_file_that_grows_is_found_whatever_the_clock_says() {
    let years = Duration::from_hours(10 * 365 * 24);
    for clock in [SystemTime::now() - years, SystemTime::now(), SystemTime::now() + years] {
        let mut disk = Disk::new();
        // What an earlier run recorded, by the right clock and by one that was far ahead.
        disk.old(A);
        disk.write("2099-01-01_00-00-00-000000.mp4", SystemTime::now() + years);
        disk.look(Duration::ZERO);
        assert_eq!(disk.growing(), None, "what merely exists proves nothing");
        let new = "1970-01-01_00-00-10-000000.mp4";
        disk.write(new, clock);
        disk.look(TICK);
        for _ in 0..10 {
            disk.write(new, clock);
            disk.look(TICK);
            assert_eq!(disk.growing(), Some((new.to_owned(), Duration::ZERO)), "{clock:?}");
        }
        assert_eq!(disk.writing(), [new]);
        disk.look(SETTLED_AFTER);
        assert_eq!(disk.growing(), Some((new.to_owned(), SETTLED_AFTER)), "and it does not any more");
        assert_eq!(disk.writing(), [""; 0]);
    }
}

#[test]
fn a_file_that_goes_on_after_a_stall_grows_again() {
    let mut disk = Disk::new();
    disk.look(Duration::ZERO);
    disk.write(A, disk.wall);
    disk.look(TICK);
    assert_eq!(disk.growing(), Some((A.to_owned(), Duration::ZERO)), "from nothing");
    disk.look(Duration::from_mins(1));
    assert_eq!(disk.writing(), [""; 0]);
    disk.old(A);
    disk.look(TICK);
    assert_eq!(disk.growing(), Some((A.to_owned(), Duration::ZERO)), "the one that grew last");
    disk.write(B, disk.wall);
    disk.look(TICK);
    disk.look(Duration::from_mins(1));
    disk.old(A);
    disk.look(LOOK_AT_ALL_EVERY);
    assert_eq!(disk.growing(), Some((A.to_owned(), Duration::ZERO)), "another one");
}

#[test]
fn what_comes_and_goes_is_noticed_and_links_lead_nowhere() {
    let mut disk = Disk::new();
    disk.old(A);
    std::os::unix::fs::symlink("/etc/passwd", disk.path(B)).unwrap();
    disk.look(Duration::ZERO);
    let files = |disk: &Disk| {
        let known = disk.inner.known();
        assert_eq!(known.files.len(), known.by_id.len());
        known.files.keys().map(|name| name.file().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(files(&disk), [A]);
    fs::remove_file(disk.path(B)).unwrap();
    disk.old(B);
    disk.look(TICK);
    assert_eq!(files(&disk), [B, A]);
    fs::remove_file(disk.path(A)).unwrap();
    disk.look(TICK);
    assert_eq!(files(&disk), [B]);
    fs::remove_dir_all(disk.dir.path().join(BOTH)).unwrap();
    disk.look(TICK);
    assert_eq!(files(&disk), [""; 0]);
}

#[tokio::test]
async fn pages_go_through_all_newest_first_and_an_id_leads_to_its_file_alone() {
    let disk = Disk::new();
    for second in 0..50 {
        disk.old(&format!("2026-11-23_07-54-{second:02}-000000.mp4"));
    }
    let catalogue = Catalogue::new();
    catalogue.refresh(disk.dir.path().to_owned()).await.unwrap();
    let (mut all, mut last) = (Vec::new(), None);
    loop {
        let page = catalogue.page(last.as_ref(), 7);
        let Some((name, _)) = page.last() else { break };
        last = Some(name.clone());
        all.extend(page.into_iter().map(|(_, recording)| recording));
    }
    assert_eq!(all.len(), 50);
    assert!(all.is_sorted_by(|a, b| a.started_at > b.started_at));
    let wanted = all[20].clone();
    let (found, path) = catalogue.find(&wanted.id).unwrap();
    assert_eq!((&found, path), (&wanted, disk.path(&wanted.file)));
    catalogue.forget(&wanted.id);
    assert_eq!(catalogue.find(&wanted.id), None);
    assert_eq!(catalogue.find("../havatar"), None);
    let nowhere = catalogue.refresh(disk.path("no/such")).await;
    assert!(nowhere.is_ok() && catalogue.page(None, 9).is_empty(), "nothing was ever recorded there");
}

/// Thirty thousand files: read once, then neither listed nor looked at for a request.
#[test]
fn a_full_folder_is_read_once() {
    let mut disk = Disk::new();
    for number in 0..30_000_u32 {
        let (hour, minute, second) = (number / 3600, number / 60 % 60, number % 60);
        File::create(disk.path(&format!("2026-11-23_{hour:02}-{minute:02}-{second:02}-000000.mp4"))).unwrap();
    }
    // All are new, and settle; then the folder's own time is old enough to be believed.
    disk.wall += Duration::from_mins(1);
    disk.look(Duration::ZERO);
    disk.look(SETTLED_AFTER);
    assert_eq!(disk.writing().len(), 0);
    assert_eq!(disk.inner.known().files.len(), 30_000);
    disk.inner.known().all_looked_at = Some(disk.now);
    assert_eq!(disk.look(TICK), Looked { folder_read: false, files: 0 });
    disk.inner.known().growing = None;
    disk.wall += Duration::from_mins(1);
    disk.old("2027-01-01_00-00-00-000000.mp4");
    assert_eq!(disk.look(TICK), Looked { folder_read: true, files: 0 });
    assert_eq!(disk.look(TICK), Looked { folder_read: false, files: 1 }, "the one that may grow");
    assert_eq!(disk.inner.known().files.len(), 30_001);
}
