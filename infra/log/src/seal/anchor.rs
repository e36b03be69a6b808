//! Seals kept elsewhere, in a file that is only ever appended to, one seal as JSON per line: on another
//! machine, or on a medium that can't be written over. Without one, nobody can tell a log that was cut
//! off, seals and all, from one that never went further.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::record::Seal;

/// A file of seals.
#[derive(Clone, Debug)]
pub struct Anchor {
    path: PathBuf,
}

/// Why an anchor can't be used.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The file can't be read or written.
    #[error("the seal anchor {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A line is no seal.
    #[error("the seal anchor {path}: line {line} is no seal: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// Two lines have the same number and differ.
    #[error("the seal anchor {path}: line {line} is another seal {number} than one before it")]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The seal.
        number: u64,
    },
}

impl Anchor {
    /// The anchor in this file, which need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its seals, by their numbers. A last line that was not written to its end is left out: it was
    /// never acknowledged, and is written again.
    pub fn read(&self) -> Result<BTreeMap<u64, Seal>, AnchorError> {
        let text = fs::read_to_string(&self.path).map_err(|error| self.failed(error))?;
        let mut seals = BTreeMap::new();
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let Some(content) = line.strip_suffix('\n') else {
                break;
            };
            // What was torn is ended by a mark, and the seal follows anew.
            if content.trim().is_empty() || content.ends_with(TORN) {
                continue;
            }
            let line = number + 1;
            let seal: Seal =
                serde_json::from_str(content).map_err(|error| AnchorError::Unreadable {
                    path: self.path.clone(),
                    line,
                    error,
                })?;
            let number = seal.body.number;
            if seals.get(&number).is_some_and(|known| *known != seal) {
                return Err(AnchorError::Contradiction {
                    path: self.path.clone(),
                    line,
                    number,
                });
            }
            seals.insert(number, seal);
        }
        Ok(seals)
    }

    /// Its last seal; none where there is no file yet.
    pub(super) fn last(&self) -> Result<Option<Seal>, AnchorError> {
        match self.read() {
            Err(AnchorError::File { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            read => Ok(read?.pop_last().map(|(_, seal)| seal)),
        }
    }

    /// Appends these seals, durably.
    pub(super) fn append(&self, seals: &[Seal]) -> Result<(), AnchorError> {
        self.write(seals).map_err(|error| self.failed(error))
    }

    fn write(&self, seals: &[Seal]) -> io::Result<()> {
        let mut options = File::options();
        let mut file = options.append(true).create(true).open(&self.path)?;
        let mut lines = if ends_torn(&self.path)? {
            format!("{TORN}\n").into_bytes()
        } else {
            Vec::new()
        };
        for seal in seals {
            serde_json::to_writer(&mut lines, seal)?;
            lines.push(b'\n');
        }
        file.write_all(&lines)?;
        file.sync_data()
    }

    fn failed(&self, error: io::Error) -> AnchorError {
        AnchorError::File {
            path: self.path.clone(),
            error,
        }
    }
}

/// Ends a line that was not written to its end.
const TORN: &str = " # torn";

fn ends_torn(path: &Path) -> io::Result<bool> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = File::open(path)?;
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
