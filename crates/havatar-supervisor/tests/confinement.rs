//! What a confined program can and cannot do, by the real kernel.

mod support;

use std::net::TcpListener;
use std::path::Path;

use havatar_supervisor::{
    Command, Confinement, ConfinementReport, Network, Options, Pipeline, RunOutput, Spawner,
};

use support::{PATIENCE, eventually, sh, spawner, start};

/// The folders that every program needs.
fn system() -> Vec<std::path::PathBuf> {
    ["/usr", "/lib", "/lib64", "/bin", "/etc", "/proc"].map(Into::into).into()
}

fn confined(command: Command, confinement: Confinement) -> Command {
    Command { confinement: Some(confinement), ..command }
}

fn devices() -> Vec<std::path::PathBuf> {
    vec!["/dev/null".into()]
}

/// Runs a script and returns its output; the report of the same launch is the spawner's.
async fn run(spawner: &Spawner, command: Command) -> RunOutput {
    spawner.run_once(command, PATIENCE, 4096).await.expect("it runs")
}

fn report(spawner: &Spawner, name: &str) -> ConfinementReport {
    spawner.confinement(name).remove(0)
}

/// Whether this kernel has all of the means. What it lacks is said, and the test shows less.
#[expect(clippy::print_stderr, reason = "what is not shown is for the reader of the test's output")]
fn is_whole(report: &ConfinementReport) -> bool {
    if let Some(missing) = &report.missing {
        eprintln!("NOT SHOWN: the whole confinement: {missing}");
    }
    report.missing.is_none()
}

#[tokio::test]
async fn files_are_what_was_allowed_and_nothing_else() {
    let spawner = spawner("files");
    let dir = tempfile::tempdir().expect("a folder");
    for name in ["read", "write", "secret"] {
        std::fs::create_dir(dir.path().join(name)).expect("a folder");
        std::fs::write(dir.path().join(name).join("file"), format!("the {name} file\n")).expect("a file");
    }
    let script = "cd /; for it in read write secret; do cat $0/$it/file; echo x 2>/dev/null >$0/$it/new && echo made $it; done; sh -c \"cat $0/secret/file\"; ls $0/secret; true";
    let command = sh(script).arg(dir.path());
    let allowed = Confinement {
        read: system().into_iter().chain([dir.path().join("read")]).collect(),
        write: vec![dir.path().join("write")],
        devices: devices(),
        ..Confinement::default()
    };
    let open = run(&spawner, command.clone()).await;
    assert!(open.stdout.contains("the secret file") && open.stdout.contains("made secret"), "{open:?}");
    assert!(report(&spawner, "sh").missing.is_some_and(|why| why.contains("switched off")));
    let output = run(&spawner, confined(command, allowed)).await;
    if !is_whole(&report(&spawner, "sh")) {
        return;
    }
    assert!(
        output.stdout.contains("the read file") && output.stdout.contains("the write file"),
        "{output:?}"
    );
    assert!(output.stdout.contains("made write") && !output.stdout.contains("made read"), "{output:?}");
    assert!(!output.stdout.contains("secret"), "{output:?}");
    assert!(output.stderr.contains("Permission denied"), "{output:?}");
}

#[tokio::test]
async fn sockets_are_of_the_kind_and_port_that_was_allowed() {
    let spawner = spawner("sockets");
    let listeners: Vec<TcpListener> =
        (0..2).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    let [open, closed] = [0, 1].map(|at: usize| listeners[at].local_addr().expect("an address").port());
    let script = format!(
        "for port in {open} {closed}; do (exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null && echo tcp $port; done; \
         (exec 3<>/dev/udp/127.0.0.1/{open}) 2>/dev/null && echo udp; true"
    );
    let command = Command::new("/bin/bash").arg("-c").arg(script);
    let with =
        |network| Confinement { read: system(), devices: devices(), network, ..Confinement::default() };
    for (network, wanted) in [
        (Network::Any, format!("tcp {open}\ntcp {closed}\nudp\n")),
        (Network::Tcp(vec![open]), format!("tcp {open}\n")),
        (Network::Nothing, String::new()),
    ] {
        let output = run(&spawner, confined(command.clone(), with(network.clone()))).await;
        if !is_whole(&report(&spawner, "bash")) {
            return;
        }
        assert_eq!(output.stdout, wanted, "{network:?}: {output:?}");
    }
}

#[tokio::test]
async fn other_processes_and_namespaces_are_out_of_reach() {
    let spawner = spawner("reach");
    let outside = std::process::id();
    let script = format!(
        "kill -0 {outside} && echo signalled; cat /proc/{outside}/environ >/dev/null && echo looked; \
         unshare -Ur true && echo unshared; grep NoNewPrivs /proc/self/status; grep '^Seccomp:' /proc/self/status; \
         sleep 60 & kill $! && echo its own"
    );
    let free = run(&spawner, sh(&script)).await;
    assert!(free.stdout.contains("signalled") && free.stdout.contains("looked"), "{free:?}");
    let confinement = Confinement { read: system(), devices: devices(), ..Confinement::default() };
    let output = run(&spawner, confined(sh(&script), confinement)).await;
    let report = report(&spawner, "sh");
    assert!(report.no_new_privileges && output.stdout.contains("NoNewPrivs:\t1"), "{report:?} {output:?}");
    if !is_whole(&report) {
        return;
    }
    assert!(output.stdout.contains("Seccomp:\t2") && output.stdout.contains("its own"), "{output:?}");
    for reached in ["signalled", "looked", "unshared"] {
        assert!(!output.stdout.contains(reached), "{reached}: {output:?}");
    }
}

#[tokio::test]
async fn a_path_that_is_not_there_and_a_missing_program_are_no_trouble_of_the_confinement() {
    let spawner = spawner("absent");
    let confinement = Confinement {
        read: system().into_iter().chain(["/nowhere/at/all".into()]).collect(),
        ..Confinement::default()
    };
    let output = run(&spawner, confined(sh("echo here"), confinement.clone())).await;
    assert_eq!(output.stdout, "here\n", "{output:?}");
    let missing =
        spawner.run_once(confined(Command::new("/nowhere/program"), confinement), PATIENCE, 10).await;
    let error = missing.expect_err("there is no such program");
    let source = std::error::Error::source(&error).expect("a source").to_string();
    assert!(source.contains("No such file"), "{source}");
}

#[tokio::test]
async fn a_supervised_pipeline_is_reported_stage_by_stage_and_stops_as_ever() {
    let spawner = spawner("stages");
    let confinement = Confinement { read: system(), devices: devices(), ..Confinement::default() };
    let stages = vec![confined(Command::new("sleep").arg("1000"), confinement), Command::new("cat")];
    let process = start(&spawner, Options::default(), Pipeline { stages });
    eventually("it is reported", || process.confinement().len() == 2).await;
    let reports = process.confinement();
    assert_eq!([&*reports[0].program, &*reports[1].program], ["sleep", "cat"]);
    assert!(reports[0].no_new_privileges && !reports[1].no_new_privileges, "{reports:?}");
    process.stop().await.expect("it stops");
    support::nothing_left(&spawner).await;
}

#[tokio::test]
async fn a_socket_is_known_by_its_process() {
    let spawner = spawner("holder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    // The connection is held by a grandchild, as behind a wrapper script.
    let script = format!("bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; sleep 1000' & wait");
    let process = start(&spawner, Options::default(), sh(&script));
    listener.set_nonblocking(false).expect("it blocks");
    let (_held, from) =
        tokio::task::spawn_blocking(move || listener.accept()).await.expect("no panic").expect("a peer");
    let mut inode = 0;
    // Where sockets come and go, the kernel may leave one out between two parts of its table.
    eventually("the connection is in the kernel's table", || {
        inode = inode_of(from.port(), port).unwrap_or_default();
        inode != 0
    })
    .await;
    // The shell moves the socket to its descriptor after it has connected.
    eventually("it is known", || spawner.owns_socket("it", inode)).await;
    assert!(!spawner.owns_socket("other", inode));
    assert!(!spawner.owns_socket("it", inode ^ 1));
    process.stop().await.expect("it stops");
    assert!(!spawner.owns_socket("it", inode));
}

#[tokio::test]
async fn a_socket_of_a_helper_is_known_by_the_name_it_was_started_under() {
    let spawner = spawner("named-helper");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let script = format!("exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; echo open; sleep 1000'");
    let started = spawner.stream_output_as("test/reader", sh(&script).into(), &[]).await;
    let mut output = started.expect("it starts");
    let (_held, from) =
        tokio::task::spawn_blocking(move || listener.accept()).await.expect("no panic").expect("a peer");
    output.read(&mut [0; 8]).await.expect("it is open");
    let mut inode = 0;
    eventually("the connection is in the kernel's table", || {
        inode = inode_of(from.port(), port).unwrap_or_default();
        inode != 0
    })
    .await;
    assert!(spawner.helper_owns_socket("test/reader", inode));
    assert!(!spawner.helper_owns_socket("test/reader", inode ^ 1));
    for other in ["test", "test/", "bash", "sh"] {
        assert!(!spawner.helper_owns_socket(other, inode), "{other}");
    }
    assert!(!spawner.owns_socket("test/reader", inode), "a supervised process is another thing");
    output.finish(std::time::Duration::ZERO).await;
    assert!(!spawner.helper_owns_socket("test/reader", inode));
}

/// The socket that is connected from one port of this machine to another.
fn inode_of(local: u16, remote: u16) -> Option<u64> {
    let table = std::fs::read_to_string(Path::new("/proc/net/tcp")).ok()?;
    let ends = [format!(":{local:04X}"), format!(":{remote:04X}")];
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let connected = fields.get(1)?.ends_with(&ends[0]) && fields.get(2)?.ends_with(&ends[1]);
        connected.then(|| fields.get(9)?.parse().ok()).flatten()
    })
}
