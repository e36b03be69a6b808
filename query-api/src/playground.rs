//! GraphiQL, embedded whole: it works without a network. Its assets have their hash in their names
//! and are kept by browsers for good; the page itself is asked for again each time.

use axum::{
    extract::Path,
    http::{
        HeaderMap, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS},
    },
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../console/dist"]
struct Dist;

/// `GET /playground`.
pub(crate) async fn page(headers: HeaderMap) -> Response {
    served("playground.html", "no-cache", &headers)
}

/// `GET /assets/{file}`.
pub(crate) async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    served(
        &format!("assets/{file}"),
        "public, max-age=31536000, immutable",
        &headers,
    )
}

fn served(path: &str, caching: &'static str, headers: &HeaderMap) -> Response {
    // Builds for development read the folder itself; a name in it never leads upwards.
    let file = Dist::get(path).filter(|_| !path.contains(".."));
    let Some(file) = file else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = tag(&file);
    let known = headers
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let kept = [(CACHE_CONTROL, caching.to_owned()), (ETAG, tag.clone())];
    if known.is_some_and(|known| known.contains(&tag)) {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    let described = [
        (CONTENT_TYPE, content_type(path)),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (kept, described, file.data).into_response()
}

fn tag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let digits: String = hash
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{digits}\"")
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        _ => "text/plain; charset=utf-8",
    }
}
