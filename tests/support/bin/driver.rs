//! Drives a robot until it is ended: for stories in which the driving program itself dies.

use std::path::PathBuf;
use std::process::ExitCode;

use havatar_tests::Person;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, origin, token] = arguments.as_slice() else {
        return wrong_usage();
    };
    let Ok(token) = std::fs::read_to_string(PathBuf::from(token)) else {
        return wrong_usage();
    };
    let driver = Person::bearer(origin, token.trim()).drives().await;
    match mode.as_str() {
        "hold" => {
            driver.neutral().await;
            driver.hold(1.0, 0.0).await;
        }
        "latch" => drop(driver.latch(1.0, 0.0, 8000).await),
        _ => return wrong_usage(),
    }
    #[expect(clippy::print_stdout, reason = "says when it drives")]
    {
        println!("driving");
    }
    // It drives in the background, for as long as it lives; at the end of its connection it ends too.
    while driver.ended().is_none() {
        havatar_tests::pause(std::time::Duration::from_millis(20)).await;
    }
    ExitCode::SUCCESS
}

fn wrong_usage() -> ExitCode {
    #[expect(clippy::print_stderr, reason = "a command line tells its error on standard error")]
    {
        eprintln!("usage: havatar-driver hold|latch ORIGIN TOKEN_FILE");
    }
    ExitCode::from(2)
}
