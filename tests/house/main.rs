//! The rules that keep the code navigable: no import circle, no edge against the map of ARCHITECTURE.md, no file that is too
//! long, one style of modules and imports, and the field's words instead of our own.
//!
//! # Theory of operation
//!
//! `tree` reads every source file below the workspace's root, once. `modules` parses a crate with `syn` into modules, names and paths;
//! `resolve` follows a path through imports and re-exports to the file that defines its item. `circles` and `edges` check what
//! that gives, `size`, `style` and `words` check single files, `map` checks ARCHITECTURE.md itself. Each rule returns findings; `pending` subtracts those that
//! `pending.txt` tolerates (there is none while the tree obeys), and fails for the rest and for entries that are no longer needed.

mod circles;
mod edges;
mod lexer;
mod map;
mod modules;
mod pending;
mod resolve;
mod size;
mod style;
mod tree;
mod words;
