//! Every stable code is documented, and nothing is documented that does not exist. The codes are
//! read from the sources: a refusal can't be forgotten that way.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use orderlog_domain::notification::NotificationKind;

use crate::server::Server;

/// What stands before the point in a code.
const AREAS: [&str; 18] = [
    "projection",
    "rebuild",
    "request",
    "idempotency",
    "precondition",
    "consistency",
    "command",
    "server",
    "storage",
    "product",
    "stock",
    "order",
    "payment",
    "fulfilment",
    "notification",
    "contact",
    "webhook",
    "read_model",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Codes between a pair of `quote`s in a text.
fn codes(text: &str, quote: char) -> BTreeSet<String> {
    let is_code = |word: &&str| {
        word.split_once('.').is_some_and(|(area, name)| {
            AREAS.contains(&area)
                && !is_kind(word)
                && !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
        })
    };
    text.split(quote)
        .filter(is_code)
        .map(str::to_owned)
        .collect()
}

/// What notifications are about reads like a code, and is none.
fn is_kind(word: &str) -> bool {
    word.parse::<NotificationKind>().is_ok()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("tests.rs")
        {
            found.push(path);
        }
    }
}

#[test]
fn every_code_is_documented_and_every_documented_code_exists() {
    let mut files = Vec::new();
    for folder in [
        "domain/src",
        "infra/web/src",
        "command-api/src",
        "query-api/src",
    ] {
        sources(&root().join(folder), &mut files);
    }
    let defined: BTreeSet<String> = files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .flat_map(|text| codes(&text, '"'))
        .collect();
    let documented = codes(
        &fs::read_to_string(root().join("docs/errors.md")).unwrap(),
        '`',
    );
    let missing: Vec<_> = defined.difference(&documented).collect();
    let unknown: Vec<_> = documented.difference(&defined).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "not documented: {missing:?}; documented only: {unknown:?}"
    );
    assert!(defined.len() > 80, "the codes are found at all");
}

#[tokio::test]
async fn the_type_of_a_problem_leads_to_its_explanation() {
    let server = Server::new();
    let problem = server.get("/nowhere").await;
    let (page, code) = problem.body["type"]
        .as_str()
        .unwrap()
        .split_once('#')
        .unwrap();
    let request = axum::http::Request::get(page)
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(server.send(request).await.status, 200);
    assert!(
        fs::read_to_string(root().join("docs/errors.md"))
            .unwrap()
            .contains(&format!("`{code}`"))
    );
}
