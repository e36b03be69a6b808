//! Lists that GraphQL gives out in pages, read whole.

use serde_json::Value;

use super::{Remote, not_ours};
use crate::cli::Failure;

impl Remote {
    /// Every node of the connection at `pointer` (RFC 6901) in the data of `query`, or the first
    /// `limit` of them. The query takes its cursor as `$after`, and asks for `nodes` and for
    /// `pageInfo { hasNextPage endCursor }`. Nothing where there is no such connection.
    pub async fn nodes(
        &self,
        query: &str,
        mut variables: Value,
        pointer: &str,
        limit: usize,
    ) -> Result<Vec<Value>, Failure> {
        let mut nodes = Vec::new();
        loop {
            let mut data: Value = self.graphql(query, variables.clone()).await?;
            let Some(page) = data.pointer_mut(pointer) else {
                return Ok(nodes);
            };
            let Value::Array(some) = page["nodes"].take() else {
                let error = format!("{pointer} has no nodes");
                return Err(not_ours(&self.queries, &error));
            };
            nodes.extend(some);
            let info = &page["pageInfo"];
            if info["hasNextPage"] != true || nodes.len() >= limit {
                nodes.truncate(limit);
                return Ok(nodes);
            }
            variables["after"] = info["endCursor"].clone();
        }
    }
}
