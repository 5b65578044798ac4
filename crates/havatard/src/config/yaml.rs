//! From the text to the tree, limited in depth and size.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};

use super::diagnostic::Diagnostic;
use super::scalar::Scalar;
use super::tree::{Data, Node, join};

/// The tree of a text (`None` if it holds nothing), and its errors as YAML. A broken text gives
/// no tree; duplicate keys are reported, and the first of them is used.
pub(super) fn parse(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    match builder.run(&mut parser, text) {
        Ok(()) => (builder.root, builder.errors),
        Err(error) => {
            builder.errors.push(error);
            (None, builder.errors)
        }
    }
}

/// Deeper than any key of ours, shallow enough for the recursion that reads the tree.
const DEEPEST: usize = 32;
/// More than any honest file has, few enough for an error at each; aliases count what they stand for.
const MOST_NODES: usize = 10_000;

#[derive(Default)]
struct Builder {
    root: Option<Node>,
    stack: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    documents: usize,
    errors: Vec<Diagnostic>,
}

/// A list or group whose end has not come yet.
struct Open {
    line: u32,
    anchor: usize,
    inside: Inside,
}

enum Inside {
    List(Vec<Node>),
    Group { entries: Vec<(String, Node)>, lines: HashMap<String, u32>, key: Option<(String, u32)> },
}

impl Builder {
    fn run(&mut self, parser: &mut Parser<'_, StrInput<'_>>, text: &str) -> Result<(), Diagnostic> {
        let end = text.lines().count().max(1);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| syntax(&error, text))?;
            // The parser reports an empty value at the end of the file one line beyond it.
            let line = u32::try_from(span.start.line().min(end)).unwrap_or(u32::MAX);
            match event {
                Event::DocumentStart(_) => {
                    self.documents += 1;
                    if self.documents > 1 {
                        return Err(broken(
                            line,
                            "a second document begins here",
                            "keep everything in one, without ---",
                        ));
                    }
                }
                Event::Scalar(value, style, anchor, tag) => {
                    let scalar = scalar(&value, style, tag.as_deref(), line)?;
                    self.add(Node { line, index: 0, data: Data::Scalar(scalar) }, anchor)?;
                }
                Event::SequenceStart(anchor, tag) => {
                    untagged(tag.as_deref(), line)?;
                    self.open(line, anchor, Inside::List(Vec::new()))?;
                }
                Event::MappingStart(anchor, tag) => {
                    untagged(tag.as_deref(), line)?;
                    let inside = Inside::Group { entries: Vec::new(), lines: HashMap::new(), key: None };
                    self.open(line, anchor, inside)?;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    if let Some(Open { line, anchor, inside }) = self.stack.pop() {
                        let data = match inside {
                            Inside::List(nodes) => Data::List(nodes),
                            Inside::Group { entries, .. } => Data::Group(entries),
                        };
                        self.add(Node { line, index: 0, data }, anchor)?;
                    }
                }
                Event::Alias(anchor) => {
                    let Some(node) = self.anchors.get(&anchor) else {
                        return Err(broken(line, "an alias refers to what it is a part of", "write it out"));
                    };
                    // The node itself is counted where it is added.
                    self.nodes += node.count() - 1;
                    let node = Node { line, index: 0, data: node.data.clone() };
                    self.limit(line)?;
                    self.add(node, 0)?;
                }
                Event::DocumentEnd | Event::StreamStart | Event::StreamEnd | Event::Nothing => {}
            }
        }
        Ok(())
    }

    fn open(&mut self, line: u32, anchor: usize, inside: Inside) -> Result<(), Diagnostic> {
        if self.stack.len() >= DEEPEST {
            return Err(too_deep(line));
        }
        self.stack.push(Open { line, anchor, inside });
        Ok(())
    }

    fn limit(&self, line: u32) -> Result<(), Diagnostic> {
        if self.nodes > MOST_NODES {
            let message = format!("the file holds more than {MOST_NODES} values");
            return Err(broken(line, message, "take out what is not Havatar's"));
        }
        Ok(())
    }

    fn add(&mut self, mut node: Node, anchor: usize) -> Result<(), Diagnostic> {
        self.nodes += 1;
        self.limit(node.line)?;
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some((open, outer)) = self.stack.split_last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.inside {
            Inside::List(list) => {
                node.index = list.len();
                list.push(node);
            }
            Inside::Group { entries, lines, key } => match key.take() {
                None => {
                    let Data::Scalar(scalar) = &node.data else {
                        let fix = "write a name and a colon; a value with [ or { goes into quotes";
                        return Err(broken(node.line, format!("{} is used as a key", node.described()), fix));
                    };
                    let name = match scalar {
                        Scalar::Text(text) => text.clone(),
                        Scalar::Null => "null".to_owned(),
                        other => other.to_string(),
                    };
                    *key = Some((name, node.line));
                }
                Some((name, line)) => {
                    node.line = line;
                    if let Some(first) = lines.get(&name) {
                        let error = Diagnostic {
                            key: join(&dotted(outer), &name),
                            message: format!("this key stands twice, first on line {first}"),
                            fix: Some("keep one of the two".to_owned()),
                            ..broken(line, "", "")
                        };
                        self.errors.push(error);
                    } else {
                        lines.insert(name.clone(), line);
                        entries.push((name, node));
                    }
                }
            },
        }
        Ok(())
    }
}

/// The dotted key that the innermost of these is being filled for.
fn dotted(stack: &[Open]) -> String {
    let mut path = String::new();
    for open in stack {
        match &open.inside {
            Inside::List(list) => path = format!("{path}[{}]", list.len()),
            Inside::Group { key: Some((name, _)), .. } => path = join(&path, name),
            Inside::Group { key: None, .. } => {}
        }
    }
    path
}

fn broken(line: u32, message: impl Into<String>, fix: impl Into<String>) -> Diagnostic {
    Diagnostic {
        file: String::new(),
        line: Some(line),
        key: String::new(),
        message: message.into(),
        fix: Some(fix.into()),
    }
}

/// The scanner's error, reworded where users meet it often.
fn syntax(error: &ScanError, text: &str) -> Diagnostic {
    let lines: Vec<&str> = text.lines().collect();
    let at = error.marker().line().clamp(1, lines.len().max(1)) - 1;
    let number = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
    let here = lines.get(at).copied().unwrap_or_default();
    let indent = &here[..here.len() - here.trim_start_matches([' ', '\t']).len()];
    if indent.contains('\t') {
        return broken(number(at), "a tab is used to indent", "indent with spaces, two for each level");
    }
    if error.info().contains("recursion limit") {
        return too_deep(number(at));
    }
    if error.info() == "simple key expect ':'" {
        // Reported at the next key, since a text may go on over lines: the colon is missing above.
        let bare =
            |line: &str| !line.contains(':') && !line.trim().is_empty() && !line.trim().starts_with('#');
        let at = (0..=at).rev().find(|at| lines.get(*at).is_some_and(|line| bare(line))).unwrap_or(at);
        return broken(number(at), "a key has no colon", "write the key, a colon, a space and the value");
    }
    let fix = "check the indentation, the colon after each key with a space behind it, and that quotes and \
               brackets are closed";
    broken(number(at), format!("this is not YAML: {}", error.info()), fix)
}

fn too_deep(line: u32) -> Diagnostic {
    let message = format!("more than {DEEPEST} levels are nested here");
    broken(line, message, "no key of Havatar's is deeper than four")
}

fn untagged(tag: Option<&Tag>, line: u32) -> Result<(), Diagnostic> {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema() => {
            Err(broken(line, "a tag (!...) stands before a value", "take it out"))
        }
        _ => Ok(()),
    }
}

/// A scalar's value by YAML 1.2's core schema: `on`, `yes` and `12:30` are texts.
fn scalar(value: &str, style: ScalarStyle, tag: Option<&Tag>, line: u32) -> Result<Scalar, Diagnostic> {
    untagged(tag, line)?;
    if style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str") {
        return Ok(Scalar::Text(value.to_owned()));
    }
    Ok(match value {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        _ => number(value).unwrap_or_else(|| Scalar::Text(value.to_owned())),
    })
}

fn number(value: &str) -> Option<Scalar> {
    if let Some(digits) = value.strip_prefix("0x") {
        return whole(digits, 16);
    }
    if let Some(digits) = value.strip_prefix("0o") {
        return whole(digits, 8);
    }
    // Keeps out what f64 reads beside decimals: "inf", "nan", "infinity".
    if !value.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) {
        return None;
    }
    value.parse().map(Scalar::Whole).or_else(|_| value.parse().map(Scalar::Number)).ok()
}

fn whole(digits: &str, radix: u32) -> Option<Scalar> {
    // from_str_radix would take a sign after the prefix.
    digits.bytes().next().filter(u8::is_ascii_alphanumeric)?;
    i64::from_str_radix(digits, radix).map(Scalar::Whole).ok()
}
