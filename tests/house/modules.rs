//! One crate's sources as modules, names and paths. Code under `#[cfg(test)]` is left out.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemUse, Meta, TraitItem, UseTree, Visibility};

use crate::tree::Tree;

/// The index of a module within its crate.
pub(crate) type ModuleId = usize;

/// One crate, or one root of it.
#[derive(Debug, Default)]
pub(crate) struct Crate {
    pub(crate) modules: Vec<Module>,
    pub(crate) paths: Vec<UsedPath>,
}

/// What can be named in one module.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// The names from the crate's root down to this module.
    pub(crate) path: Vec<String>,
    pub(crate) file: String,
    pub(crate) parent: Option<ModuleId>,
    pub(crate) children: BTreeMap<String, ModuleId>,
    /// Types, functions, constants and macros that are defined here.
    pub(crate) items: BTreeSet<String>,
    pub(crate) imports: Vec<(String, Vec<String>)>,
    pub(crate) globs: Vec<Vec<String>>,
}

/// A path as it stands in the source.
#[derive(Debug)]
pub(crate) struct UsedPath {
    pub(crate) module: ModuleId,
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `use a::b;`
    Import,
    /// `pub use a::b;`
    ReExport,
    /// Anywhere else.
    Inline,
}

/// Parses the crate whose root file is `root`.
pub(crate) fn parse(tree: &Tree, root: &str) -> Crate {
    let mut parser = Parser { tree, krate: Crate::default() };
    let dir = root.rsplit_once('/').map_or("", |(dir, _)| dir).to_owned();
    parser.file(root, &dir, None, Vec::new());
    parser.krate
}

struct Parser<'a> {
    tree: &'a Tree,
    krate: Crate,
}

impl Parser<'_> {
    /// Parses a file as one module; `dir` holds its children.
    fn file(&mut self, file: &str, dir: &str, parent: Option<ModuleId>, path: Vec<String>) -> ModuleId {
        let text = &self.tree[file];
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let id = self.module(file, parent, path);
        self.items(&parsed.items, id, dir);
        id
    }

    fn module(&mut self, file: &str, parent: Option<ModuleId>, path: Vec<String>) -> ModuleId {
        self.krate.modules.push(Module { file: file.to_owned(), parent, path, ..Module::default() });
        self.krate.modules.len() - 1
    }

    fn items(&mut self, items: &[Item], id: ModuleId, dir: &str) {
        for item in items.iter().filter(|item| !is_for_tests(attributes(item))) {
            match item {
                Item::Mod(child) => {
                    let name = child.ident.to_string();
                    let dir = format!("{dir}/{name}");
                    let mut path = self.krate.modules[id].path.clone();
                    path.push(name.clone());
                    let child_id = if let Some((_, content)) = &child.content {
                        let file = self.krate.modules[id].file.clone();
                        let child_id = self.module(&file, Some(id), path);
                        self.items(content, child_id, &dir);
                        child_id
                    } else {
                        let candidates = [format!("{dir}.rs"), format!("{dir}/mod.rs")];
                        let file = candidates.iter().find(|file| self.tree.contains_key(*file));
                        let file = file.unwrap_or_else(|| panic!("no file for the module {dir}"));
                        self.file(file, &dir, Some(id), path)
                    };
                    self.krate.modules[id].children.insert(name, child_id);
                }
                Item::Use(item) => self.import(item, id),
                _ => {
                    self.krate.modules[id].items.extend(name(item));
                    if let Item::Macro(call) = item {
                        self.krate.modules[id].items.extend(types_of_macro(&call.mac));
                    }
                    Paths { parser: self, module: id }.visit_item(item);
                }
            }
        }
    }

    fn import(&mut self, item: &ItemUse, id: ModuleId) {
        let kind = if matches!(item.vis, Visibility::Inherited) { Kind::Import } else { Kind::ReExport };
        for leaf in flatten(&item.tree) {
            let module = &mut self.krate.modules[id];
            match leaf.name {
                Some(name) => module.imports.push((name, leaf.path.clone())),
                None => module.globs.push(leaf.path.clone()),
            }
            self.krate.paths.push(UsedPath { module: id, segments: leaf.path, line: leaf.line, kind });
        }
    }

    fn path(&mut self, module: ModuleId, segments: Vec<String>, line: usize) {
        self.krate.paths.push(UsedPath { module, segments, line, kind: Kind::Inline });
    }
}

/// One name of a `use` tree; no name for a glob.
pub(crate) struct Leaf {
    pub(crate) path: Vec<String>,
    pub(crate) name: Option<String>,
    /// It stands for its module: the `self` of `a::{self, B}`, or a glob.
    pub(crate) is_module: bool,
    pub(crate) line: usize,
}

/// Takes a `use` tree apart.
pub(crate) fn flatten(tree: &UseTree) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    walk(tree, &[], &mut leaves);
    leaves
}

fn walk(tree: &UseTree, prefix: &[String], leaves: &mut Vec<Leaf>) {
    let extended = |name: &syn::Ident| {
        let mut path = prefix.to_vec();
        if name != "self" || path.is_empty() {
            path.push(name.to_string());
        }
        path
    };
    match tree {
        UseTree::Path(tree_path) => walk(&tree_path.tree, &extended(&tree_path.ident), leaves),
        UseTree::Name(name) => {
            let path = extended(&name.ident);
            let bound = path.last().cloned();
            let is_module = name.ident == "self";
            leaves.push(Leaf { path, name: bound, is_module, line: name.span().start().line });
        }
        UseTree::Rename(rename) => leaves.push(Leaf {
            path: extended(&rename.ident),
            name: Some(rename.rename.to_string()),
            is_module: rename.ident == "self",
            line: rename.span().start().line,
        }),
        UseTree::Glob(glob) => {
            let line = glob.span().start().line;
            leaves.push(Leaf { path: prefix.to_vec(), name: None, is_module: true, line });
        }
        UseTree::Group(group) => group.items.iter().for_each(|item| walk(item, prefix, leaves)),
    }
}

/// Notes every path below an item.
struct Paths<'a, 'b> {
    parser: &'a mut Parser<'b>,
    module: ModuleId,
}

impl<'ast> Visit<'ast> for Paths<'_, '_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes: &[Attribute] = match item {
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            _ => &[],
        };
        if !is_for_tests(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes: &[Attribute] = if let TraitItem::Fn(item) = item { &item.attrs } else { &[] };
        if !is_for_tests(attributes) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.parser.import(item, self.module);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.parser.path(self.module, segments, path.span().start().line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        match &attribute.meta {
            Meta::Path(path) => self.visit_path(path),
            Meta::List(list) => self.tokens(list.tokens.clone()),
            Meta::NameValue(_) => {}
        }
    }
}

impl Paths<'_, '_> {
    /// Notes what looks like a path in tokens that `syn` does not parse, also in strings (`#[serde(with = "a::b")]`).
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut line = 0;
        let mut joined = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if joined != 2 {
                        self.end(&mut path, line);
                        line = name.span().start().line;
                    }
                    path.push(name.to_string());
                    joined = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => joined += 1,
                other => {
                    joined = 0;
                    self.end(&mut path, line);
                    match other {
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        TokenTree::Literal(literal) => self.literal(&literal),
                        _ => {}
                    }
                }
            }
        }
        self.end(&mut path, line);
    }

    fn end(&mut self, path: &mut Vec<String>, line: usize) {
        if !path.is_empty() {
            self.parser.path(self.module, std::mem::take(path), line);
        }
    }

    fn literal(&mut self, literal: &proc_macro2::Literal) {
        let text = literal.to_string();
        let text = text.trim_matches('"');
        let is_path = |text: &str| {
            text.split("::").all(|part| {
                !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            })
        };
        if text.contains("::") && is_path(text) {
            let segments = text.split("::").map(str::to_owned).collect();
            self.parser.path(self.module, segments, literal.span().start().line);
        }
    }
}

/// Whether an attribute takes the item out of the program: `#[cfg(test)]` and what contains it, `not(test)` apart.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if attribute.path().is_ident("cfg") => {
            let text = list.tokens.to_string();
            text == "test" || text.starts_with("all (test") || text.starts_with("all(test")
        }
        meta => meta.path().is_ident("test"),
    })
}

pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// What a macro that is called in place of an item may define: `string_enum! { Name { ... } }`.
fn types_of_macro(call: &syn::Macro) -> Vec<String> {
    let names = call.tokens.clone().into_iter().filter_map(|token| match token {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    });
    let is_type = |name: &String| name.chars().next().is_some_and(char::is_uppercase);
    if call.path.is_ident("macro_rules") { Vec::new() } else { names.filter(is_type).collect() }
}

fn name(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref()?.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        Item::Union(item) => item.ident.to_string(),
        _ => return None,
    })
}
