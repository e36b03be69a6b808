//! `GET /.well-known/orderlog-seal-keys.json`: the public keys of the log's seals, oldest first, and
//! from which position on each of them signs. Whoever is to check proofs notes the first one down.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::get};
use orderlog_log::seal::{PublicKey, SealStore};
use orderlog_web::problem::Problem;
use serde::Serialize;
use uuid::Uuid;

/// Where the keys are published.
const PATH: &str = "/.well-known/orderlog-seal-keys.json";

/// What is answered.
#[derive(Serialize)]
struct Published {
    log_id: Uuid,
    /// The last sealed position; 0 where nothing is sealed.
    sealed: u64,
    keys: Vec<Key>,
}

/// A key.
#[derive(Serialize)]
struct Key {
    algorithm: &'static str,
    public_key: PublicKey,
    /// The first seal that it signs.
    from_seal: u64,
    /// The first position under that seal.
    from_position: u64,
}

impl Key {
    fn new(public_key: PublicKey, from_seal: u64, from_position: u64) -> Self {
        Self {
            algorithm: "Ed25519",
            public_key,
            from_seal,
            from_position,
        }
    }
}

/// The route.
pub(super) fn routes(seals: Arc<dyn SealStore>) -> Router {
    Router::new().route(PATH, get(published)).with_state(seals)
}

async fn published(State(seals): State<Arc<dyn SealStore>>) -> Result<Json<Published>, Problem> {
    let head = seals.end().await?;
    let first = seals.seals(0, 1).await?;
    let last = seals.last_seal().await?;
    let introduced = seals.introductions().await?;
    let first = first.iter().map(|seal| Key::new(seal.body.key, 1, 1));
    let later = introduced.iter().filter_map(|seal| {
        let (key, body) = (seal.body.introduces?, &seal.body);
        Some(Key::new(key, body.number + 1, body.last + 1))
    });
    Ok(Json(Published {
        log_id: head.log_id,
        sealed: last.map_or(0, |seal| seal.body.last),
        keys: first.chain(later).collect(),
    }))
}
