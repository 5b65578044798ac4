//! Finds out whether a socket belongs to a supervised process.
//!
//! A socket is named by its inode, as `/proc/net/tcp` lists it. What counts is the descent from a process that this
//! program started: a process can change its environment, its group and its name, but not its parent.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// Whether one of these processes, or a descendant of one, has the socket open.
pub(crate) fn is_held_by(roots: &[u32], inode: u64) -> bool {
    let wanted = format!("socket:[{inode}]");
    // The programs themselves come first: only a wrapper script has children.
    roots.iter().any(|pid| has_open(*pid, &wanted))
        || descendants(roots, &parents()).iter().any(|pid| has_open(*pid, &wanted))
}

fn has_open(pid: u32, target: &str) -> bool {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    descriptors
        .flatten()
        .any(|entry| fs::read_link(entry.path()).is_ok_and(|link| link.as_path() == Path::new(target)))
}

/// The parent of each process.
fn parents() -> HashMap<u32, u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return HashMap::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| Some((pid, parent(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?)))
        .collect()
}

/// The parent in a line of `/proc/PID/stat`. The name before it is in brackets and may hold anything, brackets too.
fn parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn descendants(roots: &[u32], parents: &HashMap<u32, u32>) -> Vec<u32> {
    let mut found = Vec::new();
    let mut next = roots.to_vec();
    while let Some(parent) = next.pop() {
        for (child, _) in parents.iter().filter(|(_, its)| **its == parent) {
            // A pid that was reused while the table was read could close a circle.
            if !found.contains(child) && !roots.contains(child) {
                found.push(*child);
                next.push(*child);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_read_behind_any_name() {
        assert_eq!(parent("12 (ffmpeg) S 7 12 12"), Some(7));
        assert_eq!(parent("12 (a) S 1 (b)) R 7 12 12"), Some(7));
        assert_eq!(parent("12"), None);
    }

    #[test]
    fn descendants_are_found_at_any_depth_and_circles_end() {
        let parents = HashMap::from([(2, 1), (3, 2), (4, 3), (9, 8), (8, 9), (5, 1)]);
        let mut found = descendants(&[2], &parents);
        found.sort_unstable();
        assert_eq!(found, [3, 4]);
        assert_eq!(descendants(&[8], &parents), [9]);
        assert!(descendants(&[7], &parents).is_empty());
    }
}
