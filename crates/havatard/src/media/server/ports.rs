//! Who holds a port: so that an error can name the program instead of a number.

use std::fs;

/// The program that holds a local port, as `nginx (pid 812)`, where it can be seen: another user's processes
/// show only with privilege.
pub(crate) fn holder(port: u16, udp: bool) -> Option<String> {
    let (pid, name) = holder_pid(port, udp)?;
    Some(format!("{name} (pid {pid})"))
}

/// The process id and name behind [`holder`].
pub(crate) fn holder_pid(port: u16, udp: bool) -> Option<(i32, String)> {
    let tables = if udp { ["/proc/net/udp", "/proc/net/udp6"] } else { ["/proc/net/tcp", "/proc/net/tcp6"] };
    let inodes: Vec<u64> = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| table.lines().skip(1).filter_map(|line| inode(line, port, udp)).collect::<Vec<_>>())
        .collect();
    if inodes.is_empty() {
        return None;
    }
    let links: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let Ok(fds) = fs::read_dir(entry.path().join("fd")) else { continue };
        let holds = fds.flatten().any(|fd| {
            fs::read_link(fd.path())
                .is_ok_and(|target| links.iter().any(|link| target.as_os_str() == link.as_str()))
        });
        if holds {
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            return Some((pid, name.trim().to_owned()));
        }
    }
    None
}

/// The inode of a line of /proc/net/{tcp,udp} if it is a listener on `port`.
fn inode(line: &str, port: u16, udp: bool) -> Option<u64> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let local = fields.next()?;
    let state = fields.nth(1)?;
    let inode = fields.nth(5)?;
    let hex = local.rsplit_once(':')?.1;
    let listening = if udp { state == "07" } else { state == "0A" };
    (listening && u16::from_str_radix(hex, 16).ok()? == port).then(|| inode.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_this_test_as_the_holder_of_its_own_listener() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(
            holder_pid(address.port(), false).map(|(pid, _)| pid),
            i32::try_from(std::process::id()).ok()
        );
        drop(listener);
        assert_eq!(holder(address.port(), false), None);

        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        assert!(holder(address.port(), true).is_some());
    }
}
