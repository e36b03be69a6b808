//! An append that is carried out and whose answer never arrives: it is found in the log and answered
//! as recorded, not as a repeat, and nothing is written twice.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use orderlog_log::{
    event_store::{AppendOutcome, EventStore},
    postgres::{PgEventStore, PgOptions},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use crate::{
    assert_whole,
    contract::{decided, record, write},
    database::TestDatabase,
    soon,
};

/// Tells the connection that appends from the others.
const APPEND_MILLIS: u64 = 4321;

#[tokio::test(flavor = "multi_thread")]
async fn an_append_whose_answer_is_lost_is_found() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::start(&database.url).await;
    let options = PgOptions {
        append_timeout: Duration::from_millis(APPEND_MILLIS),
        ..PgOptions::default()
    };
    let store = PgEventStore::connect(&proxy.url, options).await;
    let store = store.expect("the log opens");
    let first = decided("thing-1", 0, 1);
    record(&store, first.clone()).await;

    proxy.lose_next_answer();
    let chain = vec![
        decided("thing-1", 1, 2),
        decided("thing-1", 3, 0),
        decided("thing-1", 3, 1),
    ];
    let outcomes = soon(store.append_chain(chain)).await.expect("appended");
    assert!(
        outcomes.iter().all(AppendOutcome::is_recorded),
        "{outcomes:?}"
    );
    assert!(proxy.has_lost(), "the answer arrived");
    assert_whole(&store, 4).await;

    // What was recorded before is still told apart: it is decided anew, so its events are others.
    proxy.lose_next_answer();
    let mut anew = first;
    anew.writes = vec![write("thing-1", 4, 1)];
    let again = soon(store.append(vec![anew])).await.expect("appended");
    assert!(matches!(again[0], AppendOutcome::Repeated(_)), "{again:?}");
    assert!(proxy.has_lost(), "the answer arrived");
    assert_whole(&store, 4).await;
}

/// Stands between store and server, and can lose the answer to an append together with its
/// connection.
struct Proxy {
    url: String,
    deaf: Arc<AtomicBool>,
}

impl Proxy {
    async fn start(url: &str) -> Self {
        let (user, address) = url.split_once('@').expect("a URL with a user");
        let (server, database) = address.split_once('/').expect("a URL with a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let deaf = Arc::new(AtomicBool::new(false));
        tokio::spawn(serve(listener, server.to_owned(), Arc::clone(&deaf)));
        let url = format!("{user}@127.0.0.1:{port}/{database}");
        Self { url, deaf }
    }

    fn lose_next_answer(&self) {
        self.deaf.store(true, Ordering::SeqCst);
    }

    fn has_lost(&self) -> bool {
        !self.deaf.load(Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, server: String, deaf: Arc<AtomicBool>) {
    while let Ok((client, _)) = listener.accept().await {
        let upstream = TcpStream::connect(&server)
            .await
            .expect("the server answers");
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = upstream.into_split();
        let appends = Arc::new(AtomicBool::new(false));
        let asking = tokio::spawn(ask(from_client, to_server, Arc::clone(&appends)));
        let deaf = Arc::clone(&deaf);
        tokio::spawn(async move {
            answer(from_server, to_client, &appends, &deaf).await;
            asking.abort();
        });
    }
}

/// Passes on what the client says, and notes whether it is the one that appends.
async fn ask(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, appends: Arc<AtomicBool>) {
    let mut bytes = vec![0; 65_536];
    while let Ok(read @ 1..) = client.read(&mut bytes).await {
        let said = String::from_utf8_lossy(&bytes[..read]);
        if said.contains(&format!("statement_timeout={APPEND_MILLIS}")) {
            appends.store(true, Ordering::SeqCst);
        }
        if server.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}

/// Passes on what the server says, until an answer is to be lost.
async fn answer(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    appends: &AtomicBool,
    deaf: &AtomicBool,
) {
    let mut bytes = vec![0; 65_536];
    while let Ok(read @ 1..) = server.read(&mut bytes).await {
        if appends.load(Ordering::SeqCst) && deaf.swap(false, Ordering::SeqCst) {
            return;
        }
        if client.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
