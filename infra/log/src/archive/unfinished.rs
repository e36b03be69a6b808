//! An archive whose writer was killed: what of it is whole, and where it goes on. What lies behind is
//! cut off.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom},
    path::Path,
};

use super::{ArchiveError, ArchiveReader, ArchiveWriter, Header, Tally};

/// An archive that was begun.
#[derive(Clone, Debug)]
pub struct Unfinished {
    /// What it is of.
    pub header: Header,
    /// What of it stays.
    pub tally: Tally,
    /// Where that ends.
    byte: u64,
}

impl Unfinished {
    /// Finds how far the file is whole; `None` where not even its header is. Its last whole block is
    /// not among what stays: commands without events may have been recorded at its end since.
    pub fn find(path: &Path) -> Result<Option<Self>, ArchiveError> {
        let mut reader = match ArchiveReader::open(path) {
            Ok(reader) => reader,
            Err(ArchiveError::Foreign { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let header = reader.header().clone();
        let mut stays = (reader.tally().clone(), reader.byte());
        loop {
            let here = (reader.tally().clone(), reader.byte());
            match reader.next_block() {
                Ok(Some(_)) => stays = here,
                Ok(None) | Err(ArchiveError::Cut { .. } | ArchiveError::Damaged { .. }) => break,
                Err(error) => return Err(error),
            }
        }
        let (tally, byte) = stays;
        Ok(Some(Self {
            header,
            tally,
            byte,
        }))
    }

    /// Goes on with it, in its file.
    pub fn go_on(self, mut file: File) -> io::Result<ArchiveWriter<File>> {
        file.set_len(self.byte)?;
        file.seek(SeekFrom::Start(self.byte))?;
        Ok(ArchiveWriter::go_on(file, self.tally))
    }
}
