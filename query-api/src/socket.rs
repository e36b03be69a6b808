//! GraphQL over a WebSocket: the protocol `graphql-transport-ws`. A browser lets any page open a
//! socket to anywhere, so one that comes from another origin is refused. When the server stops,
//! every socket is closed with a code that tells clients to come back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Data,
    http::{WebSocket as Protocol, WebSocketProtocols, WsMessage},
};
use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::{
        HeaderMap, StatusCode, Uri,
        header::{HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL},
    },
    response::Response,
};
use futures::{SinkExt, StreamExt, future};
use tokio::time;

use crate::{
    QueryApi,
    failure::{BAD_USER_INPUT, bad_input},
    freshness::Wanted,
    http::refused,
    limits::BODY_BYTES,
    subscription::Slots,
};

const PROTOCOL: &str = "graphql-transport-ws";
/// How long a client may take to introduce itself.
const INTRODUCTION: Duration = Duration::from_secs(10);
/// How often a client that says nothing is asked whether it is still there.
const PING: Duration = Duration::from_secs(30);

/// `GET /graphql/ws`.
pub(crate) async fn upgrade(
    State(api): State<QueryApi>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !of_this_origin(&headers) {
        let message = "sockets are opened from this origin alone".to_owned();
        return refused(StatusCode::FORBIDDEN, BAD_USER_INPUT, message);
    }
    let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let mut offered = offered
        .filter_map(|value| value.to_str().ok())
        .flat_map(|it| it.split(','));
    if !offered.any(|protocol| protocol.trim() == PROTOCOL) {
        let message = format!("the only protocol here is {PROTOCOL}");
        return refused(StatusCode::BAD_REQUEST, BAD_USER_INPUT, message);
    }
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(BODY_BYTES)
        .on_upgrade(move |socket| serve(api, socket))
}

async fn serve(api: QueryApi, socket: WebSocket) {
    let (mut sink, stream) = socket.split();
    let said = stream
        .take_while(|message| future::ready(message.is_ok()))
        .filter_map(|message| future::ready(message.ok().and_then(spoken)));
    let introduced = Arc::new(AtomicBool::new(false));
    let introduce = {
        let introduced = Arc::clone(&introduced);
        move |payload| {
            introduced.store(true, Ordering::Relaxed);
            future::ready(introduction(&payload))
        }
    };
    let mut session = Protocol::new(api.schema.clone(), said, WebSocketProtocols::GraphQLWS)
        .on_connection_init(introduce)
        .boxed();
    let introduction = time::sleep(INTRODUCTION);
    tokio::pin!(introduction);
    let mut ping = time::interval_at(time::Instant::now() + PING, PING);
    loop {
        let waits = !introduced.load(Ordering::Relaxed);
        let message = tokio::select! {
            message = session.next() => match message {
                Some(WsMessage::Text(text)) => Message::Text(text.into()),
                Some(WsMessage::Close(code, reason)) => closing(as_specified(code), reason),
                None => return,
            },
            () = api.closing.cancelled() => closing(1012, "the server is stopping"),
            () = &mut introduction, if waits => closing(4408, "no connection_init in time"),
            _ = ping.tick() => Message::Ping(Default::default()),
        };
        let ends = matches!(message, Message::Close(_));
        if sink.send(message).await.is_err() || ends {
            return;
        }
    }
}

/// What `connection_init` says: the consistency token of every read on this connection.
fn introduction(payload: &serde_json::Value) -> async_graphql::Result<Data> {
    let mut data = Data::default();
    data.insert(Slots::default());
    if let Some(token) = payload
        .get("consistencyToken")
        .filter(|token| !token.is_null())
    {
        let token = token.as_str().unwrap_or_default();
        let wanted = Wanted::by_connection(token).map_err(|error| bad_input(error.to_string()))?;
        data.insert(wanted);
    }
    Ok(data)
}

/// A message's bytes; the socket itself answers the others.
fn spoken(message: Message) -> Option<axum::body::Bytes> {
    match message {
        Message::Text(_) | Message::Binary(_) => Some(message.into_data()),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => None,
    }
}

fn closing(code: u16, reason: impl AsRef<str>) -> Message {
    Message::Close(Some(CloseFrame {
        code,
        reason: reason.as_ref().into(),
    }))
}

/// The protocol's own codes, where the implementation closes with general ones.
fn as_specified(code: u16) -> u16 {
    match code {
        1002 => 4400,
        1011 => 4401,
        other => other,
    }
}

/// Programs name no origin; a page's must be ours.
fn of_this_origin(headers: &HeaderMap) -> bool {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &axum::http::HeaderValue| value.to_str().ok())
    };
    let Some(origin) = text(ORIGIN) else {
        return true;
    };
    let origin = origin.parse::<Uri>().ok();
    let origin = origin
        .as_ref()
        .and_then(|origin| origin.authority())
        .map(|it| it.as_str());
    origin.is_some() && origin == text(HOST)
}
