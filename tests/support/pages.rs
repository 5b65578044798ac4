//! The project's Markdown files, parsed into blocks, links, headings and tables.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::tools::root;

/// A fenced block of code.
#[derive(Debug)]
pub struct Block {
    /// What stands behind the fence: `sh`, `yaml`, or nothing.
    pub language: String,
    /// The code.
    pub text: String,
    /// The line of the fence, from 1.
    pub line: usize,
}

/// One Markdown file.
#[derive(Debug, Default)]
pub struct Page {
    /// The whole file.
    pub text: String,
    /// Fenced blocks of code.
    pub blocks: Vec<Block>,
    /// Targets of links and images, with their lines.
    pub links: Vec<(String, usize)>,
    /// Headings as the anchors that GitHub makes of them.
    pub anchors: Vec<String>,
    /// Table rows: the line, and the Markdown of each cell.
    pub rows: Vec<(usize, Vec<String>)>,
}

/// Every page by its path from the project's root.
pub static PAGES: LazyLock<BTreeMap<String, Page>> = LazyLock::new(load);

/// A page that must be there.
///
/// # Panics
/// If it is not.
pub fn page(path: &str) -> &'static Page {
    PAGES.get(path).unwrap_or_else(|| panic!("{path} is missing"))
}

fn load() -> BTreeMap<String, Page> {
    let mut pages = BTreeMap::new();
    for folder in [".", "docs", "deploy", "deploy/esp32", "mediamtx", "tests"] {
        for entry in std::fs::read_dir(root().join(folder)).expect("a folder of the project") {
            let name = entry.expect("can read the folder").file_name().to_string_lossy().into_owned();
            if Path::new(&name).extension().is_some_and(|ending| ending == "md") {
                let path = if folder == "." { name } else { format!("{folder}/{name}") };
                let text = std::fs::read_to_string(root().join(&path)).expect("the page is readable");
                pages.insert(path, Page::parse(text));
            }
        }
    }
    assert!(pages.len() > 8, "found only {} pages", pages.len());
    pages
}

impl Page {
    fn parse(text: String) -> Self {
        let mut page = Self::default();
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        let mut heading: Option<String> = None;
        let mut block: Option<Block> = None;
        let mut row: Option<(usize, Vec<String>)> = None;
        for (event, range) in Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                    block = Some(Block {
                        language: language.into_string(),
                        text: String::new(),
                        line: line(range.start),
                    });
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push((dest_url.into_string(), line(range.start)));
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    page.anchors.extend(heading.take().map(|words| anchor(&words)));
                }
                Event::Start(Tag::TableRow) => row = Some((line(range.start), Vec::new())),
                Event::End(TagEnd::TableRow) => page.rows.extend(row.take()),
                Event::Start(Tag::TableCell) => {
                    if let Some((_, cells)) = &mut row {
                        cells.push(text[range].trim_matches(['|', ' ']).to_owned());
                    }
                }
                Event::Text(words) | Event::Code(words) => {
                    if let Some(block) = &mut block {
                        block.text.push_str(&words);
                    }
                    if let Some(heading) = &mut heading {
                        heading.push_str(&words);
                    }
                }
                _ => (),
            }
        }
        page.text = text;
        page
    }
}

fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .collect::<String>()
        .replace(' ', "-")
}

#[test]
fn a_page_is_parsed() {
    let text = "# One: `two`\n\n[there](a.md#b) ![x](y.png)\n\n```sh\nls\n```\n\n| a | b |\n|---|---|\n| `c` | d \"e\" |\n";
    let page = Page::parse(text.to_owned());
    assert_eq!(page.anchors, ["one-two"]);
    assert_eq!(page.links, [("a.md#b".to_owned(), 3), ("y.png".to_owned(), 3)]);
    assert_eq!(
        (page.blocks[0].language.as_str(), page.blocks[0].text.as_str(), page.blocks[0].line),
        ("sh", "ls\n", 5)
    );
    assert_eq!(page.rows, [(11, vec!["`c`".to_owned(), "d \"e\"".to_owned()])]);
}
