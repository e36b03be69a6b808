//! The processes of the shop. Each has a keeper that starts it, kills it when told, and starts it
//! again whenever it is gone, as a service manager would.

use std::{
    fs::{File, OpenOptions},
    net::TcpListener,
    path::PathBuf,
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    process::{Child, Command},
    sync::mpsc,
    task::JoinSet,
};
use uuid::Uuid;

use crate::{finding::Finding, servers::Servers};

const ROLES: [&str; 10] = [
    "command-api",
    "command-api",
    "relay",
    "relay",
    "projector",
    "projector",
    "projector",
    "process",
    "process",
    "query-api",
];

/// How long the keeper waits before it starts a process again that has ended by itself.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a process that was frozen may go on before it can be killed.
const THAW: Duration = Duration::from_secs(2);

pub(crate) struct Shop {
    keepers: Vec<Keeper>,
    fell: Arc<Mutex<Vec<Fall>>>,
    // Killed when dropped.
    _processes: JoinSet<()>,
}

/// A process that ended without having been killed.
#[derive(Clone, Debug)]
pub(crate) struct Fall {
    pub(crate) role: &'static str,
    /// Whether it had come so far as to say where it listens: one that finds no server when it starts
    /// ends and says so, one that runs waits.
    pub(crate) ran: bool,
    /// How it ended and what it said last.
    pub(crate) said: String,
}

impl Fall {
    pub(crate) fn finding(&self) -> Finding {
        let (role, said) = (self.role, self.said.clone());
        Finding::Fell { role, said }
    }
}

struct Keeper {
    role: &'static str,
    base: String,
    told: mpsc::Sender<Told>,
}

/// What a keeper is told to do with its process.
enum Told {
    /// Kill it with SIGKILL and start it again after so long.
    Kill(Duration),
    /// Stop it for so long, and let it go on.
    Freeze(Duration),
}

impl Shop {
    pub(crate) fn start(servers: &Servers) -> Self {
        let mut shop = Self {
            keepers: Vec::new(),
            fell: Arc::default(),
            _processes: JoinSet::new(),
        };
        for (number, role) in ROLES.into_iter().enumerate() {
            let address = format!("127.0.0.1:{}", free_port());
            let mut command = servers.command(&[role, "--listen", &address]);
            let log = servers.logs().join(format!("{number}-{role}.log"));
            command.stdin(Stdio::null()).stdout(Stdio::null());
            // So that a kill is over before the next is sent.
            let (tell, told) = mpsc::channel(1);
            let fell = Arc::clone(&shop.fell);
            shop._processes.spawn(keep(role, command, log, told, fell));
            let base = format!("http://{address}");
            shop.keepers.push(Keeper {
                role,
                base,
                told: tell,
            });
        }
        shop
    }

    /// Addresses of the processes of a role.
    pub(crate) fn bases(&self, role: &str) -> Vec<String> {
        let of_role = self.keepers.iter().filter(|keeper| keeper.role == role);
        of_role.map(|keeper| keeper.base.clone()).collect()
    }

    pub(crate) fn processes(&self) -> usize {
        self.keepers.len()
    }

    /// Those that follow partitions.
    pub(crate) fn followers(&self) -> Vec<usize> {
        let follows =
            |number: &usize| matches!(self.keepers[*number].role, "projector" | "process");
        (0..self.keepers.len()).filter(follows).collect()
    }

    /// Has a process killed as soon as it runs, and started again after `pause`; answers its role.
    pub(crate) async fn kill(&self, number: usize, pause: Duration) -> &'static str {
        let keeper = &self.keepers[number];
        keeper.told.send(Told::Kill(pause)).await.unwrap();
        keeper.role
    }

    /// Has a process stopped for `span`; answers its role. What it held is meanwhile given to others, of
    /// which it knows nothing when it goes on.
    pub(crate) async fn freeze(&self, number: usize, span: Duration) -> &'static str {
        let keeper = &self.keepers[number];
        keeper.told.send(Told::Freeze(span)).await.unwrap();
        keeper.role
    }

    /// Waits until every kill is done and the process started again.
    pub(crate) async fn whole(&self) {
        let client = orderlog_web::client::builder().build().unwrap();
        for keeper in &self.keepers {
            while keeper.told.capacity() == 0 || !lives(&client, &keeper.base).await {
                tokio::time::sleep(PAUSE / 5).await;
            }
        }
    }

    pub(crate) fn fell(&self) -> Vec<Fall> {
        self.fell.lock().clone()
    }
}

async fn lives(client: &reqwest::Client, base: &str) -> bool {
    let answer = client.get(format!("{base}/livez")).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

async fn keep(
    role: &'static str,
    mut command: Command,
    log: PathBuf,
    mut told: mpsc::Receiver<Told>,
    fell: Arc<Mutex<Vec<Fall>>>,
) {
    loop {
        let file = appended(&log);
        let start = file.metadata().unwrap().len();
        let mut child: Child = command.stderr(file).spawn().unwrap();
        let pause = loop {
            tokio::select! {
                ended = child.wait() => {
                    let life = std::fs::read(&log).unwrap().split_off(start as usize);
                    let life = String::from_utf8_lossy(&life);
                    let last = life.lines().last().unwrap_or_default();
                    let ran = life.contains(" listens at ");
                    let said = format!("{}: {last}", ended.unwrap());
                    fell.lock().push(Fall { role, ran, said });
                    break PAUSE;
                }
                told = told.recv() => match told {
                    Some(Told::Kill(pause)) => {
                        child.kill().await.unwrap();
                        break pause;
                    }
                    Some(Told::Freeze(span)) => {
                        signal(&child, "-STOP").await;
                        tokio::time::sleep(span).await;
                        signal(&child, "-CONT").await;
                        tokio::time::sleep(THAW).await;
                    }
                    None => return,
                },
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn signal(child: &Child, signal: &str) {
    let pid = child.id().unwrap().to_string();
    let told = Command::new("kill").args([signal, &pid]).status().await;
    assert!(told.unwrap().success());
}

fn appended(log: &PathBuf) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .unwrap()
}

/// A port that is free now, below those that the system gives out by itself and apart from those that
/// `scripts/services` takes: the process comes back to it again and again.
fn free_port() -> u16 {
    let mut ports = std::iter::repeat_with(|| 10_000 + (Uuid::new_v4().as_u128() % 10_000) as u16);
    ports
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}
