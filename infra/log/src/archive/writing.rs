//! Writes an archive, a frame for each block.

use std::io::{self, Write};

use zstd::stream::write::Encoder;

use super::{BlockLine, EndLine, Header, HeaderLine, Tally};
use crate::history::{Stretch, line};

/// zstd's own default.
const LEVEL: i32 = 3;

/// Writes the frames of an archive.
pub struct ArchiveWriter<W> {
    out: W,
    tally: Tally,
    lines: Vec<u8>,
}

impl<W: Write> ArchiveWriter<W> {
    /// Begins an archive.
    pub fn begin(out: W, header: Header) -> io::Result<Self> {
        let mut lines = Vec::new();
        let orderlog = header;
        let header = HeaderLine { orderlog };
        line::write(&mut lines, &header);
        let tally = Tally::of(&header.orderlog, &lines);
        let mut writer = Self { out, tally, lines };
        writer.end_frame()?;
        Ok(writer)
    }

    /// Goes on behind the blocks that are there.
    pub fn go_on(out: W, tally: Tally) -> Self {
        let lines = Vec::new();
        Self { out, tally, lines }
    }

    /// Writes a block.
    pub fn write(&mut self, stretch: &Stretch) -> io::Result<()> {
        for event in &stretch.events {
            line::event(&mut self.lines, event);
        }
        for command in &stretch.commands {
            line::command(&mut self.lines, command);
        }
        self.tally = self.tally.behind(&self.lines, stretch);
        let block = &self.tally;
        line::write(&mut self.lines, &BlockLine { block });
        self.end_frame()
    }

    /// What is written.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Closes the archive.
    pub fn finish(mut self) -> io::Result<(W, Tally)> {
        let end = &self.tally;
        line::write(&mut self.lines, &EndLine { end });
        self.end_frame()?;
        Ok((self.out, self.tally))
    }

    fn end_frame(&mut self) -> io::Result<()> {
        let mut encoder = Encoder::new(&mut self.out, LEVEL)?;
        encoder.include_checksum(true)?;
        encoder.write_all(&self.lines)?;
        encoder.finish()?.flush()?;
        self.lines.clear();
        Ok(())
    }
}
