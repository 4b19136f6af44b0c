//! Whole conversations with a small mail server of our own on the loopback interface, plain and over TLS.

use super::letters::{self, Change, LetterError, SignInMethod};
use super::*;
use crate::pages::Brand;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

/// 22 November 2026, 13:43:30 UTC.
const NOW: Timestamp = Timestamp(1_795_355_010);
const CERTIFICATE: &[u8] = include_bytes!("../listen/testdata/localhost-certificate.der");
const KEY: &[u8] = include_bytes!("../listen/testdata/localhost-key.der");

/// How the server behaves. A reply of `close` hangs up, `silence` never answers.
#[derive(Clone)]
struct Manners {
    greeting: &'static str,
    offers: &'static [&'static str],
    auth: &'static str,
    rcpt: &'static str,
    data: &'static str,
    taken: &'static str,
    quit: &'static str,
    implicit_tls: bool,
}

const POLITE: Manners = Manners {
    greeting: "220 mail.example ready",
    offers: &[],
    auth: "235 welcome",
    rcpt: "250 known",
    data: "354 go on",
    taken: "250 taken",
    quit: "221 bye",
    implicit_tls: false,
};

/// What the server heard.
#[derive(Default)]
struct Heard {
    commands: Vec<String>,
    messages: Vec<String>,
    over_tls: bool,
}

struct Server {
    port: u16,
    heard: Arc<Mutex<Heard>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let kept = Arc::clone(&heard);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = answer(stream, &manners, &kept).await;
            }
        });
        Self { port, heard, task }
    }

    fn settings(&self, tls: SmtpTls) -> MailSettings {
        MailSettings {
            smtp: SmtpSettings {
                host: String::from("localhost"),
                port: self.port,
                tls,
                username: None,
                password: None,
                extra_ca: vec![CertificateDer::from(CERTIFICATE)],
            },
            from: "Süße Fotos <no-reply@photos.example>".parse().unwrap(),
            reply_to: None,
        }
    }

    fn plain(&self) -> Mailer {
        Mailer::new(&self.settings(SmtpTls::None)).unwrap()
    }

    fn only_message(&self) -> String {
        let heard = self.heard.lock().unwrap();
        assert_eq!(heard.messages.len(), 1, "{:?}", heard.commands);
        heard.messages[0].clone()
    }

    fn heard(&self, word: &str) -> bool {
        let heard = self.heard.lock().unwrap();
        heard.commands.iter().any(|command| command.starts_with(word))
    }
}

async fn answer(
    stream: tokio::net::TcpStream,
    manners: &Manners,
    heard: &Mutex<Heard>,
) -> std::io::Result<()> {
    if manners.implicit_tls {
        let stream = tls_acceptor().accept(stream).await?;
        heard.lock().unwrap().over_tls = true;
        return talk(stream, manners, heard, true).await.map(|_| ());
    }
    if let Some(stream) = talk(stream, manners, heard, true).await? {
        let stream = tls_acceptor().accept(stream).await?;
        heard.lock().unwrap().over_tls = true;
        talk(stream, manners, heard, false).await?;
    }
    Ok(())
}

fn tls_acceptor() -> tokio_rustls::TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(CERTIFICATE)],
            PrivateKeyDer::try_from(KEY).unwrap(),
        )
        .unwrap();
    tokio_rustls::TlsAcceptor::from(Arc::new(config))
}

/// Talks until the end; gives the stream back when it is to be TLS from here on.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    manners: &Manners,
    heard: &Mutex<Heard>,
    greets: bool,
) -> std::io::Result<Option<S>> {
    let mut stream = BufReader::new(stream);
    if greets && !say(&mut stream, manners.greeting).await? {
        return Ok(None);
    }
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let command = std::mem::take(&mut line).trim_end().to_owned();
        heard.lock().unwrap().commands.push(command.clone());
        let word = command.split(' ').next().unwrap_or_default().to_owned();
        let reply = match word.as_str() {
            "EHLO" => {
                let offers: String = manners
                    .offers
                    .iter()
                    .map(|offer| format!("250-{offer}\r\n"))
                    .collect();
                format!("250-mail.example\r\n{offers}250 SIZE 100000")
            }
            "AUTH" => manners.auth.to_owned(),
            "MAIL" => String::from("250 fine"),
            "RCPT" => manners.rcpt.to_owned(),
            "DATA" => manners.data.to_owned(),
            "STARTTLS" => String::from("220 go on"),
            "QUIT" => manners.quit.to_owned(),
            _ => String::from("502 what"),
        };
        if !say(&mut stream, &reply).await? {
            return Ok(None);
        }
        if word == "STARTTLS" {
            return Ok(Some(stream.into_inner()));
        }
        if word == "DATA" && reply.starts_with('3') {
            let mut message = String::new();
            while !message.ends_with("\r\n.\r\n") && stream.read_line(&mut message).await? > 0 {}
            heard.lock().unwrap().messages.push(message);
            if !say(&mut stream, manners.taken).await? {
                return Ok(None);
            }
        }
    }
    Ok(None)
}

/// Whether the conversation goes on.
async fn say<S: AsyncWrite + Unpin>(stream: &mut S, reply: &str) -> std::io::Result<bool> {
    match reply {
        "close" => return Ok(false),
        "silence" => std::future::pending().await,
        _ => stream.write_all(format!("{reply}\r\n").as_bytes()).await?,
    }
    Ok(true)
}

fn letter() -> Letter {
    Letter {
        to: String::from("alice@photos.example"),
        subject: String::from("Grüße aus der Küche, mit einem Betreff, der nicht auf eine Zeile geht"),
        text: String::from("Zoë says:\n.\n..dots\nFrom here = there \n"),
        html: Some(String::from("<p>Zoë</p>")),
    }
}

/// The decoded body of each part (or of the whole), read back without our own encoder.
fn bodies(message: &str) -> Vec<String> {
    let message = message
        .strip_suffix("\r\n.\r\n")
        .unwrap()
        .replace("\r\n..", "\r\n.");
    let (head, body) = message.split_once("\r\n\r\n").unwrap();
    match head.split_once("boundary=\"") {
        None => vec![unquoted(body)],
        Some((_, rest)) => {
            let boundary = format!("--{}", rest.split('"').next().unwrap());
            let mut parts: Vec<&str> = body.split(&boundary).skip(1).collect();
            assert_eq!(parts.pop().unwrap().trim(), "--", "the last boundary closes");
            parts
                .iter()
                .map(|part| unquoted(part.split_once("\r\n\r\n").unwrap().1))
                .collect()
        }
    }
}

fn unquoted(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let head = message.split("\r\n\r\n").next().unwrap();
    let lines = head.split(&format!("\r\n{name}: ") as &str).collect::<Vec<_>>();
    assert_eq!(lines.len(), 2, "{name} stands once in\n{head}");
    let value = lines[1];
    let end = value
        .match_indices("\r\n")
        .find(|(at, _)| !value[at + 2..].starts_with(' '))
        .map_or(value.len(), |(at, _)| at);
    &value[..end]
}

#[tokio::test]
async fn a_person_who_is_unknown_there_is_final_and_a_full_mailbox_is_not() {
    for (rcpt, expected, transient) in [
        (
            "550 5.1.1 <alice@photos.example> unknown",
            MailError::Refused { code: 550 },
            false,
        ),
        ("553 bad mailbox", MailError::Refused { code: 553 }, false),
        (
            "450 4.2.2 alice@photos.example is full",
            MailError::Later { code: 450 },
            true,
        ),
        ("421 going down", MailError::Later { code: 421 }, true),
        ("530 sign in first", MailError::SignIn, true),
        ("close", MailError::BrokenOff, true),
        ("nonsense", MailError::BrokenOff, true),
    ] {
        let server = Server::start(Manners { rcpt, ..POLITE }).await;
        let error = server.plain().send(&letter(), NOW).await.unwrap_err();
        assert_eq!(error, expected, "{rcpt}");
        assert_eq!(error.is_transient(), transient, "{rcpt}");
        assert!(!error.to_string().contains("alice") && !format!("{error:?}").contains("alice"));
        assert!(server.heard.lock().unwrap().messages.is_empty(), "{rcpt}");
    }
}

#[tokio::test]
async fn a_letter_refused_after_its_text_was_seen_was_not_delivered() {
    for (taken, expected) in [
        ("554 looks like spam", MailError::Refused { code: 554 }),
        ("452 disk is full", MailError::Later { code: 452 }),
        ("close", MailError::BrokenOff),
    ] {
        let server = Server::start(Manners { taken, ..POLITE }).await;
        assert_eq!(
            server.plain().send(&letter(), NOW).await,
            Err(expected),
            "{taken}"
        );
    }
}

#[tokio::test]
async fn a_server_that_does_not_serve_us_says_nothing_of_the_letter() {
    for (greeting, expected) in [
        ("554 not from you", MailError::NotServed { code: 554 }),
        ("421 too many", MailError::Later { code: 421 }),
        ("close", MailError::BrokenOff),
    ] {
        let server = Server::start(Manners { greeting, ..POLITE }).await;
        let error = server.plain().send(&letter(), NOW).await.unwrap_err();
        assert_eq!(error, expected);
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn nobody_who_listens_is_transient() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut settings = Server::start(POLITE).await.settings(SmtpTls::None);
    settings.smtp.port = port;
    let error = Mailer::new(&settings)
        .unwrap()
        .send(&letter(), NOW)
        .await
        .unwrap_err();
    assert_eq!(error, MailError::Unreachable);
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    for manners in [
        Manners {
            greeting: "silence",
            ..POLITE
        },
        Manners {
            rcpt: "silence",
            ..POLITE
        },
        Manners {
            taken: "silence",
            ..POLITE
        },
    ] {
        let server = Server::start(manners).await;
        let mut mailer = server.plain();
        mailer.deadline = Duration::from_millis(200);
        let error = mailer.send(&letter(), NOW).await.unwrap_err();
        assert_eq!(error, MailError::Deadline);
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn a_server_that_forgets_to_say_goodbye_has_taken_the_letter_all_the_same() {
    for quit in ["silence", "close", "500 what"] {
        let server = Server::start(Manners { quit, ..POLITE }).await;
        assert_eq!(server.plain().send(&letter(), NOW).await, Ok(()));
        server.only_message();
    }
}

#[tokio::test]
async fn a_stripped_starttls_offer_sends_no_letter_and_no_password() {
    let server = Server::start(Manners {
        offers: &["AUTH PLAIN"],
        ..POLITE
    })
    .await;
    let mut settings = server.settings(SmtpTls::StartTls);
    settings.smtp.username = Some(String::from("valetkey"));
    settings.smtp.password = Some(SmtpPassword::new("hunter2-hunter2"));
    let error = Mailer::new(&settings)
        .unwrap()
        .send(&letter(), NOW)
        .await
        .unwrap_err();
    assert_eq!(error, MailError::Insecure);
    assert!(error.is_transient());
    assert!(server.heard("EHLO") && !server.heard("AUTH") && !server.heard("MAIL"));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_letter() {
    let implicit = Manners {
        implicit_tls: true,
        ..POLITE
    };
    let starttls = Manners {
        offers: &["STARTTLS"],
        ..POLITE
    };
    for (manners, tls) in [(implicit, SmtpTls::Implicit), (starttls, SmtpTls::StartTls)] {
        let server = Server::start(manners).await;
        let mut settings = server.settings(tls);
        settings.smtp.extra_ca.clear();
        let error = Mailer::new(&settings)
            .unwrap()
            .send(&letter(), NOW)
            .await
            .unwrap_err();
        assert_eq!(error, MailError::Insecure);
        assert!(!server.heard("MAIL"));
        // The certificate is for localhost, so its address is somebody else.
        let mut settings = server.settings(tls);
        settings.smtp.host = String::from("127.0.0.1");
        let error = Mailer::new(&settings)
            .unwrap()
            .send(&letter(), NOW)
            .await
            .unwrap_err();
        assert_eq!(error, MailError::Insecure);
    }
}

#[tokio::test]
async fn a_plain_server_where_tls_is_expected_gets_nothing() {
    let server = Server::start(POLITE).await;
    let mailer = Mailer::new(&server.settings(SmtpTls::Implicit)).unwrap();
    let error = mailer.send(&letter(), NOW).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(!server.heard("EHLO") && !server.heard("MAIL"));
}

#[tokio::test]
async fn letters_go_over_tls_from_the_first_byte_and_by_starttls() {
    let implicit = Manners {
        implicit_tls: true,
        offers: &["AUTH PLAIN LOGIN"],
        ..POLITE
    };
    let starttls = Manners {
        offers: &["STARTTLS", "AUTH PLAIN LOGIN"],
        ..POLITE
    };
    for (manners, tls) in [(implicit, SmtpTls::Implicit), (starttls, SmtpTls::StartTls)] {
        let server = Server::start(manners).await;
        let mut settings = server.settings(tls);
        settings.smtp.username = Some(String::from("valetkey"));
        settings.smtp.password = Some(SmtpPassword::new("pässword"));
        Mailer::new(&settings)
            .unwrap()
            .send(&letter(), NOW)
            .await
            .unwrap();
        server.only_message();
        assert!(server.heard.lock().unwrap().over_tls);
        // base64 of NUL valetkey NUL pässword (RFC 4616).
        assert!(server.heard("AUTH PLAIN AHZhbGV0a2V5AHDDpHNzd29yZA=="));
    }
}

#[tokio::test]
async fn a_wrong_password_for_the_mail_server_is_the_operators_to_set_right() {
    let account = |server: &Server| {
        let mut settings = server.settings(SmtpTls::None);
        settings.smtp.username = Some(String::from("valetkey"));
        settings.smtp.password = Some(SmtpPassword::new("hunter2-hunter2"));
        settings
    };
    for (offers, auth) in [
        (&["AUTH PLAIN"] as &[&str], "535 wrong"),
        (&["AUTH PLAIN"], "534 too weak"),
        (&["AUTH XOAUTH2"], "235 fine"),
        (&[], "235 fine"),
    ] {
        let server = Server::start(Manners {
            offers,
            auth,
            ..POLITE
        })
        .await;
        let mailer = Mailer::new(&account(&server)).unwrap();
        assert!(!format!("{mailer:?} {:?}", account(&server)).contains("hunter2"));
        let error = mailer.send(&letter(), NOW).await.unwrap_err();
        assert_eq!(error, MailError::SignIn, "{offers:?}");
        assert!(error.is_transient());
        assert!(!server.heard("MAIL"));
    }
    let server = Server::start(Manners {
        offers: &["AUTH PLAIN"],
        auth: "454 later",
        ..POLITE
    })
    .await;
    let error = Mailer::new(&account(&server))
        .unwrap()
        .send(&letter(), NOW)
        .await
        .unwrap_err();
    assert_eq!(error, MailError::Later { code: 454 });
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let server = Server::start(POLITE).await;
    let mut settings = server.settings(SmtpTls::None);
    settings.reply_to = Some("Help <help@photos.example>".parse().unwrap());
    Mailer::new(&settings)
        .unwrap()
        .send(&letter(), NOW)
        .await
        .unwrap();
    assert!(server.heard("EHLO photos.example"));
    assert!(server.heard("MAIL FROM:<no-reply@photos.example>"));
    assert!(server.heard("RCPT TO:<alice@photos.example>"));
    assert!(server.heard("QUIT"));
    let message = server.only_message();
    assert!(message.is_ascii());
    assert!(
        message
            .split("\r\n")
            .all(|line| line.len() <= 78 && !line.contains('\n')),
        "{message}"
    );
    assert!(
        message.starts_with("Date: Sun, 22 Nov 2026 13:43:30 +0000\r\n"),
        "{message}"
    );
    assert_eq!(
        header(&message, "From"),
        "=?utf-8?Q?S=C3=BC=C3=9Fe_Fotos?=\r\n <no-reply@photos.example>"
    );
    assert_eq!(header(&message, "Reply-To"), "\"Help\"\r\n <help@photos.example>");
    assert_eq!(header(&message, "To"), "alice@photos.example");
    assert_eq!(
        header(&message, "Subject"),
        "=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_der_K=C3=BCche=2C_mit_einem_?=\r\n =?utf-8?Q?Betreff=2C_der_nicht_auf_eine_Zeile_geht?="
    );
    assert_eq!(header(&message, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&message, "MIME-Version"), "1.0");
    assert!(header(&message, "Message-ID").ends_with("@photos.example>"));
    let bodies = bodies(&message);
    assert_eq!(bodies.len(), 2);
    assert_eq!(
        bodies[0].trim_end(),
        "Zoë says:\r\n.\r\n..dots\r\nFrom here = there"
    );
    assert!(bodies[1].starts_with("<p>Zoë</p>\r\n"));
}

#[tokio::test]
async fn a_letter_without_html_is_plain_text_alone() {
    let server = Server::start(POLITE).await;
    let plain = Letter {
        html: None,
        ..letter()
    };
    server.plain().send(&plain, NOW).await.unwrap();
    let message = server.only_message();
    assert_eq!(header(&message, "Content-Type"), "text/plain; charset=utf-8");
    assert!(bodies(&message)[0].starts_with("Zoë says:\r\n.\r\n..dots\r\n"));
}

#[tokio::test]
async fn a_letter_sent_again_is_the_same_letter() {
    let server = Server::start(POLITE).await;
    let other = Letter {
        text: String::from("another"),
        ..letter()
    };
    for (letter, now) in [(letter(), NOW), (letter(), NOW.plus_seconds(60)), (other, NOW)] {
        server.plain().send(&letter, now).await.unwrap();
    }
    let heard = server.heard.lock().unwrap();
    let ids: Vec<&str> = heard
        .messages
        .iter()
        .map(|message| header(message, "Message-ID"))
        .collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
    assert!(heard.messages[1].contains("13:44:30"));
}

#[tokio::test]
async fn header_injection_through_address_subject_or_name_sends_nothing() {
    let server = Server::start(POLITE).await;
    for to in [
        "alice@photos.example\r\nBcc: eve@evil.example",
        "alice@photos.example>\r\nRCPT TO:<eve@evil.example",
        "",
        "alice",
    ] {
        let hostile = Letter {
            to: to.to_owned(),
            ..letter()
        };
        let error = server.plain().send(&hostile, NOW).await.unwrap_err();
        assert!(matches!(error, MailError::Unsendable(_)), "{to:?}");
        assert!(!error.is_transient());
    }
    for subject in [
        "Hi\r\nBcc: eve@evil.example",
        "Hi\n\nbody",
        "Hi\rX",
        "Hi\0",
        &"x".repeat(201),
    ] {
        let hostile = Letter {
            subject: subject.to_owned(),
            ..letter()
        };
        let error = server.plain().send(&hostile, NOW).await.unwrap_err();
        assert!(matches!(error, MailError::Unsendable(_)), "{subject:?}");
    }
    assert!(server.heard.lock().unwrap().commands.is_empty());
    // A name that was put together without the reader of mailboxes.
    let mut settings = server.settings(SmtpTls::None);
    settings.from.name = Some(String::from("X\r\nBcc: eve@evil.example\r\n"));
    Mailer::new(&settings)
        .unwrap()
        .send(&letter(), NOW)
        .await
        .unwrap();
    assert!(!server.only_message().contains("\r\nBcc"));
    assert!(!server.heard("RCPT TO:<eve"));
}

#[test]
fn settings_that_would_give_a_letter_away_or_cannot_work_are_refused() {
    let good = MailSettings {
        smtp: SmtpSettings {
            host: String::from("smtp.photos.example"),
            port: 465,
            tls: SmtpTls::Implicit,
            username: Some(String::from("valetkey")),
            password: Some(SmtpPassword::new("secret")),
            extra_ca: Vec::new(),
        },
        from: "no-reply@photos.example".parse().unwrap(),
        reply_to: None,
    };
    assert_eq!(good.check(), Ok(()));
    let refused = |change: &dyn Fn(&mut SmtpSettings)| {
        let mut bad = good.clone();
        change(&mut bad.smtp);
        Mailer::new(&bad).unwrap_err().key
    };
    assert_eq!(refused(&|smtp| smtp.tls = SmtpTls::None), "tls");
    assert_eq!(refused(&|smtp| smtp.host = String::new()), "smtp_host");
    assert_eq!(
        refused(&|smtp| smtp.host = String::from("smtp example\r\n")),
        "smtp_host"
    );
    assert_eq!(refused(&|smtp| smtp.port = 0), "smtp_port");
    assert_eq!(refused(&|smtp| smtp.username = None), "username");
    assert_eq!(refused(&|smtp| smtp.password = None), "password_file");
    assert_eq!(
        refused(&|smtp| smtp.password = Some(SmtpPassword::new(""))),
        "password_file"
    );
    assert_eq!(
        refused(&|smtp| smtp.extra_ca = vec![CertificateDer::from(vec![1, 2, 3])]),
        "extra_ca_file"
    );
    for host in ["localhost", "127.0.0.1", "127.8.0.1", "::1"] {
        let mut local = good.clone();
        local.smtp.tls = SmtpTls::None;
        local.smtp.host = host.to_owned();
        assert_eq!(local.check(), Ok(()), "{host}");
    }
    for host in ["localhost.example", "10.0.0.1", "128.0.0.1", "::2"] {
        assert_eq!(
            refused(&|smtp| (smtp.tls, smtp.host) = (SmtpTls::None, host.to_owned())),
            "tls"
        );
    }
}

#[test]
fn a_letter_is_kept_and_read_back_but_never_printed() {
    let kept = serde_json::to_string(&letter()).unwrap();
    assert_eq!(serde_json::from_str::<Letter>(&kept).unwrap(), letter());
    assert_eq!(format!("{:?}", letter()), "Letter { .. }");
}

const LINK: &str = "https://id.photos.example/verify?token=AbC-_123";

/// Every letter there is, from a hostile brand and hostile names.
fn all(brand: &Brand) -> Vec<Letter> {
    let to = "o'neil+a&b@photos.example";
    let passkey = SignInMethod::Passkey(String::from("<img src=x>\r\n\u{202e}key"));
    let provider = SignInMethod::Provider(String::from("<b>Upstream</b>"));
    [
        letters::verify_email(brand, (to, "alice"), LINK, 24),
        letters::reset_password(brand, to, LINK, 30),
        letters::invitation(brand, to, LINK, 72),
        letters::password_changed(brand, to, LINK, NOW),
        letters::email_changed(brand, to, "secret-name@new.example", LINK, NOW),
        letters::sign_in_method_changed(brand, to, LINK, (&SignInMethod::Totp, Change::Added), NOW),
        letters::sign_in_method_changed(
            brand,
            to,
            LINK,
            (&SignInMethod::RecoveryCodes, Change::Added),
            NOW,
        ),
        letters::sign_in_method_changed(brand, to, LINK, (&passkey, Change::Removed), NOW),
        letters::sign_in_method_changed(brand, to, LINK, (&provider, Change::Added), NOW),
    ]
    .map(Result::unwrap)
    .to_vec()
}

fn hostile_brand() -> Brand {
    Brand {
        name: String::from("A&B <script>alert(1)</script>\r\nBcc: eve@evil.example"),
        ..Brand::default()
    }
}

#[test]
fn no_name_breaks_out_of_a_letter() {
    for letter in all(&hostile_brand()) {
        let html = letter.html.unwrap();
        assert!(!letter.subject.contains(['\r', '\n']), "{:?}", letter.subject);
        for tag in ["<script", "<img", "<b>", "\u{202e}"] {
            assert!(!html.contains(tag), "{html}");
        }
        assert!(!letter.text.contains("\nBcc"), "{}", letter.text);
        assert!(html.contains("A&#38;B") && letter.text.contains("A&B"), "{html}");
    }
}

#[test]
fn a_letter_fetches_nothing_and_leads_to_one_place() {
    for letter in all(&Brand::default()) {
        // The passkey's name, escaped, is text.
        let html = letter.html.unwrap().replace("&#60;img src=x&#62;", "");
        for fetched in ["src=", "url(", "<link", "@import", "<style", "<script"] {
            assert!(!html.contains(fetched), "{html}");
        }
        assert_eq!(html.matches("href=").count(), 1);
        assert_eq!(html.matches("https://").count(), 2, "in the link and as its text");
        assert!(html.contains(&format!("href=\"{LINK}\"")), "{html}");
        assert!(
            letter.text.contains(&format!("\n\n{LINK}\n\n")),
            "{}",
            letter.text
        );
        assert!(!html.contains("{{") && !letter.text.contains("{{"));
    }
}

#[test]
fn a_letter_says_what_it_is_about_and_how_long_its_link_works() {
    let brand = Brand::default();
    let verify = letters::verify_email(&brand, ("a@b.example", "alice"), LINK, 24).unwrap();
    assert!(verify.text.contains("Account: alice"), "{}", verify.text);
    assert_eq!(verify.subject, "Confirm your e-mail address");
    for body in [&verify.text, verify.html.as_ref().unwrap()] {
        assert!(
            body.contains("24 hours") && body.contains("a@b.example") && body.contains("do nothing"),
            "{body}"
        );
    }
    let reset = letters::reset_password(&brand, "a@b.example", LINK, 30).unwrap();
    assert!(reset.text.contains("30 minutes") && reset.text.contains("If you did not ask, do nothing"));
    let changed = letters::password_changed(&brand, "a@b.example", LINK, NOW).unwrap();
    assert!(
        changed.text.contains("22 November 2026 at 13:43:30 UTC"),
        "{}",
        changed.text
    );
    let moved = letters::email_changed(&brand, "old@b.example", "new.person@c.example", LINK, NOW).unwrap();
    assert_eq!(moved.to, "old@b.example");
    assert!(
        moved.text.contains("n***@c.example") && !moved.text.contains("new.person"),
        "{}",
        moved.text
    );
}

#[test]
fn a_link_that_could_be_read_on_its_way_or_runs_something_is_refused() {
    let brand = Brand::default();
    for bad in [
        "http://id.photos.example/verify",
        "javascript:alert(1)",
        "data:text/html,x",
        "/verify",
        "https://user@id.photos.example/",
        "",
    ] {
        let refused = letters::verify_email(&brand, ("a@b.example", "alice"), bad, 1).unwrap_err();
        assert_eq!(refused, LetterError::Link, "{bad}");
        assert_eq!(
            letters::password_changed(&brand, "a@b.example", bad, NOW),
            Err(LetterError::Link)
        );
    }
    for (link, written) in [
        ("http://localhost:8080/v?t=1", "http://localhost:8080/v?t=1"),
        ("http://127.0.0.1/v", "http://127.0.0.1/v"),
        (
            "https://id.example/a b\"<x>?\r\nq=\"",
            "https://id.example/a%20b%22%3Cx%3E?q=%22",
        ),
    ] {
        let letter = letters::verify_email(&brand, ("a@b.example", "alice"), link, 1).unwrap();
        assert!(letter.text.lines().any(|line| line == written), "{}", letter.text);
    }
    let refused = letters::verify_email(&brand, ("a@b.example\r\nBcc: c@d.example", "alice"), LINK, 1);
    assert_eq!(refused.unwrap_err(), LetterError::Address);
}
