//! Stripe as far as a shop of these tests needs it: the books of command-api's own tests behind HTTP,
//! with every request noted. It can fall silent: then it does what is asked and never answers.

use std::{
    collections::HashMap,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use reqwest::Url;

use crate::stripe_account::{Account, Answered, Form};

#[derive(Default)]
struct Held {
    account: Account,
    answers: HashMap<String, Answered>,
    silent: bool,
    /// Path and idempotency key of each request that is to change something.
    posts: Vec<(String, String)>,
}

/// The server; it ends with the test's process.
#[derive(Clone)]
pub(crate) struct Stripe {
    address: SocketAddr,
    held: Arc<Mutex<Held>>,
}

impl Stripe {
    /// Serves at a free port.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let stripe = Self {
            address: listener.local_addr().unwrap(),
            held: Arc::default(),
        };
        let router = Router::new().fallback(serve).with_state(stripe.clone());
        thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        stripe
    }

    /// The settings of a shop that is paid through it.
    pub(crate) fn settings(&self) -> [(&'static str, String); 5] {
        [
            ("ORDERLOG_PAYMENT_GATEWAY", "stripe".to_owned()),
            ("ORDERLOG_STRIPE_API_KEY", "sk_test_1".to_owned()),
            (
                "ORDERLOG_STRIPE_RETURN_URL",
                "https://shop.example/back".to_owned(),
            ),
            ("ORDERLOG_STRIPE_URL", format!("http://{}", self.address)),
            ("ORDERLOG_PAYMENT_TIMEOUT", "1".to_owned()),
        ]
    }

    /// Whether it does what is asked without answering, once a payment is begun.
    pub(crate) fn is_silent(&self, silent: bool) {
        self.held().silent = silent;
    }

    /// Looks into the books, or writes into them.
    pub(crate) fn account<T>(&self, look: impl FnOnce(&mut Account) -> T) -> T {
        look(&mut self.held().account)
    }

    /// Path and idempotency key of each request that was to change something.
    pub(crate) fn posts(&self) -> Vec<(String, String)> {
        self.held().posts.clone()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
    }

    /// Carries out what was not carried out under this key before; whether to say so.
    fn take(&self, method: &str, path: &str, key: Option<String>, said: &str) -> (bool, Answered) {
        let mut held = self.held();
        let begins = path.ends_with("/payment_intents");
        let tells = !held.silent || begins;
        if let Some(key) = &key {
            held.posts.push((path.to_owned(), key.clone()));
            if let Some(answered) = held.answers.get(key) {
                return (tells, answered.clone());
            }
        }
        let segments: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        let answered = held.account.answer(method, &segments, &form(said));
        if let Some(key) = key {
            held.answers.insert(key, answered.clone());
        }
        (tells, answered)
    }
}

async fn serve(
    State(stripe): State<Stripe>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let key = headers.get("idempotency-key");
    let key = key.map(|key| key.to_str().unwrap().to_owned());
    let said = match method {
        Method::POST => String::from_utf8(body.to_vec()).unwrap(),
        _ => uri.query().unwrap_or_default().to_owned(),
    };
    match stripe.take(method.as_str(), uri.path(), key, &said) {
        (true, (status, body)) => {
            (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
        }
        (false, _) => std::future::pending().await,
    }
}

fn form(said: &str) -> Form {
    let url = Url::parse(&format!("http://stripe/?{said}")).unwrap();
    url.query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}
