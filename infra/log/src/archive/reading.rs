//! Reads an archive block by block; a block is yielded once all of it is known to be as written.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use zstd::stream::read::Decoder;

use super::{ArchiveError, FORMAT, Header, HeaderLine, Tally};
use crate::history::{
    Stretch,
    line::{Command, Event},
};

/// The most that one frame may come to, bytes: more than a block of the largest events.
const LARGEST_FRAME: u64 = 2 << 30;

/// A line of a block.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    #[serde(borrow)]
    Event(Box<Event<'a>>),
    #[serde(borrow)]
    Command(Box<Command<'a>>),
    Block(Tally),
    End(Tally),
}

/// Reads the blocks of an archive.
pub struct ArchiveReader {
    path: PathBuf,
    input: Counted<BufReader<File>>,
    header: Header,
    tally: Tally,
    /// Where what is whole ends.
    byte: u64,
    closed: bool,
}

impl ArchiveReader {
    /// Opens an archive and reads what it is of.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        let failed = ArchiveError::of(path);
        let file = path.to_owned();
        let mut input = Counted {
            inner: BufReader::with_capacity(1 << 18, File::open(path).map_err(&failed)?),
            bytes: 0,
        };
        input.fill_buf().map_err(failed)?;
        let read = |input| {
            let line = frame(input).ok()?;
            let HeaderLine { orderlog } = serde_json::from_slice(&line).ok()?;
            Some((Tally::of(&orderlog, &line), orderlog))
        };
        let Some((tally, header)) = read(&mut input) else {
            return Err(ArchiveError::Foreign { file });
        };
        if header.format > FORMAT {
            let (found, known) = (header.format, FORMAT);
            return Err(ArchiveError::Newer { file, found, known });
        }
        Ok(Self {
            path: file,
            byte: input.bytes,
            input,
            header,
            tally,
            closed: false,
        })
    }

    /// What the archive is of.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What there is up to here.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Where the next frame begins, bytes.
    pub fn byte(&self) -> u64 {
        self.byte
    }

    /// The next block; `None` at the end, which must be the end of the archive.
    pub fn next_block(&mut self) -> Result<Option<Stretch>, ArchiveError> {
        if self.closed {
            return Ok(None);
        }
        if self.has_ended()? {
            return Err(self.cut());
        }
        let lines = frame(&mut self.input).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.cut(),
            _ => self.damaged(error.to_string()),
        })?;
        let block = self.block(&lines)?;
        if block.is_none() && !self.has_ended()? {
            return Err(self.damaged("something follows its end"));
        }
        self.closed = block.is_none();
        self.byte = self.input.bytes;
        Ok(block)
    }

    fn block(&mut self, lines: &[u8]) -> Result<Option<Stretch>, ArchiveError> {
        let (mut stretch, mut passed) = (Stretch::default(), 0);
        for text in lines.split_inclusive(|byte| *byte == b'\n') {
            let line = serde_json::from_slice(text);
            match line.map_err(|error| self.damaged(error.to_string()))? {
                Line::Event(event) => {
                    let event = event.recorded();
                    let event = event.ok_or_else(|| self.damaged("an event without payload"))?;
                    let due = stretch.last().unwrap_or(self.tally.position) + 1;
                    if event.position != due {
                        return Err(self.damaged(format!("position {due} is missing")));
                    }
                    stretch.events.push(event);
                }
                Line::Command(command) => stretch.commands.push(command.recorded()),
                Line::Block(said) => {
                    let found = self.tally.behind(&lines[..passed], &stretch);
                    if found != said || passed + text.len() != lines.len() {
                        return Err(self.damaged("its BLAKE3 or its counts are other ones"));
                    }
                    self.tally = said;
                    return Ok(Some(stretch));
                }
                Line::End(said) if said == self.tally && said.position == self.header.until => {
                    return Ok(None);
                }
                Line::End(_) => return Err(self.damaged("blocks are missing in front of its end")),
            }
            passed += text.len();
        }
        Err(self.damaged("the block has no end"))
    }

    fn has_ended(&mut self) -> Result<bool, ArchiveError> {
        let rest = self.input.fill_buf();
        let rest = rest.map_err(ArchiveError::of(&self.path))?;
        Ok(rest.is_empty())
    }

    fn cut(&self) -> ArchiveError {
        ArchiveError::Cut {
            file: self.path.clone(),
            after: self.tally.position,
            byte: self.byte,
            until: self.header.until,
        }
    }

    fn damaged(&self, detail: impl Into<String>) -> ArchiveError {
        ArchiveError::Damaged {
            file: self.path.clone(),
            after: self.tally.position,
            byte: self.byte,
            detail: detail.into(),
        }
    }
}

/// The text of the next frame.
fn frame(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let decoder = Decoder::with_buffer(input)?.single_frame();
    let mut text = Vec::new();
    decoder.take(LARGEST_FRAME).read_to_end(&mut text)?;
    Ok(text)
}

/// Counts what was read.
struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.bytes += amount as u64;
        self.inner.consume(amount);
    }
}
