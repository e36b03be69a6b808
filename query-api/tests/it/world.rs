//! The API over a real log and a real read store in a directory of its own, kept up to date by the
//! real projector.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Response, header::CONTENT_TYPE},
};
use chrono_tz::UTC;
use orderlog_domain::fact::{Fact, Facts};
use orderlog_log::{
    event::{NewEvent, Position, RecordedEvent},
    event_reader::EventReader,
    event_store::{CommandEnvelope, Decided, EventStore, Fingerprint, StreamAppend, Verdict},
    sqlite::SqliteEventStore,
};
use orderlog_projections::testing::{Told, at};
use orderlog_query_api::{QueryApi, router};
use orderlog_runtime::{
    projector::{DecodeError, Projector},
    read_store::ReadStore,
    rebuild::RebuildProgress,
    source::TailFanOut,
    sqlite::SqliteReadStore,
};
use orderlog_web::consistency::ConsistencyToken;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use uuid::Uuid;

pub(crate) struct World {
    log: SqliteEventStore,
    store: Arc<dyn ReadStore>,
    projector: Projector<Facts>,
    versions: Mutex<HashMap<String, u64>>,
    pub(crate) closing: CancellationToken,
    pub(crate) router: Router,
    stop: CancellationToken,
    _directory: TempDir,
}

impl World {
    /// Nothing has happened yet, and the projector runs.
    pub(crate) async fn new() -> Self {
        let world = Self::without_projector().await;
        world.project();
        world
    }

    /// The projector does not run before [`World::project`].
    pub(crate) async fn without_projector() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let log = SqliteEventStore::open(directory.path()).expect("a log");
        let head = log.head().await.expect("a head");
        let store = SqliteReadStore::open(directory.path(), head.log_id).expect("a read store");
        let store: Arc<dyn ReadStore> = Arc::new(store);
        let projections = orderlog_projections::all(UTC);
        let projector = Projector::open(
            Arc::new(log.clone()),
            Arc::clone(&store),
            projections,
            decode,
        );
        let closing = CancellationToken::new();
        let api = QueryApi::over(Arc::clone(&store), Arc::new(log.clone()), closing.clone());
        Self {
            projector: projector.await.expect("a projector"),
            router: router(api),
            versions: Mutex::default(),
            stop: CancellationToken::new(),
            log,
            store,
            closing,
            _directory: directory,
        }
    }

    /// A world in which this has happened, and is projected.
    pub(crate) async fn after(story: impl IntoIterator<Item = Told>) -> Self {
        let world = Self::new().await;
        world.tell(story).await;
        world
    }

    /// Starts the projector.
    pub(crate) fn project(&self) {
        let (projector, stop) = (self.projector.clone(), self.stop.clone());
        let fan_out = TailFanOut::new(Arc::new(self.log.clone()));
        tokio::spawn(async move { projector.run(fan_out, stop).await });
    }

    /// Records facts and waits until they are projected.
    pub(crate) async fn tell(&self, story: impl IntoIterator<Item = Told>) -> Position {
        let position = self.record(story).await;
        for projection in orderlog_projections::all(UTC) {
            let mut standing = self.store.progress().watch(projection.definition().name);
            standing
                .wait_for(|now| now.position() >= position)
                .await
                .expect("the store lives");
        }
        position
    }

    /// Records facts.
    pub(crate) async fn record(&self, story: impl IntoIterator<Item = Told>) -> Position {
        let batch: Vec<_> = story.into_iter().map(|told| self.decided(told)).collect();
        for decided in batch {
            self.log.append(vec![decided]).await.expect("an append");
        }
        self.log.head().await.expect("a head").position
    }

    /// The answer to a query, sent by POST.
    pub(crate) async fn ask(&self, query: &str) -> Value {
        self.ask_with(query, json!({})).await
    }

    pub(crate) async fn ask_with(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        json_of(self.send(post(body)).await).await
    }

    /// The data of a query that succeeds.
    pub(crate) async fn data(&self, query: &str) -> Value {
        let mut answer = self.ask(query).await;
        assert_eq!(answer.get("errors"), None, "{query}");
        answer["data"].take()
    }

    /// The answer to a query that carries a consistency token.
    pub(crate) async fn ask_fresh(&self, query: &str, token: &str, prefer: &str) -> Value {
        let mut request = post(json!({ "query": query }).to_string());
        request
            .headers_mut()
            .insert("consistency-token", token.parse().expect("a header"));
        request
            .headers_mut()
            .insert("prefer", prefer.parse().expect("a header"));
        json_of(self.send(request).await).await
    }

    /// Whether the rows of each projection equal those that the log makes anew.
    pub(crate) async fn rebuilt(&self) -> Vec<(String, bool)> {
        let reports = self.projector.rebuild_all(&|_: RebuildProgress| {}).await;
        let reports = reports.expect("the log can be read");
        reports
            .into_iter()
            .map(|report| (report.projection, report.equal))
            .collect()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router
            .clone()
            .oneshot(request)
            .await
            .expect("the router answers")
    }

    fn decided(&self, told: Told) -> Decided {
        let mut versions = self.versions.lock().expect("nobody panicked");
        let version = versions.entry(told.stream.clone()).or_default();
        let expected_version = *version;
        *version += 1;
        let id = Uuid::now_v7();
        let event = NewEvent {
            event_id: Uuid::now_v7(),
            event_type: told.event_type,
            schema_version: told.schema_version,
            data: told.data,
            occurred_at: at(expected_version),
        };
        Decided {
            command: CommandEnvelope {
                command_id: id,
                fingerprint: Fingerprint::of(id.as_bytes()),
                command_type: "Tell".to_owned(),
                stream: told.stream.clone(),
                actor: "test".to_owned(),
                correlation_id: id,
                causation_id: id,
                traceparent: None,
            },
            verdict: Verdict::Accepted,
            writes: vec![StreamAppend {
                stream: told.stream,
                expected_version,
                partition_key: told.key,
                events: vec![event],
            }],
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn decode(event: &RecordedEvent) -> Result<Facts, DecodeError> {
    let (kind, version) = (&event.event_type, event.schema_version);
    let facts = Fact::decode(&event.stream, kind, version, &event.data);
    facts.map_err(|error| match error.is_newer() {
        true => DecodeError::Unknown(error.to_string()),
        false => DecodeError::Damaged(error.to_string()),
    })
}

pub(crate) fn token(position: Position, key: impl ToString) -> String {
    ConsistencyToken {
        position,
        partition_key: key.to_string(),
    }
    .encode()
}

pub(crate) fn post(body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/graphql").header(CONTENT_TYPE, "application/json");
    request.body(body.into()).expect("a request")
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).expect("a request")
}

pub(crate) async fn text_of(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), 10_000_000)
        .await
        .expect("a body");
    String::from_utf8(bytes.into()).expect("text")
}

pub(crate) async fn json_of(response: Response<Body>) -> Value {
    serde_json::from_str(&text_of(response).await).expect("JSON")
}

/// The code of the first error.
pub(crate) fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
}
