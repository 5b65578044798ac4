//! `docs/cli.md` is what the programs say of themselves.

use std::fmt::Write as _;

fn help(program: &str, verbs: &[&str]) -> String {
    let (code, text) = crate::answer(program, &[verbs, &["--help"]].concat());
    assert_eq!(code, 0, "{program} {verbs:?} --help: {text}");
    // clap pads empty lines between values.
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// The verbs below a command, by its own help.
fn verbs_of(help: &str) -> Vec<String> {
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    listed
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .map(str::to_owned)
        .collect()
}

fn write(text: &mut String, program: &str, verbs: &[&str]) {
    let help = help(program, verbs);
    let depth = "#".repeat(verbs.len().min(2) + 2);
    let name = [&[program], verbs].concat().join(" ");
    write!(text, "\n{depth} {name}\n\n```text\n{help}\n```\n").expect("a string takes text");
    for verb in verbs_of(&help) {
        write(text, program, &[verbs, &[verb.as_str()]].concat());
    }
}

#[test]
fn the_reference_of_the_command_line_is_current() {
    let mut text = "# Command line\n\n\
        What `havatarctl` and `havatard` say of themselves with `--help`. The package has the same as manual pages: `man havatarctl`, `man havatarctl-robot`.\n\
        [api.md](api.md) is what stands behind the verbs. This page is generated.\n"
        .to_owned();
    for program in ["havatarctl", "havatard"] {
        write(&mut text, program, &[]);
    }
    assert!(text.matches("```text").count() > 20, "the verbs were not found");
    crate::current("cli.md", &text);
}
