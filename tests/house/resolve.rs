//! From a path as written to the file that defines what it names.

use crate::modules::{Crate, ModuleId, UsedPath};

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// An item of this crate; the module that defines it.
    Item(ModuleId),
    /// A module of this crate.
    Module(ModuleId),
    /// Nothing of this crate: another crate, the prelude, a local name. The path with its imports written out.
    Outside(Vec<String>),
}

/// Follows a path through children, imports and re-exports, also glob ones.
pub(crate) fn resolve(krate: &Crate, path: &UsedPath) -> Target {
    follow(krate, path.module, &path.segments, &mut Vec::new())
}

/// Names that are being looked up, so that imports that name each other end.
type Trail = Vec<(ModuleId, String)>;

fn follow(krate: &Crate, from: ModuleId, segments: &[String], trail: &mut Trail) -> Target {
    let mut at = from;
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        match segment.as_str() {
            "crate" if index == 0 => at = 0,
            "self" if index == 0 => {}
            "super" => match krate.modules[at].parent {
                Some(parent) => at = parent,
                None => return Target::Outside(segments.to_vec()),
            },
            name => match look_up(krate, at, name, is_last, trail) {
                Some(Target::Module(module)) => at = module,
                Some(Target::Outside(mut path)) => {
                    path.extend_from_slice(&segments[index + 1..]);
                    return Target::Outside(path);
                }
                Some(found) => return found,
                None => return Target::Outside(segments[index..].to_vec()),
            },
        }
    }
    Target::Module(at)
}

/// One name in one module. Items come first at a path's end, modules before it: both may bear the same name.
fn look_up(krate: &Crate, at: ModuleId, name: &str, is_last: bool, trail: &mut Trail) -> Option<Target> {
    let key = (at, name.to_owned());
    if trail.contains(&key) {
        return None;
    }
    let module = &krate.modules[at];
    let item = module.items.contains(name).then_some(Target::Item(at));
    let child = module.children.get(name).map(|child| Target::Module(*child));
    let own = if is_last { item.or(child) } else { child.or(item) };
    if own.is_some() {
        return own;
    }
    trail.push(key);
    let imported = module.imports.iter().filter(|(bound, _)| bound == name);
    let mut found = None;
    for (_, path) in imported {
        match follow(krate, at, path, trail) {
            outside @ Target::Outside(_) => found = found.or(Some(outside)),
            inside => {
                found = Some(inside);
                break;
            }
        }
    }
    if found.is_none() {
        found = module.globs.iter().find_map(|glob| match follow(krate, at, glob, trail) {
            Target::Module(module) if module != at => look_up(krate, module, name, is_last, trail),
            _ => None,
        });
    }
    trail.pop();
    found
}
