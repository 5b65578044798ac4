//! Keeps one external process alive.
