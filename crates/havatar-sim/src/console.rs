//! The console of a program that others play with: commands come as lines, events go as lines of JSON.

use std::io::{self, BufRead as _, Write as _};

use tokio::sync::mpsc;

/// Lines of standard input. Its end is no end of the program: a demo has none.
pub(crate) fn commands() -> mpsc::Receiver<String> {
    // More lines than a person types ahead; the rest waits in the pipe.
    let (sender, lines) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Writes an event to standard output.
pub(crate) fn print(event: &serde_json::Value) {
    let mut out = io::stdout().lock();
    // Standard output may have no reader.
    let _ = writeln!(out, "{event}").and_then(|()| out.flush());
}
