//! Path and query parameters, refused as problems that name the parameter.

use axum::{
    extract::{
        FromRequestParts, Path, Query,
        rejection::{PathRejection, QueryRejection},
    },
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The path's parameters.
#[derive(Clone, Copy, Debug)]
pub struct PathParams<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Path::from_request_parts(parts, state).await;
        read.map(|Path(params)| Self(params))
            .map_err(|rejection: PathRejection| {
                malformed("request.path_invalid", rejection.body_text())
            })
    }
}

/// The query's parameters.
#[derive(Clone, Copy, Debug)]
pub struct QueryParams<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Query::from_request_parts(parts, state).await;
        read.map(|Query(params)| Self(params))
            .map_err(|rejection: QueryRejection| {
                malformed("request.query_invalid", rejection.body_text())
            })
    }
}

fn malformed(code: &'static str, detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, code).detail(detail)
}
