//! Lines of text.
