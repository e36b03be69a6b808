//! Serves a router until told to stop, then lets running requests finish, for a bounded time:
//! a stream or a stalled client does not keep the process alive.

use std::{io, time::Duration};

use axum::{Router, serve::ListenerExt};
use tokio::{net::TcpListener, sync::watch};

/// How long running requests may take to finish after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Serves `router` at `listener` until `shutdown` is done and its requests are answered.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stop, mut stopped) = watch::channel(false);
    let signal = async move {
        shutdown.await;
        // Nobody listens any more only if the server has ended by itself.
        let _ = stop.send(true);
    };
    let listener = listener.tap_io(|connection| {
        // Answers are small and awaited: waiting to fill a packet only costs time.
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
    });
    let serving = axum::serve(listener, router).with_graceful_shutdown(signal);
    let overtime = async move {
        let told = stopped.wait_for(|stopped| *stopped).await.is_ok();
        if told {
            tokio::time::sleep(GRACE).await
        } else {
            std::future::pending().await
        }
    };
    tokio::select! {
        ended = serving => ended,
        () = overtime => {
            tracing::warn!(grace_seconds = GRACE.as_secs(), "requests were still running; stopped without them");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        sync::oneshot,
    };

    use super::*;
    use crate::{body::JsonBody, layers};

    #[tokio::test]
    async fn a_running_request_is_answered_before_the_server_stops() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let (arrived, arrival) = oneshot::channel();
        let (go_on, held) = oneshot::channel::<()>();
        let gate = std::sync::Arc::new(std::sync::Mutex::new(Some((arrived, held))));
        let slow = get(async move || {
            let (arrived, held) = gate
                .lock()
                .expect("not poisoned")
                .take()
                .expect("asked once");
            arrived.send(()).expect("the test waits");
            held.await.expect("the test goes on");
            "done"
        });
        let server = tokio::spawn(serve(listener, Router::new().route("/", slow), async {
            stopped.await.expect("the test stops it");
        }));

        let mut client = TcpStream::connect(address).await.expect("connected");
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await
            .expect("sent");
        arrival.await.expect("the request arrived");
        stop.send(()).expect("the server runs");
        go_on.send(()).expect("the request waits");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.ends_with("done"), "{answer}");
        server.await.expect("no panic").expect("no error");
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_answered_before_it_has_arrived() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let takes_json = post(|_: JsonBody<serde_json::Value>| async {});
        let routes = layers::around(Router::new().route("/", takes_json));
        tokio::spawn(serve(listener, routes, std::future::pending()));

        let mut client = TcpStream::connect(address).await.expect("connected");
        let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 52428800\r\n\r\n{";
        client.write_all(head.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        client
            .read_to_string(&mut answer)
            .await
            .expect("an answer, then the end");
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains("\"limit_bytes\":1048576"), "{answer}");
    }
}
