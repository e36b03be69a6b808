//! A PostgreSQL server of one test's own, which it may stop and start.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// Runs as long as this value.
pub(crate) struct Cluster {
    programs: PathBuf,
    directory: TempDir,
    pub(crate) url: String,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let programs = programs();
        let directory = tempfile::tempdir().expect("a directory");
        let port = free_port();
        let cluster = Self {
            programs,
            directory,
            url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        };
        if is_root() {
            let path = cluster.directory.path();
            succeed(Command::new("chown").arg("postgres").arg(path));
        }
        let data = cluster.data();
        let init = ["--auth=trust", "--username=postgres", "--no-sync", "-D"];
        succeed(cluster.program("initdb").args(init).arg(&data));
        let settings = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={}",
            cluster.directory.path().display()
        );
        cluster.control(&["start", "-w", "-o", &settings]);
        cluster
    }

    /// Stops the server as a crash does, and starts it again.
    pub(crate) fn crash_and_restart(&self) {
        self.control(&["restart", "-w", "-m", "immediate"]);
    }

    fn control(&self, arguments: &[&str]) {
        let log = self.directory.path().join("log");
        let mut control = self.program("pg_ctl");
        control.args(arguments).arg("-D").arg(self.data());
        succeed(control.arg("-t").arg("120").arg("-l").arg(log));
    }

    /// PostgreSQL refuses to run as root.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir("/");
        command
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "-m", "immediate", "-D"])
            .arg(self.data());
        // Where it does not run any more there is nothing to stop.
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Where `initdb` and `pg_ctl` are: Debian keeps them off the path.
fn programs() -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let debian = debian.flatten().map(|version| version.path().join("bin"));
    let asked = Command::new("pg_config").arg("--bindir").output();
    let asked = asked
        .ok()
        .map(|it| String::from_utf8_lossy(&it.stdout).trim().into());
    asked
        .into_iter()
        .chain(debian)
        .find(|path: &PathBuf| path.join("initdb").is_file())
        .expect("initdb is neither where pg_config says nor in /usr/lib/postgresql/*/bin")
}

fn succeed(command: &mut Command) {
    let log = tempfile::NamedTempFile::new().expect("a file");
    let output = log.reopen().expect("a file");
    // Not a pipe: the server would keep it open.
    let command = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(output);
    let status = command.status().expect("it runs");
    let said = std::fs::read_to_string(log.path()).unwrap_or_default();
    assert!(status.success(), "{command:?}: {said}");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|process| process.uid() == 0)
}
