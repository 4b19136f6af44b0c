//! The smallest HTTP client that serves: one request a connection, plain text whatever the scheme, loopback alone. No
//! redirects.

use openidconnect::{HttpRequest, HttpResponse};
use std::io::{Error, Read, Write};
use std::net::TcpStream;

/// Sends a request and reads the answer to its end.
pub fn send(request: HttpRequest) -> Result<HttpResponse, Error> {
    let (parts, body) = request.into_parts();
    let host = parts.uri.host().ok_or_else(|| Error::other("no host"))?;
    if host != "localhost" {
        return Err(Error::other("only to the server under test"));
    }
    let port = parts.uri.port_u16().unwrap_or(80);
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut head = format!(
        "{} {path} HTTP/1.0\r\nhost: {host}:{port}\r\ncontent-length: {}\r\n",
        parts.method,
        body.len()
    );
    for (name, value) in &parts.headers {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().map_err(Error::other)?));
    }
    head.push_str("\r\n");
    let mut connection = TcpStream::connect((host, port))?;
    connection.write_all(head.as_bytes())?;
    connection.write_all(&body)?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    parse(&answer)
}

fn parse(answer: &[u8]) -> Result<HttpResponse, Error> {
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .ok_or_else(|| Error::other("no end of headers"))?;
    let (head, body) = answer.split_at(end);
    let head = std::str::from_utf8(head).map_err(Error::other)?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .ok_or_else(|| Error::other("no status"))?;
    let mut response = http::Response::builder().status(status);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        response = response.header(name, value.trim());
    }
    response
        .body(body.get(4..).unwrap_or_default().to_vec())
        .map_err(Error::other)
}
