//! What the disk itself gives: records appended to a bare file, group-committed in the same shape
//! as the log's. One thread takes all that waits, writes it with one `write`, syncs it with one
//! `fdatasync`, and answers everybody. No index, no check, no reader: the ceiling for any log.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::mpsc::{self, Receiver, Sender},
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;

/// A record and who waits for it.
type Request = (Vec<u8>, oneshot::Sender<()>);

/// A bare file with group commit.
pub struct RawFile {
    requests: Option<Sender<Request>>,
    writer: Option<JoinHandle<io::Result<()>>>,
}

impl RawFile {
    /// Creates the file and starts its writer.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = File::create_new(path)?;
        let (requests, waiting) = mpsc::channel();
        let writer = thread::Builder::new()
            .name("raw-writer".to_owned())
            .spawn(move || write_groups(file, &waiting))?;
        Ok(Self {
            requests: Some(requests),
            writer: Some(writer),
        })
    }

    /// Appends a record; returns when it is on the disk.
    pub async fn append(&self, record: Vec<u8>) -> io::Result<()> {
        let (reply, answer) = oneshot::channel();
        let ended = || io::Error::other("the writer ended");
        let requests = self.requests.as_ref().ok_or_else(ended)?;
        requests.send((record, reply)).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())
    }
}

impl Drop for RawFile {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn write_groups(mut file: File, waiting: &Receiver<Request>) -> io::Result<()> {
    let (mut bytes, mut replies) = (Vec::new(), Vec::new());
    while let Ok(first) = waiting.recv() {
        for (record, reply) in std::iter::once(first).chain(waiting.try_iter()) {
            let length = u32::try_from(record.len()).map_err(io::Error::other)?;
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(&record);
            replies.push(reply);
        }
        file.write_all(&bytes)?;
        file.sync_data()?;
        bytes.clear();
        for reply in replies.drain(..) {
            // Nobody listens where the writer's caller gave up.
            let _ = reply.send(());
        }
    }
    Ok(())
}
