//! The orderlog binary: reads the command line, runs the command, turns its end into an exit code.
//! Everything else is in the library of the same name.

use std::process::ExitCode;

use orderlog::cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::parse().and_then(cli::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}
