//! What can be wrong with an archive; each names the file and the first place that is not as it was.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::event::Position;

/// Why an archive can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file can't be opened, read or written.
    #[error("{}: {error}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is something else.
    #[error("{} is no export of orderlog, or its first bytes are damaged", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// A newer build wrote it.
    #[error("{} was written by a newer version (format {found}, this build knows {known}); start that one", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that this build knows.
        known: u32,
    },
    /// A block is not as it was written.
    #[error("{} is damaged behind position {after} (the frame at byte {byte}): {detail}; take another copy of it, or export anew", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Up to here it is whole.
        after: Position,
        /// Where the frame begins.
        byte: u64,
        /// What is wrong with it.
        detail: String,
    },
    /// The file ends before its end.
    #[error("{} is cut off behind position {after} of {until} (the frame at byte {byte}); take another copy of it, or export anew", file.display())]
    Cut {
        /// The file.
        file: PathBuf,
        /// Up to here it is whole.
        after: Position,
        /// Where what is whole ends.
        byte: u64,
        /// The last position that it should have.
        until: Position,
    },
}

impl ArchiveError {
    pub(super) fn of(file: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::File {
            file: file.to_owned(),
            error,
        }
    }
}
