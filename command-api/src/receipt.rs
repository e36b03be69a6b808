//! The answer to a command that was carried out. A repeat gets the very answer of the first time,
//! marked with `Idempotent-Replay`.

use std::collections::BTreeMap;

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use orderlog_log::executor::Executed;
use orderlog_web::{
    consistency::{self, ConsistencyToken},
    idempotency, precondition,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::resource::Resource;

/// A command was carried out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// The resource's id.
    id: String,
    /// Version of the resource after the command; also in `ETag`.
    version: u64,
    /// Position of the command's last event in the log.
    position: u64,
    /// Send it with a query to read what was just written; also in `Consistency-Token`.
    consistency_token: String,
    /// Where to go on.
    links: BTreeMap<&'static str, String>,
}

/// A receipt on its way to the client.
pub(crate) struct Answer {
    status: StatusCode,
    replay: bool,
    receipt: Receipt,
}

impl Answer {
    /// The resource was created.
    pub(crate) fn created<A: Resource>(executed: Executed) -> Self {
        Self::new::<A>(StatusCode::CREATED, executed)
    }

    /// The command was carried out; other parts of the system go on from here.
    pub(crate) fn accepted<A: Resource>(executed: Executed) -> Self {
        Self::new::<A>(StatusCode::ACCEPTED, executed)
    }

    /// The command was carried out.
    pub(crate) fn done<A: Resource>(executed: Executed) -> Self {
        Self::new::<A>(StatusCode::OK, executed)
    }

    fn new<A: Resource>(status: StatusCode, executed: Executed) -> Self {
        let Executed {
            stream,
            version,
            position,
            partition_key,
            repeated,
        } = executed;
        let id = stream
            .strip_prefix(A::TYPE)
            .and_then(|rest| rest.strip_prefix('-'))
            .unwrap_or(&stream);
        let receipt = Receipt {
            id: A::public_id(id).to_owned(),
            version,
            position,
            consistency_token: ConsistencyToken {
                position,
                partition_key,
            }
            .encode(),
            links: BTreeMap::from([("self", A::href(id, ""))]),
        };
        Self {
            status,
            replay: repeated,
            receipt,
        }
    }
}

impl Answer {
    /// The same of a part of the resource, which has an id and an address of its own.
    #[must_use]
    pub(crate) fn of(mut self, id: String, href: String) -> Self {
        self.receipt.id = id;
        self.receipt.links = BTreeMap::from([("self", href)]);
        self
    }

    /// The response, with what is made of the receipt as its body.
    pub(crate) fn saying<B: Serialize>(self, body: impl FnOnce(Receipt) -> B) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(header::ETAG, precondition::etag(self.receipt.version));
        let mut say =
            |name, text: &str| headers.extend(HeaderValue::try_from(text).map(|text| (name, text)));
        say(consistency::HEADER, &self.receipt.consistency_token);
        if self.status == StatusCode::CREATED {
            say(header::LOCATION, &self.receipt.links["self"]);
        }
        if self.replay {
            say(idempotency::REPLAY_HEADER, "true");
        }
        (self.status, headers, Json(body(self.receipt))).into_response()
    }
}

/// A resource as it is now, with its version as entity tag.
pub(crate) struct Shown<B> {
    /// The resource's version.
    pub(crate) version: u64,
    /// What is shown of it.
    pub(crate) body: B,
}

impl<B: Serialize> IntoResponse for Shown<B> {
    fn into_response(self) -> Response {
        (
            [(header::ETAG, precondition::etag(self.version))],
            Json(self.body),
        )
            .into_response()
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        self.saying(|receipt| receipt)
    }
}
