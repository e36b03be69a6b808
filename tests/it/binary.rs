//! The binary under test: run to its end, or as a server on a port of its own.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

pub(crate) fn orderlog(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orderlog"));
    command
        .args(arguments)
        .arg("--data-dir")
        .arg(data_dir)
        .env_remove("ORDERLOG_LOG")
        .stdin(Stdio::null());
    command
}

/// Runs a command to its end; answers what it printed.
pub(crate) fn run(data_dir: &Path, arguments: &[&str]) -> Output {
    orderlog(data_dir, arguments).output().unwrap()
}

/// Runs a command that must succeed and print JSON.
pub(crate) fn run_json(data_dir: &Path, arguments: &[&str]) -> Value {
    let output = run(data_dir, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) base: String,
}

impl Server {
    /// Starts a server and waits until it says where it listens.
    pub(crate) fn start(data_dir: &Path, arguments: &[&str]) -> Self {
        let mut child = orderlog(
            data_dir,
            &[&["serve", "--listen", "127.0.0.1:0"], arguments].concat(),
        )
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let base = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, rest) = line.split_once("playground http://")?;
                Some(format!("http://{}", rest.split_once('/')?.0))
            })
            .expect("the server says where it listens");
        // A full pipe would stop the server.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { child, base }
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn terminate(mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap()
    }

    /// Posts a command under a fresh idempotency key.
    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let key = uuid::Uuid::now_v7().to_string();
        self.post_under(&key, path, body).await
    }

    /// Posts a command under this idempotency key.
    pub(crate) async fn post_under(&self, key: &str, path: &str, body: Value) -> (u16, Value) {
        let answer = reqwest::Client::new()
            .post(format!("{}/api/v1{path}", self.base))
            .header("Idempotency-Key", key)
            .json(&body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let answer = reqwest::get(format!("{}/api/v1{path}", self.base))
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// A GraphQL query that must succeed, read behind the write of `token` where given.
    pub(crate) async fn query(&self, query: &str, token: Option<&str>) -> Value {
        let mut request = reqwest::Client::new()
            .post(format!("{}/graphql", self.base))
            .json(&serde_json::json!({ "query": query }));
        if let Some(token) = token {
            request = request.header("Consistency-Token", token);
        }
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"].clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
