//! UmaDB's engine without its server: its own writer thread with group commit, as its server runs
//! it. A stream is a tag; the version check is an append condition on that tag behind the last
//! position that the writer knows. The command's id is a tag, too, and part of that condition: so it
//! can be found again, and a repeat is refused even where the stream would take it. Without that, in
//! the second contestant, the id is metadata: nothing finds it, and a repeat that was decided anew is
//! appended twice.

use std::{
    io::{self, Write as _},
    path::Path,
    sync::Arc,
};

use anyhow::Context;
use orderlog::bench::{load::Writer, sample::Sample};
use tokio::sync::{mpsc, oneshot, watch};
use umadb_core::{
    mvcc::{Mvcc, StorageOptions},
    writer_thread_blocking::writer_thread_blocking,
    writer_thread_request::WriterThreadRequest,
};
use umadb_dcb::{DcbAppendCondition, DcbEvent, DcbQuery, DcbQueryItem};

/// What becomes of the command's id.
#[derive(Clone, Copy)]
pub(crate) enum CommandId {
    /// A tag that the append condition asks for, as orderlog's log does it.
    Checked,
    /// Metadata of the event.
    Noted,
}

impl CommandId {
    /// The contestant's name in the report.
    pub(crate) fn contestant(self) -> &'static str {
        match self {
            Self::Checked => "umadb-core 0.7.8",
            Self::Noted => "umadb-core, id unchecked",
        }
    }
}

/// Most events per commit: what UmaDB's server uses.
const BATCH: usize = 2000;
/// Requests that may wait: more than there are writers.
const QUEUE: usize = 65_536;

/// Writers of a new database in `directory`.
pub(crate) fn writers(
    count: u16,
    command_id: CommandId,
    directory: &Path,
) -> anyhow::Result<Vec<UmaWriter>> {
    let path = directory.join(match command_id {
        CommandId::Checked => "uma-checked.db",
        CommandId::Noted => "uma-noted.db",
    });
    let mvcc = saying_it_on_stderr(|| Mvcc::new(false, StorageOptions::default().db_path(&path)))?
        .with_context(|| format!("open {}", path.display()))?;
    let (requests, waiting) = mpsc::channel(QUEUE);
    let (head, _) = watch::channel(None);
    std::thread::Builder::new()
        .name("umadb".to_owned())
        .spawn(move || writer_thread_blocking(Arc::new(mvcc), waiting, head, BATCH))?;
    Ok((0..count)
        .map(|_| UmaWriter {
            requests: requests.clone(),
            command_id,
            sample: Sample::new(),
            last: None,
        })
        .collect())
}

/// Appends samples to UmaDB.
pub(crate) struct UmaWriter {
    requests: mpsc::Sender<WriterThreadRequest>,
    command_id: CommandId,
    sample: Sample,
    /// Position of the last event of the current stream.
    last: Option<u64>,
}

impl Writer for UmaWriter {
    async fn write(&mut self) -> anyhow::Result<()> {
        let sample = self.sample.next_event();
        if sample.expected_version == 0 {
            self.last = None;
        }
        let command = sample.command_id.to_string();
        let mut tags = vec![sample.stream.clone()];
        let mut taken = DcbQuery::new().item(DcbQueryItem::new().tags([sample.stream]));
        let mut event = DcbEvent::new()
            .event_type("Appended")
            .data(sample.data)
            .uuid(sample.event_id);
        match self.command_id {
            CommandId::Checked => {
                taken = taken.item(DcbQueryItem::new().tags([command.as_str()]));
                tags.push(command);
            }
            CommandId::Noted => event = event.metadata([("command_id", command)]),
        }
        event = event.tags(tags);
        let (response_tx, response) = oneshot::channel();
        let request = WriterThreadRequest::Append {
            events: vec![event],
            condition: Some(DcbAppendCondition::new(taken).after(self.last)),
            tracking_info: None,
            response_tx,
            cancel: None,
        };
        self.requests
            .send(request)
            .await
            .ok()
            .context("UmaDB's writer thread has ended")?;
        self.last = Some(
            response
                .await
                .context("UmaDB's writer thread has ended")??,
        );
        Ok(())
    }
}

/// UmaDB prints its settings on stdout when it opens; stdout is for the report alone.
fn saying_it_on_stderr<T>(open: impl FnOnce() -> T) -> anyhow::Result<T> {
    let stdout = rustix::io::dup(io::stdout())?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    let opened = open();
    io::stdout().flush()?;
    rustix::stdio::dup2_stdout(stdout)?;
    Ok(opened)
}
