//! What the commands share that are clients of a running system: where it is, and calls to its REST
//! resources and to GraphQL. Invariant: whatever goes wrong on the way becomes one [`Failure`], which
//! names the address that was asked, and whose exit code says what kind of thing went wrong.

mod paging;

use std::{error::Error, time::Duration};

use clap::Args;
use orderlog_web::{client, idempotency, problem::Document};
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::Failure;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// Where the running system is.
#[derive(Clone, Debug, Args)]
pub struct RemoteArgs {
    /// Address of a process that takes commands, such as one of `orderlog serve`.
    #[arg(
        long,
        env = "ORDERLOG_SERVER",
        default_value = "http://127.0.0.1:8080",
        value_parser = address,
        value_name = "URL"
    )]
    server: Url,

    /// Address of a process that answers queries; without it that of --server.
    #[arg(long, env = "ORDERLOG_QUERY_SERVER", value_parser = address, value_name = "URL")]
    query_server: Option<Url>,
}

/// A running system. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Remote {
    http: reqwest::Client,
    commands: Url,
    queries: Url,
}

impl RemoteArgs {
    /// The system there; nothing is asked yet.
    pub fn remote(&self) -> Result<Remote, Failure> {
        let queries = self.query_server.as_ref().unwrap_or(&self.server).clone();
        let commands = Remote::at(self.server.clone())?;
        Ok(Remote {
            queries,
            ..commands
        })
    }
}

impl Remote {
    /// The system at one address; nothing is asked yet.
    pub fn at(address: Url) -> Result<Self, Failure> {
        let http = client::builder()
            .timeout(ANSWER)
            .build()
            .map_err(|error| Failure::failed(root(&error)))?;
        Ok(Self {
            http,
            commands: address.clone(),
            queries: address,
        })
    }

    /// Sends what is no command of the domain to `path` below `/api/v1`.
    pub async fn post_plain<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let url = below(&self.commands, &["api", "v1"], path);
        answered(&self.commands, self.http.post(url).json(body)).await
    }

    /// Deletes what lies at `path` below `/api/v1`, or asks for its end.
    pub async fn delete(&self, path: &[&str]) -> Result<(), Failure> {
        let url = below(&self.commands, &["api", "v1"], path);
        sent(&self.commands, self.http.delete(url)).await?;
        Ok(())
    }

    /// The resource at `path` below `/api/v1`, segment by segment, with these query parameters.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        parameters: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let mut url = below(&self.commands, &["api", "v1"], path);
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        answered(&self.commands, self.http.get(url)).await
    }

    /// Sends a command to `path` below `/api/v1` in the name of `actor`. The same `key` with the same
    /// command is carried out once, however often it is sent.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        key: &str,
        actor: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let url = below(&self.commands, &["api", "v1"], path);
        let request = self.http.post(url).json(body);
        let request = request
            .header(idempotency::HEADER, key)
            .header("x-actor", actor);
        answered(&self.commands, request).await
    }

    /// The data that answers a GraphQL query.
    pub async fn graphql<T: DeserializeOwned>(
        &self,
        query: &str,
        variables: Value,
    ) -> Result<T, Failure> {
        let url = below(&self.queries, &["graphql"], &[]);
        let asked = json!({ "query": query, "variables": variables });
        let answer: Answer = answered(&self.queries, self.http.post(url).json(&asked)).await?;
        match answer.errors.into_iter().next() {
            Some(error) => Err(error.into()),
            None => serde_json::from_value(answer.data)
                .map_err(|error| not_ours(&self.queries, &error.to_string())),
        }
    }
}

/// Prints what tools read.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value);
    println!(
        "{}",
        text.map_err(|error| Failure::failed(error.to_string()))?
    );
    Ok(())
}

/// An address of ours in an argument.
pub(super) fn address(text: &str) -> Result<Url, String> {
    let mend = "an address is http://HOST:PORT or https://HOST";
    let url = Url::parse(text).map_err(|error| format!("{error}; {mend}"))?;
    match (url.scheme(), url.cannot_be_a_base()) {
        ("http" | "https", false) => Ok(url),
        _ => Err(mend.to_owned()),
    }
}

/// What lies at `path` below `prefix` of an address, which may itself lie below a path.
fn below(address: &Url, prefix: &[&str], path: &[&str]) -> Url {
    let mut url = address.clone();
    url.set_query(None);
    // Addresses are http, so they have segments.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(prefix).extend(path);
    }
    url
}

async fn answered<T: DeserializeOwned>(
    address: &Url,
    request: RequestBuilder,
) -> Result<T, Failure> {
    let body = sent(address, request).await?;
    serde_json::from_slice(&body).map_err(|error| not_ours(address, &error.to_string()))
}

/// The body of an answer that is no refusal.
async fn sent(address: &Url, request: RequestBuilder) -> Result<Vec<u8>, Failure> {
    let answer = request
        .send()
        .await
        .map_err(|error| silent(address, &error))?;
    let status = answer.status();
    let body = answer
        .bytes()
        .await
        .map_err(|error| silent(address, &error))?;
    if !status.is_success() {
        return Err(refused(address, status, &body));
    }
    Ok(body.into())
}

fn silent(address: &Url, error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        let seconds = ANSWER.as_secs();
        return Failure::timed_out(format!("{address} did not answer within {seconds} s"));
    }
    let cause = root(error);
    Failure::unreachable(format!(
        "{address} does not answer: {cause}; give the address of a running orderlog with --server or --query-server"
    ))
}

fn not_ours(address: &Url, error: &str) -> Failure {
    Failure::failed(format!(
        "{address} answers what this orderlog does not understand: {error}; is it of the same version?"
    ))
}

fn refused(address: &Url, status: StatusCode, body: &[u8]) -> Failure {
    let document: Option<Document> = serde_json::from_slice(body).ok();
    let message = match &document {
        Some(document) if document.code == "request.route_not_found" => {
            return Failure::usage(format!(
                "{address} does not serve this; give the address of a process that does with --server (commands) or --query-server (queries)"
            ));
        }
        Some(document) => in_one_line(document),
        None => format!("{address} answers {status}"),
    };
    match status.as_u16() {
        404 | 410 => Failure::not_found(message),
        409 | 412 => Failure::conflict(message),
        408 | 504 => Failure::timed_out(message),
        429 | 502 | 503 => Failure::unreachable(message),
        400..500 => Failure::usage(message),
        _ => Failure::failed(message),
    }
}

/// What is wrong, its code, and what could be done instead.
fn in_one_line(document: &Document) -> String {
    let what = document.detail.as_ref().unwrap_or(&document.title);
    let line = format!("{what} ({})", document.code);
    let allowed = document.extensions.get("allowed_commands");
    let allowed: Vec<&str> = allowed
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match allowed.as_slice() {
        [] => line,
        some => format!("{line}; possible now: {}", some.join(", ")),
    }
}

/// What began it: an HTTP client's own words only say that a request failed.
fn root(error: &reqwest::Error) -> String {
    let mut deepest: &dyn Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

/// An answer to a GraphQL query.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Vec<QueryError>,
}

#[derive(Deserialize)]
struct QueryError {
    message: String,
    #[serde(default)]
    extensions: Extensions,
}

#[derive(Default, Deserialize)]
struct Extensions {
    #[serde(default)]
    code: String,
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        match error.extensions.code.as_str() {
            "BAD_USER_INPUT" | "QUERY_TOO_COMPLEX" => Self::usage(error.message),
            "PROJECTION_BEHIND" => Self::timed_out(error.message),
            _ => Self::failed(error.message),
        }
    }
}

#[cfg(test)]
mod tests;
