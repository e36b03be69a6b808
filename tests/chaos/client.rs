//! What the shop's clients share: a command is sent under its key, to any of the command APIs, until
//! it is answered; what was answered is remembered.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{chance::Chance, shop::Shop};

/// A shop that does not answer for so long is not expected to.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Client {
    http: reqwest::Client,
    commands: Vec<String>,
    queries: String,
    heard: Mutex<Heard>,
}

/// What clients were told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// Commands that were carried out.
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// Refusals, by code.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Commands that were never answered.
    pub(crate) unanswered: Vec<Uuid>,
    /// Answers that were lost, or said to try again.
    pub(crate) retries: u64,
}

/// The answer to a command that was carried out.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) key: Uuid,
    pub(crate) path: String,
    pub(crate) receipt: Receipt,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Receipt {
    /// Of the resource.
    pub(crate) id: String,
    /// Of the command's last event.
    pub(crate) position: u64,
}

impl Client {
    pub(crate) fn of(shop: &Shop) -> Self {
        let http = orderlog_web::client::builder().timeout(Duration::from_secs(10));
        Self {
            http: http.build().unwrap(),
            commands: shop.bases("command-api"),
            queries: shop.bases("query-api").remove(0),
            heard: Mutex::default(),
        }
    }

    /// Sends a command under `key` until it is answered; its receipt, unless it was refused.
    pub(crate) async fn send(
        &self,
        chance: &mut Chance,
        key: Uuid,
        path: &str,
        body: &Value,
    ) -> Option<Receipt> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match self.try_to_send(chance, key, path, body).await {
                Some(Ok(receipt)) => {
                    self.heard.lock().acknowledged.push(Acknowledged {
                        key,
                        path: path.to_owned(),
                        receipt: receipt.clone(),
                    });
                    return Some(receipt);
                }
                Some(Err(code)) => {
                    *self.heard.lock().refused.entry(code).or_default() += 1;
                    return None;
                }
                None => {
                    self.heard.lock().retries += 1;
                    tokio::time::sleep(chance.millis(50..300)).await;
                }
            }
        }
        self.heard.lock().unanswered.push(key);
        None
    }

    /// The receipt, or the code of a refusal; nothing where it is to be sent again.
    async fn try_to_send(
        &self,
        chance: &mut Chance,
        key: Uuid,
        path: &str,
        body: &Value,
    ) -> Option<Result<Receipt, String>> {
        let request = self
            .http
            .post(format!("{}/api/v1{path}", chance.one_of(&self.commands)))
            .header("Idempotency-Key", key.to_string())
            .json(body);
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let body: Value = answer.json().await.ok()?;
        let code = body["code"].as_str().unwrap_or_default();
        if status.is_success() {
            Some(Ok(serde_json::from_value(body).unwrap()))
        } else if status.is_server_error() || code == "command.conflict" {
            None
        } else {
            Some(Err(code.to_owned()))
        }
    }

    /// A resource as a command API shows it, if it answers.
    pub(crate) async fn get(&self, chance: &mut Chance, path: &str) -> Option<Value> {
        let base = chance.one_of(&self.commands);
        let answer = self.http.get(format!("{base}/api/v1{path}")).send();
        let answer = answer.await.ok()?.error_for_status().ok()?;
        answer.json().await.ok()
    }

    /// What the query API says, if it answers.
    pub(crate) async fn query(&self, query: &str) -> Option<Value> {
        let request = self.http.post(format!("{}/graphql", self.queries));
        let answer = request.json(&json!({ "query": query })).send().await.ok()?;
        let mut answer: Value = answer.json().await.ok()?;
        Some(answer["data"].take()).filter(|data| !data.is_null())
    }

    pub(crate) fn heard(&self) -> Heard {
        self.heard.lock().clone()
    }
}
