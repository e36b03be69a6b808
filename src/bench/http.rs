//! One keep-alive HTTP/1.1 connection that does no more than the load needs. Client and server
//! share the machine's cores, so what a full client spends would be missing from what is measured.

use std::{io, str};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// A connection to one server.
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

/// What the server answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Connection {
    /// Connects to `host`, a name or address with its port.
    pub async fn open(host: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            host: host.to_owned(),
        })
    }

    /// Posts JSON under an Idempotency-Key and reads the answer.
    pub async fn post(&mut self, path: &str, key: &str, json: &str) -> io::Result<Answer> {
        let header = format!("idempotency-key: {key}\r\n");
        self.send(path, &header, json).await
    }

    /// Asks GraphQL, behind the write of `token`, and reads the answer; the server is to wait for it
    /// as long as it ever does.
    pub async fn query(&mut self, token: &str, json: &str) -> io::Result<Answer> {
        let headers = format!("consistency-token: {token}\r\nprefer: wait=10\r\n");
        self.send("/graphql", &headers, json).await
    }

    async fn send(&mut self, path: &str, headers: &str, json: &str) -> io::Result<Answer> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\n{headers}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{json}",
            self.host,
            json.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> io::Result<Answer> {
        let status = self.line().await?;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| malformed("no status"))?;
        let mut length = None;
        loop {
            let header = self.line().await?;
            match header.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().ok();
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length.ok_or_else(|| malformed("no Content-Length"))?];
        self.stream.read_exact(&mut body).await?;
        Ok(Answer { status, body })
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line),
        }
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the server's answer has {what}"),
    )
}

#[cfg(test)]
mod tests {
    use axum::{Router, http::StatusCode, routing::post};

    use super::*;

    #[tokio::test]
    async fn a_connection_carries_one_request_after_the_other() {
        let echo = Router::new().route(
            "/echo",
            post(async |body: String| (StatusCode::CREATED, body)),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let host = listener.local_addr().expect("an address").to_string();
        tokio::spawn(async move { axum::serve(listener, echo).await });

        let mut connection = Connection::open(&host).await.expect("connected");
        for text in ["{}", "[1,2,3]"] {
            let answer = connection
                .post("/echo", "key", text)
                .await
                .expect("answered");
            assert_eq!(
                answer,
                Answer {
                    status: 201,
                    body: text.into()
                }
            );
        }
    }
}
