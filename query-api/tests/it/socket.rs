//! Following an order over a real WebSocket.

use futures::{SinkExt, StreamExt};
use orderlog_projections::testing::{journey::Journey, order_id};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{StatusCode, header},
    },
};

use crate::world::{World, token};

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// Serves the world and answers where.
async fn served(world: &World) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let router = world.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

impl Client {
    async fn connect(address: &str, init: Value) -> Self {
        let mut client = Self::open(address, &[]).await.expect("a connection");
        client
            .send(json!({ "type": "connection_init", "payload": init }))
            .await;
        client
    }

    async fn open(address: &str, more: &[(header::HeaderName, &str)]) -> Result<Self, Error> {
        let url = format!("ws://{address}/graphql/ws");
        let mut request = url.into_client_request().expect("a request");
        let headers = request.headers_mut();
        headers.insert(
            header::SEC_WEBSOCKET_PROTOCOL,
            "graphql-transport-ws".parse().expect("a header"),
        );
        for (name, value) in more {
            headers.insert(name, value.parse().expect("a header"));
        }
        Ok(Self(connect_async(request).await?.0))
    }

    async fn send(&mut self, message: Value) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .expect("it is sent");
    }

    async fn next(&mut self) -> Value {
        loop {
            match self.0.next().await.expect("a message").expect("no failure") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Close(frame) => {
                    return json!({ "closed": frame.map(|frame| u16::from(frame.code)) });
                }
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    async fn follow(&mut self, id: &str) {
        let query = format!(
            "subscription {{ orderChanged(id: \"{}\") {{ status paymentStatus }} }}",
            order_id(1)
        );
        self.send(json!({ "id": id, "type": "subscribe", "payload": { "query": query } }))
            .await;
    }

    /// The next state of the order.
    async fn state(&mut self) -> Value {
        let mut message = self.next().await;
        assert_eq!(message["type"], "next", "{message}");
        message["payload"]["data"]["orderChanged"].take()
    }
}

#[tokio::test]
async fn an_order_is_followed_from_its_present_state_on() {
    let world = World::new().await;
    let address = served(&world).await;
    let mut client = Client::connect(&address, json!({})).await;
    assert_eq!(client.next().await, json!({ "type": "connection_ack" }));
    client.follow("1").await;
    assert_eq!(client.state().await, Value::Null);
    let mut journey = Journey::placed(1);
    let mut known = 0;
    let mut news = |journey: &Journey| {
        let told = journey.told();
        let news = told[known..].to_vec();
        known = told.len();
        news
    };
    world.tell(news(&journey)).await;
    assert_eq!(client.state().await["status"], "PLACED");
    world.tell(news(journey.reserved())).await;
    assert_eq!(client.state().await["status"], "AWAITING_PAYMENT");

    // Whoever comes later begins with the present state.
    let mut other = Client::connect(&address, json!({})).await;
    other.next().await;
    other.follow("1").await;
    assert_eq!(other.state().await["status"], "AWAITING_PAYMENT");

    client.send(json!({ "id": "1", "type": "complete" })).await;
    assert_eq!(
        client.next().await,
        json!({ "type": "complete", "id": "1" })
    );
    world.tell(news(journey.authorized().confirmed())).await;
    loop {
        let state = other.state().await;
        if state["status"] == "CONFIRMED" {
            assert_eq!(state["paymentStatus"], "AUTHORIZED");
            break;
        }
    }
}

#[tokio::test]
async fn a_connection_carries_a_consistency_token() {
    let world = World::new().await;
    let address = served(&world).await;
    let position = world.record(Journey::placed(1).told()).await;
    let init = json!({ "consistencyToken": token(position, order_id(1)) });
    let mut client = Client::connect(&address, init).await;
    assert_eq!(client.next().await["type"], "connection_ack");
    client.follow("1").await;
    assert_eq!(client.state().await["status"], "PLACED");
    let mut client = Client::connect(&address, json!({ "consistencyToken": "x" })).await;
    assert_eq!(client.next().await, json!({ "closed": 4400 }));
}

#[tokio::test]
async fn a_socket_that_is_no_client_of_ours_is_refused() {
    let world = World::new().await;
    let address = served(&world).await;
    let foreign = Client::open(&address, &[(header::ORIGIN, "https://evil.example")]).await;
    let Err(Error::Http(response)) = foreign else {
        panic!("it was let in")
    };
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let old = Client::open(&address, &[(header::SEC_WEBSOCKET_PROTOCOL, "graphql-ws")]).await;
    let Err(Error::Http(response)) = old else {
        panic!("it was let in")
    };
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let own = format!("http://{address}");
    assert!(
        Client::open(&address, &[(header::ORIGIN, own.as_str())])
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_client_that_does_not_introduce_itself_is_closed() {
    let world = World::new().await;
    let address = served(&world).await;
    let mut client = Client::open(&address, &[]).await.expect("a connection");
    client.follow("1").await;
    assert_eq!(client.next().await, json!({ "closed": 4401 }));
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let world = World::new().await;
    let address = served(&world).await;
    let mut client = Client::connect(&address, json!({})).await;
    client.next().await;
    client.follow("1").await;
    client.state().await;
    world.closing.cancel();
    assert_eq!(client.next().await, json!({ "closed": 1012 }));
}

#[tokio::test]
async fn a_deep_query_is_refused_here_too() {
    let world = World::new().await;
    let address = served(&world).await;
    let mut client = Client::connect(&address, json!({})).await;
    client.next().await;
    let query = format!("{}id{}", "{a".repeat(500), "}".repeat(500));
    client
        .send(json!({ "id": "1", "type": "subscribe", "payload": { "query": query } }))
        .await;
    let message = client.next().await;
    let code = &message["payload"]["errors"][0]["extensions"]["code"];
    assert_eq!(code, "QUERY_TOO_COMPLEX", "{message}");
}

#[tokio::test]
async fn a_connection_holds_so_many_subscriptions_and_no_more() {
    let world = World::new().await;
    let address = served(&world).await;
    let mut client = Client::connect(&address, json!({})).await;
    client.next().await;
    for number in 0..50 {
        client.follow(&number.to_string()).await;
        assert_eq!(client.state().await, Value::Null);
    }
    client.follow("one more").await;
    let message = client.next().await;
    assert_eq!(
        message["payload"]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
        "{message}"
    );
}
