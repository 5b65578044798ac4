//! Tests of the black box: what survives crashes, full disks and slow readers.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::mpsc::{Receiver, Sender};

use futures_util::TryStreamExt as _;
use nix::errno::Errno;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const MOST: u64 = 32 * 1024;

fn lines(black_box: &BlackBox, since: Option<u64>) -> Vec<Value> {
    let bytes: Vec<Bytes> = runtime().block_on(black_box.read(since).try_collect()).unwrap();
    bytes.concat().split(|&b| b == b'\n').filter(|line| !line.is_empty()).map(parse).collect()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

fn parse(line: &[u8]) -> Value {
    serde_json::from_slice(line).unwrap()
}

/// The `i` of the lines that the tests made.
fn made(lines: &[Value]) -> Vec<u64> {
    lines.iter().filter_map(|line| line["i"].as_u64()).collect()
}

fn numbers(lines: &[Value]) -> Vec<u64> {
    lines.iter().map(|line| line["n"].as_u64().unwrap()).collect()
}

fn rises(numbers: &[u64]) -> bool {
    numbers.is_sorted_by(|one, next| one < next)
}

fn bytes_in(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let sizes = entries.map(|entry| entry.unwrap().metadata().unwrap()).filter(fs::Metadata::is_file);
    sizes.map(|meta| meta.len()).sum::<u64>()
        + if dir.ends_with("kept") { 0 } else { bytes_in(&dir.join("kept")) }
}

fn newest_file(dir: &Path) -> PathBuf {
    segments::list(dir).unwrap().last().unwrap().path(dir)
}

/// Waits for something that another thread does.
fn until(what: impl Fn() -> bool) {
    for _ in 0..2000 {
        if what() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("it did not come to pass within ten seconds");
}

/// Says stop when it goes.
struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A disk that writes half and fails, as long as it is told to.
struct Failing(Arc<AtomicBool>);

impl Disk for Failing {
    fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) {
            RealDisk.write(file, &bytes[..bytes.len() / 2])?;
            return Err(Errno::ENOSPC.into());
        }
        RealDisk.write(file, bytes)
    }
}

/// A disk that hangs until it is let go, and says when it begins to.
struct Hanging(Sender<()>, Receiver<()>);

impl Disk for Hanging {
    fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        let _ = self.0.send(());
        let _ = self.1.recv();
        RealDisk.write(file, bytes)
    }
}

/// A disk that remembers how full its directory has been.
struct Measuring(PathBuf, Arc<AtomicU64>);

impl Disk for Measuring {
    fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        let result = RealDisk.write(file, bytes);
        self.1.fetch_max(bytes_in(&self.0), Ordering::Relaxed);
        result
    }
}

#[test]
fn what_was_noted_before_is_read_in_sequence_on_one_clock() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("box");
    let (black_box, writer) = BlackBox::open(&place, 8 * MOST);
    for i in 0..100 {
        black_box.note("test", json!({"i": i}));
    }
    let read = lines(&black_box, None);
    assert_eq!(made(&read), (0..100).collect::<Vec<_>>());
    assert_eq!(numbers(&read), (1..=101).collect::<Vec<_>>());
    assert_eq!(read[0]["kind"], "opened");
    let times: Vec<u64> = read.iter().map(|line| line["t_ms"].as_u64().unwrap()).collect();
    assert!(times.is_sorted());
    assert_eq!(made(&lines(&black_box, Some(99))), [98, 99]);
    assert_eq!(lines(&black_box, Some(101)), Vec::<Value>::new());
    assert_eq!(black_box.failing(), None);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&place), mode(&newest_file(&place))), (0o700, 0o600));
    writer.close();

    let (black_box, _writer) = BlackBox::open(&place, 8 * MOST);
    let read = lines(&black_box, None);
    assert_eq!(numbers(&read), (1..=102).collect::<Vec<_>>(), "numbers go on over restarts");
    assert_ne!(read[0]["boot"], read[101]["boot"]);
    assert_eq!(segments::list(&place).unwrap().len(), 1, "a restart alone begins no file");
}

#[test]
fn a_line_that_a_crash_cut_short_costs_only_itself() {
    let dir = tempfile::tempdir().unwrap();
    let (black_box, writer) = BlackBox::open(dir.path(), MOST);
    for i in 0..3 {
        black_box.note("test", json!({"i": i}));
    }
    writer.close();
    let file = newest_file(dir.path());
    let whole = fs::read(&file).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|&b| b == b'\n').unwrap() + 1;
    for cut in last..whole.len() {
        fs::write(&file, &whole[..cut]).unwrap();
        let (black_box, writer) = BlackBox::open(dir.path(), MOST);
        black_box.note("test", json!({"i": 7}));
        let read = lines(&black_box, None);
        writer.close();
        // All of the line but its end is the line.
        let kept = if cut == whole.len() - 1 { vec![0, 1, 2, 7] } else { vec![0, 1, 7] };
        assert_eq!(made(&read), kept, "cut at {cut}");
        assert!(rises(&numbers(&read)), "cut at {cut}: {read:?}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
    // A page that was never written, and a line that is none of ours.
    let mut torn = whole.clone();
    torn.extend([0; 4096]);
    torn.extend(format!("\n{{\"n\":\"{}\"}}\n[1]", "x".repeat(9000)).bytes());
    fs::write(&file, torn).unwrap();
    let (black_box, writer) = BlackBox::open(dir.path(), 16 * MOST);
    assert_eq!(made(&lines(&black_box, None)), [0, 1, 2]);
    writer.close();
}

#[test]
fn a_slow_disk_never_blocks_and_what_was_dropped_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let ((began, begins), (go, gate)) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
    let (black_box, writer) = BlackBox::open_on(dir.path(), 1 << 30, Hanging(began, gate));
    begins.recv().unwrap();
    // The writer hangs: were it waited for, this would never end.
    for i in 0..10_000 {
        black_box.note("test", json!({"i": i}));
    }
    drop(go);
    let read = lines(&black_box, None);
    let count = |read: &[Value]| read.iter().filter_map(|line| line["count"].as_u64()).sum::<u64>();
    let noted = made(&read);
    assert_eq!(noted, (0..noted.len() as u64).collect::<Vec<_>>(), "the newest are dropped");
    assert!(noted.len() >= QUEUE, "{}", noted.len());
    black_box.note("test", json!({"i": 10_000}));
    let read = lines(&black_box, None);
    assert_eq!(made(&read).len() as u64 + count(&read), 10_001);
    assert!(rises(&numbers(&read)));
    let loss = read.iter().position(|line| line["kind"] == "dropped").unwrap();
    assert_eq!(read[loss - 1]["i"].as_u64(), noted.last().copied(), "it stands where the loss was");
    writer.close();
}

#[test]
fn losses_are_told_even_if_nothing_is_noted_after_them() {
    let dir = tempfile::tempdir().unwrap();
    let (black_box, _writer) = BlackBox::open(dir.path(), MOST);
    black_box.0.status.dropped.fetch_add(5, Ordering::Relaxed);
    until(|| lines(&black_box, None).iter().any(|line| line["count"] == 5));
}

#[test]
fn a_full_disk_is_said_and_outlived_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let full = Arc::new(AtomicBool::new(false));
    let (black_box, writer) = BlackBox::open_on(dir.path(), MOST, Failing(Arc::clone(&full)));
    black_box.note("test", json!({"i": 0}));
    assert_eq!(made(&lines(&black_box, None)), [0]);
    for round in 0..3 {
        full.store(true, Ordering::Relaxed);
        let base = 1 + round * 40;
        for i in base..base + 40 {
            black_box.note("test", json!({"i": i}));
        }
        let read = lines(&black_box, None);
        assert_eq!(made(&read), (0..base + 40).collect::<Vec<_>>(), "they can be read meanwhile");
        assert!(black_box.failing().unwrap().contains("No space left"), "{:?}", black_box.failing());
        full.store(false, Ordering::Relaxed);
        until(|| black_box.failing().is_none());
    }
    writer.close();
    let (black_box, _writer) = BlackBox::open(dir.path(), MOST);
    let read = lines(&black_box, None);
    assert_eq!(made(&read), (0..121).collect::<Vec<_>>(), "nothing lost, nothing twice");
    assert_eq!(numbers(&read), (1..=123).collect::<Vec<_>>());
}

#[test]
fn a_disk_that_is_full_for_long_costs_the_oldest_and_says_how_many() {
    let dir = tempfile::tempdir().unwrap();
    let full = Arc::new(AtomicBool::new(true));
    let (black_box, _writer) = BlackBox::open_on(dir.path(), 1 << 20, Failing(Arc::clone(&full)));
    for i in 0..1500_u64 {
        black_box.note("test", json!({"i": i}));
    }
    let read = lines(&black_box, None);
    assert_eq!(made(&read).len(), 1024);
    assert_eq!(made(&read).last(), Some(&1499));
    full.store(false, Ordering::Relaxed);
    until(|| black_box.failing().is_none());
    let read = lines(&black_box, None);
    let told = read.iter().find(|line| line["why"] == "disk").unwrap();
    // The line of the opening went first.
    assert_eq!(made(&read).len() as u64 + told["count"].as_u64().unwrap(), 1501);
    assert!(rises(&numbers(&read)));
}

#[test]
fn a_place_that_is_no_folder_is_said_and_taken_as_soon_as_it_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("box");
    let elsewhere = dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, &place).unwrap();
    let (black_box, _writer) = BlackBox::open(&place, MOST);
    black_box.note("test", json!({"i": 1}));
    assert_eq!(made(&lines(&black_box, None)), [1]);
    assert!(black_box.failing().is_some());
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0, "a link is not followed");
    fs::remove_file(&place).unwrap();
    until(|| black_box.failing().is_none());
    assert_eq!(made(&lines(&black_box, None)), [1]);
    assert!(newest_file(&place).exists());
}

#[test]
fn files_of_others_are_neither_counted_nor_followed_nor_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let outside = dir.path().join("outside");
    let place = dir.path().join("box");
    fs::create_dir(&place).unwrap();
    fs::write(&outside, "untouched").unwrap();
    fs::write(place.join("notes.txt"), "x".repeat(100_000)).unwrap();
    fs::write(place.join("1.jsonl"), "x").unwrap();
    fs::create_dir(place.join("00000003.jsonl")).unwrap();
    symlink(&outside, place.join("00000002.jsonl")).unwrap();
    // One of ours from a time of a larger ring goes; its last number is taken up.
    fs::write(place.join("00000001.jsonl"), format!("{}\n{{\"n\":41}}\n", "x".repeat(100_000))).unwrap();
    let (black_box, writer) = BlackBox::open(&place, MOST);
    for i in 0..400 {
        black_box.note("test", json!({"i": i, "x": "x".repeat(200)}));
    }
    let read = lines(&black_box, None);
    assert_eq!(made(&read).last(), Some(&399));
    assert!(numbers(&read)[0] > 42, "{read:?}");
    writer.close();
    assert_eq!(fs::read_to_string(&outside).unwrap(), "untouched");
    for (name, there) in [
        ("notes.txt", true),
        ("1.jsonl", true),
        ("00000001.jsonl", false),
        ("00000002.jsonl", true),
        ("00000003.jsonl", true),
    ] {
        assert_eq!(fs::symlink_metadata(place.join(name)).is_ok(), there, "{name}");
    }
    assert!(segments::list(&place).unwrap().iter().map(|segment| segment.bytes).sum::<u64>() <= MOST);
}

#[test]
fn reading_while_the_ring_turns_ends_and_sees_whole_lines_in_sequence() {
    let dir = tempfile::tempdir().unwrap();
    let (black_box, writer) = BlackBox::open(dir.path(), 8 * MOST);
    let stop = AtomicBool::new(false);
    let noted = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let noting = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let i = noted.fetch_add(1, Ordering::Relaxed);
                black_box.note("test", json!({"i": i, "x": "x".repeat(usize::try_from(i % 700).unwrap())}));
            }
        });
        // Also when an assertion below does not hold.
        let _stopping = Stopping(&stop);
        let (mut newest, mut readings) = (0, 0);
        // Until the ring has turned several times.
        while newest < 5000 || readings < 20 {
            let read = numbers(&lines(&black_box, None));
            readings += 1;
            assert!(rises(&read));
            // A ring that turns between two steps of a reader leaves it less, or nothing.
            newest = newest.max(read.last().copied().unwrap_or_default());
        }
        stop.store(true, Ordering::Relaxed);
        noting.join().unwrap();
        let last = numbers(&lines(&black_box, None)).last().copied();
        assert!(last > Some(newest), "once it stands still, the newest is there");
    });
    // A reading that has begun loses what is deleted under it, and nothing else.
    black_box.note("test", json!({"i": 1}));
    let mut reader = Reader::new(dir.path(), black_box.0.snapshot(), None);
    for segment in segments::list(dir.path()).unwrap().iter().take(3) {
        fs::remove_file(segment.path(dir.path())).unwrap();
    }
    let mut rest = Vec::new();
    while let Some(chunk) = reader.next_chunk() {
        rest.extend(chunk.split(|&b| b == b'\n').filter(|line| !line.is_empty()).map(parse));
    }
    assert!(rises(&numbers(&rest)) && !rest.is_empty());
    writer.close();
}

#[test]
fn threads_that_note_at_once_lose_no_line_and_keep_their_own_sequence() {
    let dir = tempfile::tempdir().unwrap();
    let (black_box, _writer) = BlackBox::open(dir.path(), 1 << 24);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let black_box = black_box.clone();
            scope.spawn(move || {
                (0..400).for_each(|i| black_box.note("test", json!({"thread": thread, "i": i})));
            });
        }
    });
    let read = lines(&black_box, None);
    assert_eq!(numbers(&read), (1..=1601).collect::<Vec<_>>());
    for thread in 0..4 {
        let own: Vec<Value> = read.iter().filter(|line| line["thread"] == thread).cloned().collect();
        assert_eq!(made(&own), (0..400).collect::<Vec<_>>());
    }
}

#[test]
fn a_box_that_was_closed_takes_no_more_and_can_still_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let (black_box, writer) = BlackBox::open(dir.path(), MOST);
    black_box.note("test", json!({"i": 1}));
    writer.close();
    black_box.note("test", json!({"i": 2}));
    assert_eq!(made(&lines(&black_box, None)), [1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Never more bytes than allowed, at no moment, over restarts and other sizes of the ring; and not much less.
    #[test]
    fn the_ring_keeps_its_bound(
        runs in prop::collection::vec((MOST..6 * MOST, prop::collection::vec(0..2000_usize, 1..160)), 1..4)
    ) {
        let dir = tempfile::tempdir().unwrap();
        for (most, sizes) in runs {
            let fullest = Arc::new(AtomicU64::new(0));
            let disk = Measuring(dir.path().to_owned(), Arc::clone(&fullest));
            let (black_box, writer) = BlackBox::open_on(dir.path(), most, disk);
            for (i, size) in sizes.iter().enumerate() {
                black_box.note("test", json!({"i": i, "x": "x".repeat(*size)}));
            }
            let read = lines(&black_box, None);
            writer.close();
            prop_assert!(rises(&numbers(&read)));
            prop_assert_eq!(numbers(&read).last().unwrap() - numbers(&read)[0] + 1, read.len() as u64);
            prop_assert_eq!(read.last().unwrap()["i"].as_u64(), Some(sizes.len() as u64 - 1));
            let fullest = fullest.load(Ordering::Relaxed);
            prop_assert!(fullest > 0 && fullest <= most, "{} of {}", fullest, most);
            let last = *numbers(&read).last().unwrap();
            prop_assert!(read.len() as u64 == last || bytes_in(dir.path()) * 2 >= MOST, "lines deleted too early");
        }
    }
}

#[test]
fn leases_and_e_stops_outlive_a_flood_of_other_lines() {
    let dir = tempfile::tempdir().unwrap();
    let (black_box, writer) = BlackBox::open(dir.path(), 8 * MOST);
    black_box.note("lease", json!({"i": 1, "what": "granted"}));
    black_box.note("estop", json!({"i": 2, "what": "latched"}));
    let filler = "x".repeat(1000);
    for turn in 0..1000 {
        black_box.note("test", json!({"filler": filler}));
        if turn % 100 == 0 {
            // The queue is bounded: what comes too fast is dropped, and counted.
            until(|| black_box.0.status.waiting.load(Ordering::Relaxed) == 0);
        }
    }
    black_box.note("lease", json!({"i": 3, "what": "released"}));
    let read = lines(&black_box, None);
    assert_eq!(made(&read), [1, 2, 3], "the first two are long gone from the ring of all lines");
    assert!(rises(&numbers(&read)), "{:?}", numbers(&read));
    let first = read[1]["n"].as_u64().unwrap();
    assert_eq!(made(&lines(&black_box, Some(first))), [3], "from a number on as well");
    writer.close();
    assert!(bytes_in(dir.path()) <= 8 * MOST);
    // And a restart.
    let (black_box, writer) = BlackBox::open(dir.path(), 8 * MOST);
    black_box.note("estop", json!({"i": 4, "what": "released"}));
    let read = lines(&black_box, None);
    assert_eq!(made(&read), [1, 2, 3, 4]);
    assert!(rises(&numbers(&read)), "{:?}", numbers(&read));
    writer.close();
}
