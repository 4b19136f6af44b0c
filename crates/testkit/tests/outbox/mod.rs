//! Letters that wait: tried again while the mail server is away, given up when it refuses, sealed while they wait. Logout
//! tokens in the same queue stand in `logout/back_channel.rs`.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use valetkey_server::mail::{MailSettings, SmtpSettings, SmtpTls};
use valetkey_testkit::{TestServer, cast};

/// A mail server that answers to letters as it is told.
struct Post {
    port: u16,
    state: Arc<Mutex<State>>,
}

struct State {
    reply: &'static str,
    offered: usize,
    taken: Vec<String>,
}

impl Post {
    async fn open(reply: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State {
            reply,
            offered: 0,
            taken: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = converse(stream, &shared).await;
            }
        });
        Self { port, state }
    }

    fn replies(&self, reply: &'static str) {
        self.state.lock().unwrap().reply = reply;
    }

    fn offered(&self) -> usize {
        self.state.lock().unwrap().offered
    }

    fn taken(&self) -> Vec<String> {
        self.state.lock().unwrap().taken.clone()
    }

    fn settings(&self) -> MailSettings {
        MailSettings {
            smtp: SmtpSettings {
                host: String::from("localhost"),
                port: self.port,
                tls: SmtpTls::None,
                username: None,
                password: None,
                extra_ca: Vec::new(),
            },
            from: "Valetkey <no-reply@id.example>".parse().unwrap(),
            reply_to: None,
        }
    }
}

async fn converse(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 ready\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        if line.trim_end() != "DATA" {
            stream.write_all(b"250 yes\r\n").await?;
            continue;
        }
        stream.write_all(b"354 go on\r\n").await?;
        let mut letter = String::new();
        while !letter.ends_with("\r\n.\r\n") {
            if stream.read_line(&mut letter).await? == 0 {
                return Ok(());
            }
        }
        let reply = {
            let mut state = state.lock().unwrap();
            state.offered += 1;
            let reply = state.reply;
            if reply.starts_with("250") {
                state.taken.push(letter);
            }
            reply
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
}

/// Alice has forgotten her password; the letter waits.
async fn server_with_a_letter(post: &Post) -> TestServer {
    let mail = post.settings();
    let server = TestServer::start_in_a_folder_with(|settings| settings.mail = Some(mail)).await;
    let browser = server.browser(cast::ALICE);
    let page = browser.get("/forgot-password", &[]).await;
    let answer = browser.submits(&page, &[("username", "alice")]).await;
    assert!(
        answer.status.is_success() || answer.status.is_redirection(),
        "{}",
        answer.text()
    );
    // The letter is written beside the answer.
    while waiting(&server).await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    server
}

async fn waiting(server: &TestServer) -> u64 {
    server
        .store
        .count_deliveries(server.clock.timestamp())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_letter_that_waits_is_sealed() {
    let post = Post::open("250 taken").await;
    let server = server_with_a_letter(&post).await;
    let files = std::fs::read_dir(server.folder()).unwrap();
    let mut bytes = Vec::new();
    for file in files {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(
        holds("alice@wonderland.example"),
        "the file is read where it is written"
    );
    assert!(!holds("/reset-password?token=") && !holds("Choose a new password"));
    server.deliver().await;
    assert!(post.taken()[0].contains("reset-password"), "{:?}", post.taken());
    assert_eq!(waiting(&server).await, 0);
}

#[tokio::test]
async fn a_letter_that_the_mail_server_cannot_take_now_goes_out_later_once_also_after_a_restart() {
    let post = Post::open("451 later").await;
    let server = server_with_a_letter(&post).await;
    server.deliver().await;
    assert_eq!((post.offered(), post.taken().len()), (1, 0));
    let server = server.restart().await;
    post.replies("250 taken");
    server.deliver().await;
    assert_eq!(post.offered(), 1, "it is not due yet");
    server.clock.advance(5);
    server.deliver().await;
    server.clock.advance(3600);
    server.deliver().await;
    assert_eq!((post.offered(), post.taken().len()), (2, 1));
    assert_eq!(waiting(&server).await, 0);
}

#[tokio::test]
async fn a_letter_that_the_mail_server_refuses_is_not_tried_again() {
    let post = Post::open("554 no").await;
    let server = server_with_a_letter(&post).await;
    server.deliver().await;
    assert_eq!(waiting(&server).await, 0);
    server.clock.advance(3600);
    server.deliver().await;
    assert_eq!((post.offered(), post.taken().len()), (1, 0));
    let metrics = server.metrics().await;
    assert!(
        metrics.contains("valetkey_deliveries_total{kind=\"mail\",outcome=\"refused\"} 1"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_letter_is_given_up_after_a_day() {
    let post = Post::open("451 later").await;
    let server = server_with_a_letter(&post).await;
    for _ in 0..40 {
        server.deliver().await;
        server.clock.advance(3600);
    }
    assert_eq!(waiting(&server).await, 0);
    let offered = post.offered();
    post.replies("250 taken");
    server.deliver().await;
    assert_eq!(post.offered(), offered);
    assert!(post.taken().is_empty());
}
