//! A file that a replay writes and that can be continued. Beside it lies its checkpoint, until the last
//! line is written: what was asked, up to which position all of it is in the file, and how many bytes
//! that is. The bytes are synced first. What a killed run wrote behind them is cut off.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use orderlog_log::event::{Position, RecordedEvent};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Asked, Begun, Format, Lines, ReplayError};

/// A file of lines.
pub struct OutFile {
    /// Once it is open.
    lines: Option<Lines<BufWriter<File>>>,
    path: PathBuf,
    format: Format,
    resume: bool,
    checkpoint: Checkpoint,
}

/// How far a file has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Checkpoint {
    asked: Asked,
    format: Format,
    log_id: Uuid,
    /// Where the whole ends.
    to: Position,
    position: Position,
    bytes: u64,
    written: u64,
}

impl OutFile {
    /// The file, new, or with `resume` unfinished. Nothing where it is finished already. No file is made
    /// or changed yet.
    pub fn new(path: &Path, format: Format, resume: bool) -> Result<Option<Self>, ReplayError> {
        let unfinished = checkpoint_of(path).exists();
        match (path.exists(), unfinished, resume) {
            (true, false, true) => return Ok(None),
            (_, true, false) => {
                return Err(ReplayError::Conflict(format!(
                    "{} is unfinished: continue it with --resume, or remove it and {}",
                    path.display(),
                    checkpoint_of(path).display()
                )));
            }
            (true, false, false) => {
                return Err(ReplayError::Conflict(format!(
                    "{} is there already: give another --out, or remove it",
                    path.display()
                )));
            }
            (_, true, true) | (false, false, _) => {}
        }
        Ok(Some(Self {
            lines: None,
            path: path.to_owned(),
            format,
            resume: unfinished,
            checkpoint: Checkpoint::default(),
        }))
    }

    /// What an earlier run has done for the same question to the same log.
    pub(super) fn begun(&mut self, asked: &Asked, log_id: Uuid) -> Result<Begun, ReplayError> {
        if !self.resume {
            self.checkpoint = Checkpoint {
                asked: asked.clone(),
                format: self.format,
                log_id,
                ..Checkpoint::default()
            };
            return Ok(Begun::default());
        }
        let path = checkpoint_of(&self.path);
        let text = fs::read(&path).map_err(|error| failed(&path, error))?;
        let found: Checkpoint = serde_json::from_slice(&text).map_err(|error| {
            ReplayError::Conflict(format!("{} is no checkpoint: {error}", path.display()))
        })?;
        if (&found.asked, found.format, found.log_id) != (asked, self.format, log_id) {
            return Err(ReplayError::Conflict(format!(
                "{} was begun from another log or with other filters: repeat them, or remove it and {}",
                self.path.display(),
                path.display()
            )));
        }
        let length = fs::metadata(&self.path).map_or(0, |file| file.len());
        if length < found.bytes {
            return Err(ReplayError::Conflict(format!(
                "{} has lost bytes since: {length} of {}; remove it and {}",
                self.path.display(),
                found.bytes,
                path.display()
            )));
        }
        self.checkpoint = found;
        Ok(Begun {
            position: self.checkpoint.position,
            written: self.checkpoint.written,
            to: Some(self.checkpoint.to),
        })
    }

    pub(super) fn starts(&mut self, to: Position) -> Result<(), ReplayError> {
        self.checkpoint.to = to;
        // Before the file: one without a checkpoint counts as finished.
        self.save()?;
        let kept = self.checkpoint.bytes;
        let open = || -> io::Result<File> {
            let mut options = File::options();
            let mut file = options
                .write(true)
                .create(true)
                .truncate(false)
                .open(&self.path)?;
            file.set_len(kept)?;
            file.seek(SeekFrom::Start(kept))?;
            Ok(file)
        };
        let file = open().map_err(|error| failed(&self.path, error))?;
        let name = self.path.display().to_string();
        let mut lines = Lines::new(BufWriter::new(file), self.format, name);
        if kept == 0 {
            lines.head()?;
        }
        self.lines = Some(lines);
        Ok(())
    }

    pub(super) fn take(
        &mut self,
        events: &[RecordedEvent],
        position: Position,
    ) -> Result<u64, ReplayError> {
        if let Some(lines) = &mut self.lines {
            lines.write(events)?;
        }
        self.checkpoint.bytes = self.sync().map_err(|error| failed(&self.path, error))?;
        self.checkpoint.position = position;
        self.checkpoint.written += events.len() as u64;
        self.save()?;
        Ok(events.len() as u64)
    }

    /// Without its checkpoint the file counts as finished.
    pub(super) fn ends(&mut self) -> Result<(), ReplayError> {
        self.sync().map_err(|error| failed(&self.path, error))?;
        let path = checkpoint_of(&self.path);
        fs::remove_file(&path).map_err(|error| failed(&path, error))
    }

    /// Makes what is written durable; answers how many bytes that is.
    fn sync(&mut self) -> io::Result<u64> {
        let Some(lines) = &mut self.lines else {
            return Ok(self.checkpoint.bytes);
        };
        let out = lines.out();
        out.flush()?;
        out.get_ref().sync_data()?;
        out.get_mut().stream_position()
    }

    /// Replaces the checkpoint in one step.
    fn save(&self) -> Result<(), ReplayError> {
        let path = checkpoint_of(&self.path);
        let next = path.with_extension("next");
        let write = || -> io::Result<()> {
            let mut file = File::create(&next)?;
            serde_json::to_writer(&mut file, &self.checkpoint)?;
            file.sync_data()?;
            fs::rename(&next, &path)
        };
        write().map_err(|error| failed(&path, error))
    }
}

/// The checkpoint beside a file.
fn checkpoint_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".checkpoint");
    name.into()
}

fn failed(path: &Path, error: io::Error) -> ReplayError {
    ReplayError::Output {
        path: path.display().to_string(),
        error,
    }
}
