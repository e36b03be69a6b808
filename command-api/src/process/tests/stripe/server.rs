//! A server that behaves as Stripe's documentation says, in a thread of its own: it remembers
//! idempotency keys with their parameters and answers, 500s included, and has weather: it can be told
//! to hang, to carry out and say nothing, to fail, to be busy, to answer nonsense.

use std::{
    collections::HashMap,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use orderlog_domain::fulfilment::Timings;
use reqwest::Url;
use serde_json::json;

use super::account::{Account, Answered, Form, error};
use crate::process::{
    gateway::{Guarded, PaymentGateway},
    stripe::{API_VERSION, ApiKey, StripeGateway, StripeSettings},
};
use orderlog_runtime::{
    backoff::Backoff,
    outside::{BreakerSettings, GuardSettings},
};

/// How the server takes a request.
#[derive(Clone, Debug)]
pub(super) enum Weather {
    /// It does nothing, and never answers.
    Hangs,
    /// It does what is asked, and never answers.
    Swallows,
    /// It answers 500, now and whenever the key comes again.
    Fails,
    /// It answers with this status and says why in its own form.
    Refuses(u16),
    /// It sends the client to another address.
    Redirects(String),
    /// It answers with ten gigabytes.
    Endless,
    /// It answers as something else would.
    Foreign,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) key: Option<String>,
}

#[derive(Default)]
struct Held {
    account: Account,
    keys: HashMap<String, (String, Answered)>,
    weather: Vec<(String, Weather, usize)>,
    asked: Vec<Asked>,
}

/// The server; it ends with the test's process.
#[derive(Clone)]
pub(super) struct Stripe {
    address: SocketAddr,
    held: Arc<Mutex<Held>>,
}

impl Stripe {
    /// Serves at a free port.
    pub(super) fn start() -> Self {
        let stripe = Self::absent();
        stripe.appear();
        stripe
    }

    /// An address where nobody listens yet.
    pub(super) fn absent() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        Self {
            address,
            held: Arc::default(),
        }
    }

    /// Begins to listen there.
    pub(super) fn appear(&self) {
        let listener = TcpListener::bind(self.address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let router = Router::new().fallback(serve).with_state(self.clone());
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
    }

    /// The adapter before this server.
    pub(super) fn gateway(&self, timeout: Duration) -> Arc<StripeGateway> {
        let (key, url) = (ApiKey::parse("sk_test_1").unwrap(), self.url());
        let back = "https://shop.example/back";
        let settings = StripeSettings::new(key, &url, back, timeout).unwrap();
        let action_within = Timings::standard().customer_action;
        Arc::new(StripeGateway::new(&settings, action_within).unwrap())
    }

    /// The adapter behind a guard whose circuit is open for some milliseconds only.
    pub(super) fn guarded(&self, timeout: Duration) -> Arc<dyn PaymentGateway> {
        let short = Backoff {
            first: Duration::from_millis(1),
            most: Duration::from_millis(20),
        };
        let settings = GuardSettings {
            timeout,
            pause: short,
            breaker: BreakerSettings {
                failures: 3,
                pause: short,
            },
            ..GuardSettings::default()
        };
        Arc::new(Guarded::new(self.gateway(timeout), "stripe", settings))
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next `times` requests to paths that end so are taken like this.
    pub(super) fn weather(&self, path_end: &str, weather: Weather, times: usize) {
        let weather = (path_end.to_owned(), weather, times);
        self.held().weather.push(weather);
    }

    /// All requests from now on are taken as usual.
    pub(super) fn clears_up(&self) {
        self.held().weather.clear();
    }

    /// A day has passed: keys are forgotten.
    pub(super) fn forget_keys(&self) {
        self.held().keys.clear();
    }

    /// Looks into the books, or writes into them.
    pub(super) fn account<T>(&self, look: impl FnOnce(&mut Account) -> T) -> T {
        look(&mut self.held().account)
    }

    /// The requests to paths that end so.
    pub(super) fn asked(&self, path_end: &str) -> Vec<Asked> {
        let held = self.held();
        let ends = |asked: &&Asked| asked.path.ends_with(path_end);
        held.asked.iter().filter(ends).cloned().collect()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
    }
}

async fn serve(
    State(stripe): State<Stripe>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    assert_eq!(headers["stripe-version"], API_VERSION);
    assert_eq!(headers[header::AUTHORIZATION], "Bearer sk_test_1");
    let key = headers.get("idempotency-key");
    let key = key.map(|key| key.to_str().unwrap().to_owned());
    assert_eq!(key.is_some(), method == Method::POST);
    let said = match method {
        Method::POST => String::from_utf8(body.to_vec()).unwrap(),
        _ => uri.query().unwrap_or_default().to_owned(),
    };
    let taken = stripe.take(method.as_str(), uri.path(), key, &said);
    match taken {
        Ok((status, body)) => {
            let status = StatusCode::from_u16(status).unwrap();
            (status, axum::Json(body)).into_response()
        }
        Err(weather) => bad(weather).await,
    }
}

impl Stripe {
    fn take(
        &self,
        method: &str,
        path: &str,
        key: Option<String>,
        said: &str,
    ) -> Result<Answered, Weather> {
        let mut held = self.held();
        held.asked.push(Asked {
            path: path.to_owned(),
            key: key.clone(),
        });
        let weather = held.weather_at(path);
        match weather {
            None | Some(Weather::Swallows) => {
                let answered = held.carry_out(method, path, key, said);
                weather.map_or(Ok(answered), Err)
            }
            Some(Weather::Fails) => {
                let failed = (500, error("api_error", "internal", json!({})));
                if let Some(key) = key {
                    held.keys.insert(key, (said.to_owned(), failed.clone()));
                }
                Ok(failed)
            }
            Some(Weather::Refuses(status)) => {
                Ok((status, error("invalid_request_error", "refused", json!({}))))
            }
            Some(weather) => Err(weather),
        }
    }
}

impl Held {
    fn weather_at(&mut self, path: &str) -> Option<Weather> {
        let fits = |(end, _, times): &&mut (String, Weather, usize)| {
            *times > 0 && path.ends_with(end.as_str())
        };
        let (_, weather, times) = self.weather.iter_mut().find(fits)?;
        *times -= 1;
        Some(weather.clone())
    }

    /// Carries out what was not carried out under this key before.
    fn carry_out(&mut self, method: &str, path: &str, key: Option<String>, said: &str) -> Answered {
        let said = format!("{path}?{said}");
        let known = key.as_ref().and_then(|key| self.keys.get(key));
        if let Some((before, answered)) = known {
            return match *before == said {
                true => answered.clone(),
                false => (400, error("idempotency_error", "", json!({}))),
            };
        }
        let segments: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        let answered = self.account.answer(method, &segments, &form(&said));
        // Parameters that are refused as such never began to be carried out.
        if let Some(key) = key
            && answered.0 != 400
        {
            self.keys.insert(key, (said, answered.clone()));
        }
        answered
    }
}

fn form(said: &str) -> Form {
    let url = Url::parse("http://stripe").unwrap().join(said).unwrap();
    url.query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

async fn bad(weather: Weather) -> Response {
    const CHUNK: Bytes = Bytes::from_static(&[b' '; 65_536]);
    match weather {
        Weather::Redirects(to) => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response()
        }
        Weather::Endless => {
            let chunks = stream::repeat(CHUNK).map(Ok::<_, std::io::Error>);
            Body::from_stream(chunks.take(163_840)).into_response()
        }
        Weather::Foreign => (StatusCode::NOT_FOUND, "<html>nothing here</html>").into_response(),
        Weather::Hangs | Weather::Swallows | Weather::Fails | Weather::Refuses(_) => {
            std::future::pending().await
        }
    }
}
