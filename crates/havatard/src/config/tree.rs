//! The file as a tree that knows its lines, from which serde reads.

use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::scalar::{Scalar, shown};

/// A value and where it is.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Line, from 1: its key's, or its own in a list.
    pub(super) line: u32,
    /// Place in its list as the file has it, even after others have been removed; 0 elsewhere.
    pub(super) index: usize,
    pub(super) data: Data,
}

#[derive(Debug, Clone)]
pub(super) enum Data {
    Scalar(Scalar),
    List(Vec<Node>),
    Group(Vec<(String, Node)>),
}

/// One step from a node to one in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    /// Position among those that are left, not [`Node::index`].
    Position(usize),
}

impl Node {
    pub(super) fn is_null(&self) -> bool {
        matches!(self.data, Data::Scalar(Scalar::Null))
    }

    /// How messages name it.
    pub(super) fn described(&self) -> String {
        match &self.data {
            Data::Scalar(scalar) => scalar.to_string(),
            Data::List(_) => Scalar::List.to_string(),
            Data::Group(_) => Scalar::Group.to_string(),
        }
    }

    /// The node at `key`, dotted, list places in brackets and as the file has them: `a.b[1].c`.
    pub(super) fn find(&self, key: &str) -> Option<&Self> {
        let mut node = self;
        for part in key.split(['.', '[']) {
            node = match &node.data {
                Data::Group(entries) => entries.iter().find(|(name, _)| name == part).map(|(_, node)| node),
                Data::List(list) => {
                    let index: usize = part.strip_suffix(']')?.parse().ok()?;
                    list.iter().find(|node| node.index == index)
                }
                Data::Scalar(_) => None,
            }?;
        }
        Some(node)
    }

    /// The node one step in.
    pub(super) fn step(&self, step: &Step) -> Option<&Self> {
        match (&self.data, step) {
            (Data::Group(entries), Step::Key(key)) => {
                entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
            }
            (Data::List(list), Step::Position(position)) => list.get(*position),
            _ => None,
        }
    }

    /// Removes the node at the end of `path`, if it exists.
    pub(super) fn remove(&mut self, path: &[Step]) {
        let Some((step, rest)) = path.split_first() else { return };
        match (&mut self.data, step) {
            (Data::Group(entries), Step::Key(key)) => {
                if let Some(at) = entries.iter().position(|(name, _)| name == key) {
                    if rest.is_empty() {
                        entries.remove(at);
                    } else if let Some((_, node)) = entries.get_mut(at) {
                        node.remove(rest);
                    }
                }
            }
            (Data::List(list), Step::Position(position)) if *position < list.len() => {
                if rest.is_empty() {
                    list.remove(*position);
                } else if let Some(node) = list.get_mut(*position) {
                    node.remove(rest);
                }
            }
            _ => {}
        }
    }

    /// How many nodes it is, with all in it.
    pub(super) fn count(&self) -> usize {
        match &self.data {
            Data::Scalar(_) => 1,
            Data::List(list) => 1 + list.iter().map(Self::count).sum::<usize>(),
            Data::Group(entries) => 1 + entries.iter().map(|(_, node)| node.count()).sum::<usize>(),
        }
    }
}

/// `path.name`, with the name shortened and its control characters escaped: it comes from the file.
pub(super) fn join(path: &str, name: &str) -> String {
    let quoted = shown(name);
    let name = quoted.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(&quoted);
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

impl<'de> IntoDeserializer<'de, Error> for &'de Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.data {
            Data::Scalar(Scalar::Bool(value)) => visitor.visit_bool(*value),
            Data::Scalar(Scalar::Whole(value)) => visitor.visit_i64(*value),
            Data::Scalar(Scalar::Number(value)) => visitor.visit_f64(*value),
            Data::Scalar(Scalar::Text(value)) => visitor.visit_str(value),
            Data::Scalar(Scalar::Null | Scalar::List | Scalar::Group) => visitor.visit_unit(),
            Data::List(list) => visitor.visit_seq(SeqDeserializer::new(list.iter())),
            Data::Group(entries) => {
                visitor.visit_map(MapDeserializer::new(entries.iter().map(|(k, node)| (k.as_str(), node))))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    /// Groups alone: serde would also fill a struct from a list, in the order of its fields.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.data {
            Data::Group(_) => self.deserialize_any(visitor),
            _ => Err(Error::invalid_type(Unexpected::Other("a value"), &visitor)),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
