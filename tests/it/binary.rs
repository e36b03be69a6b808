//! The binary under test: run to its end, or as a server on a port of its own.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
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

pub(crate) fn http() -> reqwest::Client {
    orderlog_web::client::builder().build().unwrap()
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

/// A running shop, of one process or of several; killed when dropped.
pub(crate) struct Server {
    processes: Vec<Process>,
    /// Where it takes commands.
    pub(crate) base: String,
    /// Where it answers queries.
    pub(crate) queries: String,
}

impl Server {
    /// Starts a server of all roles and waits until it says where it listens.
    pub(crate) fn start(data_dir: &Path, arguments: &[&str]) -> Self {
        let command = orderlog(data_dir, &[&["serve"], arguments].concat());
        Self::of_roles([command])
    }

    /// Starts processes of which the first takes commands and the last answers queries, and waits
    /// until each says where it listens.
    pub(crate) fn of_roles(commands: impl IntoIterator<Item = Command>) -> Self {
        let started: Vec<_> = commands.into_iter().map(Process::spawn).collect();
        let processes: Vec<_> = started.into_iter().map(Process::listening).collect();
        let base = |process: Option<&Process>| process.unwrap().base.clone();
        Self {
            base: base(processes.first()),
            queries: base(processes.last()),
            processes,
        }
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(mut self) {
        for process in &mut self.processes {
            process.child.kill().unwrap();
        }
        for process in &mut self.processes {
            process.child.wait().unwrap();
        }
    }

    /// Asks it to stop and waits until it has; whether all of it ended well.
    pub(crate) fn terminate(mut self) -> bool {
        for process in &self.processes {
            let pid = process.child.id().to_string();
            let told = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
            assert!(told.success());
        }
        let ended = |process: &mut Process| process.child.wait().unwrap().success();
        self.processes.iter_mut().all(ended)
    }

    /// Posts a command under a fresh idempotency key.
    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let key = uuid::Uuid::now_v7().to_string();
        self.post_under(&key, path, body).await
    }

    /// Posts a command under this idempotency key.
    pub(crate) async fn post_under(&self, key: &str, path: &str, body: Value) -> (u16, Value) {
        let answer = http()
            .post(format!("{}/api/v1{path}", self.base))
            .header("Idempotency-Key", key)
            .json(&body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let answer = http()
            .get(format!("{}/api/v1{path}", self.base))
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// What `/metrics` of the process that answers queries shows.
    pub(crate) async fn metrics(&self) -> String {
        let answer = http().get(format!("{}/metrics", self.queries)).send().await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    }

    /// A command of the binary that is a client of this shop.
    pub(crate) fn client(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_orderlog"));
        command
            .args(arguments)
            .env("ORDERLOG_SERVER", &self.base)
            .env("ORDERLOG_QUERY_SERVER", &self.queries)
            .env_remove("ORDERLOG_LOG")
            .stdin(Stdio::null());
        command
    }

    /// A GraphQL query that must succeed, read behind the write of `token` where given: asked again
    /// while the rows have not come so far, as they have not while processes only start.
    pub(crate) async fn query(&self, query: &str, token: Option<&str>) -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let answer = self.answer(query, token).await;
            let behind = answer["errors"][0]["extensions"]["code"] == "PROJECTION_BEHIND";
            if !behind || Instant::now() > deadline {
                assert!(answer["errors"].is_null(), "{answer}");
                return answer["data"].clone();
            }
        }
    }

    /// The whole answer to a GraphQL query.
    pub(crate) async fn answer(&self, query: &str, token: Option<&str>) -> Value {
        let mut request = http()
            .post(format!("{}/graphql", self.queries))
            .header("Prefer", "wait=3")
            .json(&serde_json::json!({ "query": query }));
        if let Some(token) = token {
            request = request.header("Consistency-Token", token);
        }
        request.send().await.unwrap().json().await.unwrap()
    }
}

/// One process of a shop; killed when dropped.
struct Process {
    child: Child,
    base: String,
}

impl Process {
    fn spawn(mut command: Command) -> Child {
        command
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Waits until it says where it listens.
    fn listening(mut child: Child) -> Self {
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let base = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let found = line.split_once("http://").map(|(_, rest)| {
                let address = |one: &char| one.is_ascii_digit() || matches!(one, '.' | ':');
                format!(
                    "http://{}",
                    rest.chars().take_while(address).collect::<String>()
                )
            });
            said.push(line);
            found
        });
        let base = base.unwrap_or_else(|| panic!("it does not say where it listens: {said:?}"));
        // A full pipe would stop the process.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { child, base }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
