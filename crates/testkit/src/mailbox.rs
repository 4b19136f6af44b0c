//! A mail server on the loopback interface that takes every letter and keeps it (RFC 5321): what people would read.

use crate::server::TestServer;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use valetkey_server::mail::{MailSettings, SmtpSettings, SmtpTls};

/// So often it is looked for a letter that is on its way.
const LOOKS: usize = 1000;

/// A letter that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Whom it was for, as the envelope says.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its plain text.
    pub text: String,
}

impl Received {
    /// The address of this server that the letter leads to.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn link(&self) -> String {
        let mut words = self.text.split_whitespace();
        let link = words.find(|word| word.starts_with("https://"));
        link.unwrap_or_else(|| panic!("no link in {self:?}")).to_owned()
    }

    /// The token of that address.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn token(&self) -> String {
        let link = self.link();
        let url = url::Url::parse(&link).expect("a link is a URL");
        let found = url.query_pairs().find(|(name, _)| name == "token");
        found
            .unwrap_or_else(|| panic!("no token in {link}"))
            .1
            .into_owned()
    }
}

/// The mail server.
#[derive(Debug)]
pub struct Mailbox {
    port: u16,
    letters: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Mailbox {
    /// Listens.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        let letters = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&letters);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A conversation that breaks off leaves no letter; the test that waits for it says so.
                let _ = converse(stream, &kept).await;
            }
        });
        Self { port, letters, task }
    }

    /// What a server has to know to send letters here.
    #[must_use]
    pub fn settings(&self) -> MailSettings {
        MailSettings {
            smtp: SmtpSettings {
                host: String::from("localhost"),
                port: self.port,
                tls: SmtpTls::None,
                username: None,
                password: None,
                extra_ca: Vec::new(),
            },
            from: "Valetkey <no-reply@id.example>".parse().expect("it is a mailbox"),
            reply_to: None,
        }
    }

    /// Every letter that has arrived.
    #[must_use]
    pub fn letters(&self) -> Vec<Received> {
        self.letters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until so many letters have arrived in all, and gives the last.
    ///
    /// # Panics
    /// When they do not come.
    pub async fn letter(&self, server: &TestServer, number: usize) -> Received {
        for _ in 0..LOOKS {
            server.deliver().await;
            let letters = self.letters();
            assert!(letters.len() <= number, "too many letters: {letters:#?}");
            if let (true, Some(last)) = (letters.len() == number, letters.last()) {
                return last.clone();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{number} letters did not come: {:#?}", self.letters())
    }
}

async fn converse(stream: TcpStream, letters: &Mutex<Vec<Received>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut to = String::new();
    stream.write_all(b"220 ready\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end().to_ascii_uppercase();
        let reply: &[u8] = match command.split([' ', ':']).next().unwrap_or_default() {
            "RCPT" => {
                let address = line.split(['<', '>']).nth(1).unwrap_or_default();
                address.clone_into(&mut to);
                b"250 known\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut message = String::new();
                while !message.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut message).await? == 0 {
                        return Ok(());
                    }
                }
                let mut letters = letters.lock().unwrap_or_else(PoisonError::into_inner);
                letters.push(read(&to, &message));
                b"250 taken\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 yes\r\n",
        };
        stream.write_all(reply).await?;
    }
}

fn read(to: &str, message: &str) -> Received {
    let subject = message.lines().find_map(|line| line.strip_prefix("Subject: "));
    let plain = message
        .split_once("Content-Type: text/plain")
        .map_or("", |(_, rest)| rest);
    let body = plain.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let body = body.split("\r\n--=_").next().unwrap_or_default();
    Received {
        to: to.to_owned(),
        subject: subject.unwrap_or_default().to_owned(),
        text: unquoted(body),
    }
}

/// Takes quoted-printable back (RFC 2045 §6.7).
fn unquoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after
            .get(..2)
            .filter(|_| *first == b'=')
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = after
            .get(if escaped.is_some() { 2 } else { 0 }..)
            .unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
