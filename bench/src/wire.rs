//! HTTP/1.1 as a client speaks it: requests as bytes, answers read out of a buffer without a copy, and a client that
//! waits, for what is done once before the measuring.

use memchr::memmem;
use std::io::{Error, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Everything that is ours is somewhere below this.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer in the buffer.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub status: u16,
    pub head: &'a [u8],
    pub body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers(name).next()
    }

    /// All values of a header.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let lines = self.head.split(|byte| *byte == b'\n').skip(1);
        lines.filter_map(move |line| value_of(line.strip_suffix(b"\r").unwrap_or(line), name))
    }

    /// The text of a string member of a JSON body, when nothing in it is escaped.
    pub fn member(&self, quoted_name: &str) -> Option<&'a [u8]> {
        let at = memmem::find(self.body, quoted_name.as_bytes())? + quoted_name.len();
        let rest = self.body.get(at..)?.strip_prefix(b":")?;
        let rest = rest.strip_prefix(b" ").unwrap_or(rest).strip_prefix(b"\"")?;
        rest.get(..memchr::memchr(b'"', rest)?)
    }
}

fn value_of<'a>(line: &'a [u8], name: &str) -> Option<&'a str> {
    let (given, rest) = line.split_at_checked(name.len())?;
    if !given.eq_ignore_ascii_case(name.as_bytes()) {
        return None;
    }
    std::str::from_utf8(rest.strip_prefix(b":")?).ok().map(str::trim)
}

/// What stands in a buffer.
pub enum Read<'a> {
    /// One answer, and how many bytes it takes.
    Whole(Answer<'a>, usize),
    /// More has to come.
    Part,
    /// A body in chunks; [`dechunked`] reads it.
    Chunked {
        status: u16,
        head: &'a [u8],
        body: &'a [u8],
    },
    /// It is no HTTP.
    Garbage,
}

/// Reads the answer that stands at the beginning.
pub fn read(buffer: &[u8]) -> Read<'_> {
    let Some(end) = memmem::find(buffer, b"\r\n\r\n") else {
        return Read::Part;
    };
    let (head, body) = (&buffer[..end], &buffer[end + 4..]);
    let Some(status) = status(head) else {
        return Read::Garbage;
    };
    let answer = Answer {
        status,
        head,
        body: b"",
    };
    if status == 204 || status == 304 {
        return Read::Whole(answer, end + 4);
    }
    if let Some(length) = answer.header("content-length") {
        let Ok(length) = length.parse::<usize>() else {
            return Read::Garbage;
        };
        return match body.get(..length) {
            Some(body) => Read::Whole(Answer { body, ..answer }, end + 4 + length),
            None => Read::Part,
        };
    }
    if answer.header("transfer-encoding").is_some() {
        return Read::Chunked { status, head, body };
    }
    Read::Garbage
}

fn status(head: &[u8]) -> Option<u16> {
    let digits = head.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The body that came in chunks, when the last has come, and how many bytes it took.
pub fn dechunked(mut rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut body, whole) = (Vec::new(), rest.len());
    loop {
        let end = memmem::find(rest, b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        let chunk = rest.get(end + 2..end + 2 + size)?;
        rest = rest.get(end + 2 + size..)?.strip_prefix(b"\r\n")?;
        if size == 0 {
            return Some((body, whole - rest.len()));
        }
        body.extend_from_slice(chunk);
    }
}

/// One request.
pub struct Request<'a> {
    pub method: &'a str,
    pub target: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub form: Option<&'a str>,
}

impl Request<'_> {
    /// Its bytes.
    pub fn write(&self, host: &str, out: &mut Vec<u8>) {
        for part in [self.method, " ", self.target, " HTTP/1.1\r\nhost: ", host, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
        for (name, value) in self.headers {
            for part in [name, ": ", value, "\r\n"] {
                out.extend_from_slice(part.as_bytes());
            }
        }
        let Some(form) = self.form else {
            out.extend_from_slice(b"\r\n");
            return;
        };
        out.extend_from_slice(b"content-type: application/x-www-form-urlencoded\r\ncontent-length: ");
        out.extend_from_slice(form.len().to_string().as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(form.as_bytes());
    }

    /// The same as a buffer of its own.
    pub fn bytes(&self, host: &str) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(host, &mut out);
        out
    }
}

/// An answer of its own.
#[derive(Debug)]
pub struct Owned {
    pub status: u16,
    pub head: Vec<u8>,
    pub body: Vec<u8>,
}

impl Owned {
    pub fn view(&self) -> Answer<'_> {
        Answer {
            status: self.status,
            head: &self.head,
            body: &self.body,
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Sends one request on a connection of its own and waits for the answer.
pub fn ask(address: SocketAddr, request: &[u8]) -> Result<Owned, Error> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    stream.write_all(request)?;
    let mut buffer = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        match read(&buffer) {
            Read::Whole(answer, _) => {
                return Ok(Owned {
                    status: answer.status,
                    head: answer.head.to_vec(),
                    body: answer.body.to_vec(),
                });
            }
            Read::Chunked { status, head, body } => {
                if let Some((body, _)) = dechunked(body) {
                    return Ok(Owned {
                        status,
                        head: head.to_vec(),
                        body,
                    });
                }
            }
            Read::Garbage => return Err(Error::new(ErrorKind::InvalidData, "the answer is no HTTP")),
            Read::Part => {}
        }
        let count = stream.read(&mut piece)?;
        if count == 0 || buffer.len() > LARGEST_ANSWER {
            return Err(Error::new(ErrorKind::UnexpectedEof, "the answer ends early"));
        }
        buffer.extend_from_slice(&piece[..count]);
    }
}

/// A form body.
pub fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nX: y\r\n\r\n{\"a\":\"b\\u0\"}HTTP/1.1 204 No Content\r\n\r\n";

    #[test]
    fn an_answer_is_read_only_when_all_of_it_is_there() {
        for length in 0..57 {
            assert!(matches!(read(&TWO[..length]), Read::Part), "{length}");
        }
        let Read::Whole(answer, taken) = read(TWO) else {
            panic!("it is there")
        };
        assert_eq!(
            (answer.status, answer.body.len(), answer.header("x")),
            (200, 12, Some("y"))
        );
        let Read::Whole(answer, rest) = read(&TWO[taken..]) else {
            panic!("it is there")
        };
        assert_eq!((answer.status, taken + rest), (204, TWO.len()));
    }

    #[test]
    fn chunks_are_put_together() {
        let text = b"4\r\nWiki\r\n6;x=y\r\npedia \r\n0\r\n\r\nmore";
        assert_eq!(dechunked(text), Some((b"Wikipedia ".to_vec(), text.len() - 4)));
        assert_eq!(dechunked(&text[..text.len() - 5]), None);
    }

    #[test]
    fn what_is_no_http_is_garbage() {
        assert!(matches!(read(b"SSH-2.0-x\r\n\r\n"), Read::Garbage));
        assert!(matches!(
            read(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"),
            Read::Garbage
        ));
    }

    #[test]
    fn a_member_is_found_with_and_without_a_blank() {
        for body in ["{\"a_token\":\"t\"}", "{\"a_token\": \"t\"}"] {
            let answer = Answer {
                status: 200,
                head: b"",
                body: body.as_bytes(),
            };
            assert_eq!(answer.member("\"a_token\""), Some(b"t".as_slice()));
            assert_eq!(answer.member("\"token\""), None);
        }
    }
}
