//! Holds the edges between the crates and the form of the files: who may know whom, how long a file
//! may be, how it begins and what it may be called. A rule broken here is a design decision broken.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// Every crate of the workspace and the crates of the workspace that it depends on, for its tests
/// as well.
const EDGES: &[(&str, &[&str])] = &[
    ("orderlog-domain", &[]),
    ("orderlog-log", &[]),
    ("orderlog-runtime", &["orderlog-log"]),
    ("orderlog-web", &["orderlog-log"]),
    (
        "orderlog-command-api",
        &[
            "orderlog-domain",
            "orderlog-log",
            "orderlog-runtime",
            "orderlog-web",
        ],
    ),
    (
        "orderlog-projections",
        &["orderlog-domain", "orderlog-log", "orderlog-runtime"],
    ),
    (
        "orderlog-query-api",
        &[
            "orderlog-domain",
            "orderlog-log",
            "orderlog-projections",
            "orderlog-runtime",
            "orderlog-web",
        ],
    ),
    (
        "orderlog",
        &[
            "orderlog-command-api",
            "orderlog-domain",
            "orderlog-log",
            "orderlog-projections",
            "orderlog-query-api",
            "orderlog-runtime",
            "orderlog-web",
        ],
    ),
    ("orderlog-bench", &["orderlog"]),
];

/// What would make the domain impure: runtimes, HTTP, storage, clocks of others, randomness.
const IMPURE: &[&str] = &[
    "tokio",
    "async-trait",
    "axum",
    "futures",
    "hyper",
    "rand",
    "reqwest",
    "rusqlite",
    "sqlx",
    "tracing",
];

/// Crates that speak SQL; only engines may.
const SQL: &[&str] = &[
    "rusqlite",
    "sqlx",
    "postgres-es",
    "tokio-postgres",
    "diesel",
];

/// Crates that may speak SQL: the engines, and the yardsticks for them.
const ENGINES: &[&str] = &["orderlog-log", "orderlog-runtime", "orderlog-bench"];

/// The longest that a file may be, tests included.
const LONGEST_FILE: usize = 400;

/// Names that say nothing about what is inside.
const BANNED_NAMES: &[&str] = &[
    "common", "core", "helper", "helpers", "manager", "misc", "types", "util", "utils",
];

#[test]
fn every_crate_depends_on_exactly_the_crates_that_it_may_know() {
    let expected: BTreeMap<_, BTreeSet<_>> = EDGES
        .iter()
        .map(|(from, to)| {
            (
                (*from).to_owned(),
                to.iter().map(|name| (*name).to_owned()).collect(),
            )
        })
        .collect();
    let packages = packages();
    let ours: BTreeSet<_> = packages
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    let found: BTreeMap<_, BTreeSet<_>> = packages
        .iter()
        .map(|package| {
            let known = package
                .dependencies
                .iter()
                .map(|dependency| dependency.name.clone())
                .filter(|name| ours.contains(name))
                .collect();
            (package.name.to_string(), known)
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn the_domain_is_pure() {
    assert_eq!(forbidden("orderlog-domain", IMPURE), BTreeSet::new());
}

#[test]
fn only_engines_speak_sql() {
    for package in packages()
        .iter()
        .filter(|package| !ENGINES.contains(&package.name.as_str()))
    {
        assert_eq!(
            forbidden(&package.name, SQL),
            BTreeSet::new(),
            "{}",
            package.name
        );
    }
}

#[test]
fn no_file_is_longer_than_400_lines() {
    refuse(|file| file.text.lines().count() > LONGEST_FILE);
}

#[test]
fn every_module_says_what_it_is_for() {
    refuse(|file| !file.text.starts_with("//! "));
}

#[test]
fn nothing_is_unsafe() {
    // The word is put together here, so that this file is not its own offender.
    let word = ["un", "safe "].concat();
    refuse(|file| {
        file.text
            .lines()
            .any(|line| !line.trim_start().starts_with("//") && line.contains(&word))
    });
}

#[test]
fn every_file_name_says_something() {
    refuse(|file| {
        file.path
            .iter()
            .filter_map(|part| part.to_str())
            .any(|part| BANNED_NAMES.contains(&part.trim_end_matches(".rs")))
    });
}

/// A source file of this workspace, its path relative to the root.
struct SourceFile {
    path: PathBuf,
    text: String,
}

fn refuse(broken: impl Fn(&SourceFile) -> bool) {
    let files = source_files();
    assert!(
        files.len() > 50,
        "only {} source files were found",
        files.len()
    );
    let offenders: Vec<_> = files
        .into_iter()
        .filter(|file| broken(file))
        .map(|file| file.path)
        .collect();
    assert_eq!(offenders, Vec::<PathBuf>::new());
}

fn source_files() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut folders = vec![root.join("src"), root.join("tests")];
    for package in packages() {
        let folder = package
            .manifest_path
            .parent()
            .expect("a manifest lies in a folder")
            .as_std_path()
            .to_owned();
        if folder != root {
            folders.push(folder);
        }
    }
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the workspace can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file is UTF-8");
                let path = path
                    .strip_prefix(root)
                    .expect("all crates lie below the root")
                    .to_owned();
                files.push(SourceFile { path, text });
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn packages() -> Vec<Package> {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .expect("cargo metadata");
    metadata.packages
}

/// Which of these crates it is built with; what only its tests use does not count.
fn forbidden(crate_name: &str, names: &[&str]) -> BTreeSet<String> {
    let packages = packages();
    let package = packages
        .iter()
        .find(|package| package.name.as_str() == crate_name)
        .expect("the crate is in the workspace");
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .map(|dependency| dependency.name.clone())
        .filter(|name| names.contains(&name.as_str()))
        .collect()
}
