//! `havatarctl` as a program: against a small server that says what a test wants, and against the real
//! havatard where it is built.
#![cfg(test)]

mod access;
mod backup;
mod download;
mod fake;
mod real;
mod rights;
mod run;
mod terminal;
mod update;
mod verbs;
mod watch;
