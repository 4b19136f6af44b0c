//! As much HTTP/1.1 as the tests speak: one request a connection, no redirects followed, cookies by hand.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The head, as it came.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: String,
}

impl Answer {
    /// Every value of a header.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect()
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers(name)
            .first()
            .copied()
            .unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Reads what a server sent until it closed the connection.
    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .expect("a status line");
        let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        let body = if chunked { unchunked(body) } else { body.to_owned() };
        Self {
            status,
            head: head.to_owned(),
            body,
        }
    }
}

fn unchunked(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).expect("a chunk's size");
        body.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
        if size == 0 {
            break;
        }
    }
    body
}

/// A connection that gives up at some time, so that a hanging server fails the test.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a timeout can be set");
    stream
}

/// Sends a request and reads the answer.
pub(crate) fn send(address: SocketAddr, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = connect(address);
    stream
        .write_all(request(line, headers, body).as_bytes())
        .expect("the request can be sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("the answer can be read");
    Answer::parse(&text)
}

/// A request as text.
pub(crate) fn request(line: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            text.push_str("content-type: application/x-www-form-urlencoded\r\n");
        }
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    format!("{text}\r\n{body}")
}

/// GET without anything.
pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    send(address, &format!("GET {path}"), &[], "")
}

/// POST of a form by somebody who is no browser.
pub(crate) fn post(address: SocketAddr, path: &str, body: &str) -> Answer {
    send(address, &format!("POST {path}"), &[], body)
}

/// A form's text.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(pairs);
    text.finish()
}

/// A browser as far as the sign-in needs one: it keeps cookies and says that its forms come from the same site.
#[derive(Debug)]
pub(crate) struct Browser {
    address: SocketAddr,
    issuer: String,
    /// Name and value of every cookie.
    pub(crate) cookies: Vec<(String, String)>,
}

impl Browser {
    /// A new one.
    pub(crate) fn new(address: SocketAddr, issuer: &str) -> Self {
        Self {
            address,
            issuer: issuer.to_owned(),
            cookies: Vec::new(),
        }
    }

    /// Opens a path, or an address of the issuer.
    pub(crate) fn open(&mut self, place: &str) -> Answer {
        self.go("GET", place, "")
    }

    /// Sends a form.
    pub(crate) fn submit(&mut self, place: &str, pairs: &[(&str, &str)]) -> Answer {
        self.go("POST", place, &form(pairs))
    }

    fn go(&mut self, method: &str, place: &str, body: &str) -> Answer {
        let path = place.strip_prefix(&self.issuer).unwrap_or(place);
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = cookies.join("; ");
        let mut headers = vec![
            ("sec-fetch-site", "same-origin"),
            ("origin", self.issuer.as_str()),
        ];
        if !cookies.is_empty() {
            headers.push(("cookie", &cookies));
        }
        let answer = send(self.address, &format!("{method} {path}"), &headers, body);
        for cookie in answer.headers("set-cookie") {
            let (name, value) = cookie
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='))
                .expect("a cookie");
            self.cookies.retain(|(other, _)| other != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        answer
    }

    /// Goes through the authorization request, the sign-in and the consent; answers the address at the client.
    pub(crate) fn authorize(&mut self, request: &str, username: &str, password: &str) -> String {
        let mut place = self.open(request).header("location").to_owned();
        for _ in 0..4 {
            let answer = match place.strip_prefix(&self.issuer).unwrap_or(&place) {
                path if path.starts_with("/login") => {
                    let flow = hidden(&self.open(&place), "flow");
                    self.submit(
                        "/login",
                        &[("flow", &flow), ("username", username), ("password", password)],
                    )
                }
                path if path.starts_with("/consent") => {
                    let flow = hidden(&self.open(&place), "flow");
                    self.submit("/consent", &[("flow", &flow), ("answer", "allow")])
                }
                path if path.starts_with('/') => self.open(&place),
                _ => return place,
            };
            assert_eq!(answer.status, 303, "{answer:?}");
            place = answer.header("location").to_owned();
        }
        panic!("the flow does not end: {place}");
    }
}

/// The value of a hidden field.
fn hidden(page: &Answer, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let (_, rest) = page
        .body
        .split_once(&start)
        .unwrap_or_else(|| panic!("no field {name}: {page:?}"));
    rest.split('"').next().expect("a value").to_owned()
}
