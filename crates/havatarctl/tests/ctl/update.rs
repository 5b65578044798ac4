//! Updates, with a dpkg, an apt and a systemd that do what a test wants.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::json;

use crate::run::{Ran, bare, run, without_root};

/// A machine on which 1.0 is installed and proven, and a package of another version.
struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    /// `None` without root's rights, which an update asks for.
    fn new(version: &str) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            eprintln!("NOT TESTED: an update needs root");
            return None;
        }
        let machine = Self { dir: tempfile::tempdir().unwrap() };
        machine.put("havatar.deb", "");
        machine.put("name", "havatar");
        machine.put("architecture", "arm64");
        machine.put("version", version);
        machine.put("installed", "1.0");
        machine.put("versions/good/version", "1.0");
        machine.put("service", "active");
        machine.put("watcher", "inactive");
        fs::create_dir(machine.dir.path().join("bin")).unwrap();
        // Nothing of this machine's own but this: the fakes are made of the shell alone.
        symlink("/bin/rm", machine.dir.path().join("bin/rm")).unwrap();
        machine.program(
            "dpkg-deb",
            "get name; echo \"Package: $it\"\n\
             get version; echo \"Version: $it\"\n\
             get architecture; echo \"Architecture: $it\"",
        );
        machine.program(
            "dpkg",
            "case $1 in\n\
             --print-architecture) echo arm64 ;;\n\
             --compare-versions) [ -e older ] ;;\n\
             *) echo \"dpkg $*\" >>asked; get version; echo $it >installed ;;\n\
             esac",
        );
        machine.program("dpkg-query", "get installed; printf 'installed %s' $it");
        machine.systemctl("");
        machine.program(
            "havatar-rollback",
            "echo \"havatar-rollback $*\" >>asked; rm -f versions/failed; echo 2.0 >versions/good/version",
        );
        Some(machine)
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("{text}\n")).unwrap();
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.dir.path().join("bin").join(name);
        let head = "#!/bin/sh\ncd \"${0%/*}/..\"\nget() { read -r it <\"$1\" || :; }\n";
        fs::write(&path, format!("{head}{text}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }

    /// The systemctl of this machine says what the files `service` and `watcher` do; then this happens.
    fn systemctl(&self, then: &str) {
        let reset = "echo \"systemctl $*\" >>asked; echo inactive >watcher; exit";
        let show = "case $5 in havatard.service) get service; echo $it; exit ;; esac; get watcher; echo $it";
        self.program("systemctl", &format!("[ $1 = show ] || {{ {reset}; }}\n{show}\n{then}"));
    }

    /// The apt of this machine installs the package; then this comes of it.
    fn apt(&self, then: &str) {
        let install = "echo \"apt-get $*\" >>asked; echo words of apt; get version; echo $it >installed";
        self.program("apt-get", &format!("{install}\n{then}"));
    }

    fn update(&self, args: &[&str]) -> Ran {
        let mut command = bare(&["update", "havatar.deb", "--versions-dir", "versions", "--output", "json"]);
        command.args(args).current_dir(self.dir.path()).env("PATH", self.dir.path().join("bin"));
        run(command)
    }

    fn asked(&self) -> String {
        fs::read_to_string(self.dir.path().join("asked")).unwrap_or_default()
    }
}

#[test]
fn a_version_that_stays_up_is_done() {
    let Some(machine) = Machine::new("2.0") else { return };
    machine.apt("echo 2.0 >versions/good/version");
    let ran = machine.update(&[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json(), json!({"from": "1.0", "to": "2.0", "outcome": "good", "runs": "2.0"}));
    assert!(ran.err.contains("Havatar: 1.0 -> 2.0") && ran.err.contains("words of apt"), "{ran:?}");
    let asked = machine.asked();
    assert!(asked.contains("install --yes --no-install-recommends"), "{asked}");
    assert!(asked.contains("--force-confold"), "{asked}");
    assert!(asked.trim_end().ends_with("/havatar.deb"), "{asked}");
}

#[test]
fn a_verdict_is_waited_for() {
    let Some(machine) = Machine::new("2.0") else { return };
    // The watcher ends in the third look at it.
    machine.apt("echo 2.0 >versions/pending; echo activating >watcher");
    machine.systemctl(
        "echo x >>looks; n=0; while read -r _; do n=$((n + 1)); done <looks\n\
         [ -e versions/pending ] || exit 0\n\
         [ $n -lt 4 ] || { echo 2.0 >versions/good/version; rm versions/pending; echo inactive >watcher; }",
    );
    let ran = machine.update(&[]);
    assert_eq!((ran.code, &ran.json()["outcome"]), (0, &json!("good")), "{ran:?}");
}

#[test]
fn a_version_that_went_back_is_1_and_is_not_tried_again_unasked() {
    let Some(machine) = Machine::new("2.0") else { return };
    machine.apt("echo 2.0 >versions/failed");
    let ran = machine.update(&[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.json(), json!({"from": "1.0", "to": "2.0", "outcome": "rolled_back", "runs": "1.0"}));

    let before = machine.asked();
    let ran = machine.update(&[]);
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(ran.err.contains("has failed here before") && ran.err.contains("--again"), "{ran:?}");
    assert_eq!(machine.asked(), before, "nothing was installed");

    machine.apt("");
    let ran = machine.update(&["--again"]);
    assert_eq!((ran.code, &ran.json()["outcome"]), (0, &json!("good")), "{ran:?}");
    assert!(machine.asked().contains("--reinstall") && machine.asked().contains("havatar-rollback --undo"));
}

#[test]
fn what_has_not_been_tried_is_not_called_good() {
    let Some(machine) = Machine::new("2.0") else { return };
    machine.put("service", "inactive");
    machine.apt("");
    let ran = machine.update(&[]);
    assert_eq!((ran.code, &ran.json()["outcome"]), (1, &json!("not_tried")), "{ran:?}");
    machine.put("installed", "1.0");
    // How the watcher of an earlier version ended is forgotten first.
    machine.put("watcher", "failed");
    machine.apt("get watcher; echo was $it >>asked; echo failed >watcher; echo failed >service");
    let ran = machine.update(&[]);
    assert_eq!((ran.code, &ran.json()["outcome"]), (1, &json!("stranded")), "{ran:?}");
    let asked = machine.asked();
    assert!(asked.contains("systemctl reset-failed havatar-upgrade.service\napt-get"), "{asked}");
    assert!(asked.ends_with("was inactive\n"), "{asked}");

    // The same once more installs nothing, and says the same.
    let ran = machine.update(&[]);
    assert_eq!((ran.code, &ran.json()["outcome"]), (1, &json!("stranded")), "{ran:?}");
    assert_eq!(machine.asked(), asked);
}

#[test]
fn a_version_before_that_does_not_run_either_is_not_said_to() {
    let Some(machine) = Machine::new("2.0") else { return };
    machine.apt("echo 2.0 >versions/failed; echo failed >service");
    let ran = machine.update(&[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.json(), json!({"from": "1.0", "to": "2.0", "outcome": "down", "runs": null}));
}

#[test]
fn the_version_before_is_waited_for() {
    let Some(machine) = Machine::new("2.0") else { return };
    machine.apt("echo 2.0 >versions/failed; echo failed >service; echo activating >watcher");
    // The watcher, which starts it, ends after the third look at it.
    machine.systemctl(
        "echo x >>looks; n=0; while read -r _; do n=$((n + 1)); done <looks\n\
         [ $n -lt 3 ] || { echo active >service; echo inactive >watcher; }",
    );
    let ran = machine.update(&[]);
    assert_eq!((ran.code, &ran.json()["outcome"]), (1, &json!("rolled_back")), "{ran:?}");
}

#[test]
fn an_older_one_is_installed_only_if_that_is_meant() {
    let Some(machine) = Machine::new("0.9") else { return };
    machine.put("older", "");
    machine.apt("echo 0.9 >versions/good/version");
    let ran = machine.update(&[]);
    assert!(ran.code == 1 && ran.err.contains("0.9 is older than 1.0"), "{ran:?}");
    assert_eq!(machine.asked(), "");
    assert_eq!(machine.update(&["--downgrade"]).code, 0);
    assert!(machine.asked().contains("--allow-downgrades"));
}

#[test]
fn a_package_that_is_not_for_this_machine_is_refused() {
    let Some(machine) = Machine::new("2.0") else { return };
    machine.apt("");
    machine.put("architecture", "amd64");
    let ran = machine.update(&[]);
    assert!(ran.code == 1 && ran.err.contains("is for amd64, and this machine is arm64"), "{ran:?}");
    machine.put("name", "cowsay");
    let ran = machine.update(&[]);
    assert!(ran.code == 1 && ran.err.contains("is the package cowsay, not havatar"), "{ran:?}");
    machine.program("dpkg-deb", "echo 'not a Debian format archive' >&2; exit 2");
    let ran = machine.update(&[]);
    assert!(ran.code == 1 && ran.err.contains("is no Debian package: not a Debian"), "{ran:?}");
    assert_eq!(machine.asked(), "");
}

#[test]
fn what_is_installed_already_is_left_alone() {
    let Some(machine) = Machine::new("1.0") else { return };
    machine.apt("");
    let ran = machine.update(&[]);
    assert_eq!((ran.code, &ran.json()["outcome"]), (0, &json!("unchanged")), "{ran:?}");
    assert_eq!(machine.asked(), "");
}

#[test]
fn an_apt_that_fails_is_told_and_without_apt_dpkg_does_it() {
    let Some(machine) = Machine::new("2.0") else { return };
    machine.program("apt-get", "echo 'E: no' >&2; exit 100");
    let ran = machine.update(&[]);
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(
        ran.err.contains("E: no") && ran.err.contains("apt-get has not installed the package"),
        "{ran:?}"
    );
    fs::remove_file(machine.dir.path().join("bin/apt-get")).unwrap();
    machine.put("versions/good/version", "2.0");
    let ran = machine.update(&[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("apt-get is not there"), "{ran:?}");
    assert!(machine.asked().contains("--force-confold --install"), "{}", machine.asked());
}

#[test]
fn without_root_nothing_is_begun() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run(without_root(&["update", "havatar.deb"], dir.path()));
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("needs root: use sudo"), "{ran:?}");
}
