//! The programs take the configs and the commands that the documents show.

use havatar_tests::pages::PAGES;
use havatar_tests::tools::root;

use crate::answer;

#[test]
fn every_config_in_a_document_is_valid() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("havatar.yaml");
    let mut seen = 0;
    let mut faults = Vec::new();
    for (path, page) in PAGES.iter() {
        for block in page.blocks.iter().filter(|block| block.language == "yaml") {
            seen += 1;
            std::fs::write(&file, &block.text).expect("the config is written");
            let (code, said) = answer("havatard", &["check", "--config", file.to_str().expect("UTF-8")]);
            if code != 0 {
                faults.push(format!("{path}:{}: {said}", block.line));
            }
        }
    }
    assert!(seen > 3, "only {seen} configs in the documents");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The commands of the block, each as words, without `sudo`, a prompt, comments, and what follows a pipe.
fn commands(block: &str) -> Vec<Vec<String>> {
    let joined = block.replace("\\\n", " ");
    let lines = joined.lines().map(|line| line.trim_start_matches("$ "));
    let kept = lines.map(|line| line.split(" #").next().unwrap_or("")).filter(|line| !line.starts_with('#'));
    kept.flat_map(|line| line.split(['|', ';']))
        .map(words)
        .map(|words| words.into_iter().skip_while(|word| word == "sudo").collect::<Vec<_>>())
        .filter(|words| !words.is_empty())
        .collect()
}

/// Words as a shell splits them, quotes included, as far as documents need.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// `--help` at the end of a command: the parser judges all that stands before it, and nothing is done.
fn taken(program: &str, args: &[String]) -> Result<(), String> {
    let until =
        args.iter().position(|arg| matches!(arg.as_str(), ">" | ">>" | "&&" | "<")).unwrap_or(args.len());
    let mut args: Vec<&str> = args[..until].iter().map(String::as_str).collect();
    args.push("--help");
    let (code, said) = answer(program, &args);
    if code == 0 { Ok(()) } else { Err(said) }
}

#[test]
fn every_command_in_a_document_is_taken() {
    let mut seen = 0;
    let mut faults = Vec::new();
    for (path, page) in PAGES.iter().filter(|(path, _)| !path.ends_with("CHANGELOG.md")) {
        for block in page.blocks.iter().filter(|block| matches!(block.language.as_str(), "sh" | "")) {
            for command in commands(&block.text) {
                let fault = match command[0].as_str() {
                    program @ ("havatarctl" | "havatard") => {
                        seen += 1;
                        taken(program, &command[1..]).err()
                    }
                    script if script.starts_with("scripts/") => {
                        seen += 1;
                        (!root().join(script).exists()).then(|| "there is no such script".to_owned())
                    }
                    _ => None,
                };
                faults.extend(
                    fault.map(|said| format!("{path}:{}: {}: {said}", block.line, command.join(" "))),
                );
            }
        }
    }
    assert!(seen > 10, "only {seen} commands in the documents");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_wrong_command_is_found() {
    let split = commands("$ sudo havatarctl volume \"60\"  # louder\nhavatarctl robot dance | head\n");
    assert_eq!(
        split,
        [vec!["havatarctl", "volume", "60"], vec!["havatarctl", "robot", "dance"], vec!["head"]]
    );
    assert!(taken("havatarctl", &split[0][1..]).is_ok());
    assert!(taken("havatarctl", &split[1][1..]).is_err());
}
