//! The real server under what costs others most: thousands of connections that ask nothing, and load without end. The
//! numbers are small here; `scripts/test hardening` sets `VALETKEY_IDLE_CONNECTIONS` and `VALETKEY_LOAD_REQUESTS`.

use crate::http::{Browser, form, get, post};
use crate::support::{Home, Served, until};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

const ISSUER: &str = "http://localhost:8080";
/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// What one idle connection may weigh in the server.
const CONNECTION_KIB: u64 = 64;
/// How much a server may grow after it was warm: what threads and the allocator set aside,
const ASIDE_KIB: u64 = 6 * 1024;
/// and pages of the database, of which there are more the more was written, up to those that SQLite keeps.
const PAGES_KIB: u64 = 8 * 1024;
/// A sound server was seen to take some 75 bytes a request for them until it had 4 MiB, and then no more; 128 are allowed.
const REQUESTS_TO_A_KIB: u64 = 8;
const THREADS: usize = 4;

/// A number of the environment, or the small one.
#[expect(clippy::disallowed_methods, reason = "scripts/test asks for larger numbers")]
fn count(name: &str, small: usize) -> usize {
    std::env::var(name).map_or(small, |text| text.parse().expect("it is a number"))
}

fn configuration(idle_seconds: u32) -> String {
    format!(
        "[server]\nissuer = \"{ISSUER}\"\nlisten = \"127.0.0.1:0\"\nmanagement_listen = \"127.0.0.1:0\"\n\
         connections = 12000\nconnections_per_address = 500\nidle_seconds = {idle_seconds}\n\
         [store]\nfolder = \"data\"\n\
         [[resource]]\nindicator = \"https://photos.example\"\nname = \"Photos\"\nscopes = {{ \"photos.read\" = \"See your photos\" }}\n"
    )
}

/// All of a process's memory that is there,
const ALL: &str = "VmRSS:";
/// and what no file stands behind.
const OWN: &str = "RssAnon:";

/// The server's memory in KiB.
fn memory(served: &Served, which: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", served.process.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(which));
    let number = line.expect("it has memory").trim().trim_end_matches("kB").trim();
    number.parse().expect("it is a number")
}

fn open_connections(served: &Served) -> usize {
    let text = get(served.management, "/metrics").body;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("valetkey_open_connections "));
    line.expect("it is counted").parse().expect("it is a number")
}

/// Lets this process open so many files, or as many as it may; answers how many of them may be connections.
fn raise_own_limit(connections: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let wanted = u64::try_from(connections).unwrap() + 200;
    let most = limit.maximum.map_or(wanted, |most| most.min(wanted));
    if limit.current.is_some_and(|current| current < most) {
        let raised = Rlimit {
            current: Some(most),
            ..limit
        };
        setrlimit(Resource::Nofile, raised).expect("up to the maximum it may be raised");
    }
    connections.min(usize::try_from(most - 200).unwrap())
}

/// Whether everything has to be there that these tests need.
fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// Past the test harness, which keeps what a test that passes has said.
fn say(text: &str) {
    // Nobody can be told that nobody can be told.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Nine of ten.
const fn most_of(connections: usize) -> usize {
    connections - connections / 10
}

/// Connections that ask nothing.
async fn opened(to: SocketAddr, connections: usize) -> Vec<TcpStream> {
    let mut opened = Vec::with_capacity(connections);
    for number in 0..connections {
        // Every 400 come from an address of their own; all of 127.0.0.0/8 is this machine.
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket can be made");
        let last = u8::try_from(2 + number / 400).expect("there are addresses enough");
        let from = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0));
        socket.bind(from).expect("the address is this machine's");
        let stream = socket.connect(to).await.expect("it connects");
        opened.push(stream.into_std().expect("it can be kept"));
    }
    opened
}

#[test]
fn thousands_of_idle_connections_cost_little_hinder_nobody_and_are_closed() {
    let wanted = count("VALETKEY_IDLE_CONNECTIONS", 600);
    let connections = raise_own_limit(wanted);
    if connections < wanted {
        let why =
            format!("this process may open only {connections} of the {wanted} connections that are wanted");
        assert!(!is_ci(), "{why}");
        say(&format!("FEWER: {why}"));
    }
    let home = Home::empty();
    // Long enough for all of them to be opened before the first is closed.
    let idle_seconds = 20 + u32::try_from(connections / 200).unwrap();
    home.write(&configuration(idle_seconds));
    let served = home.serve();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .expect("a runtime can be made");
    assert_eq!(get(served.address, "/healthz").status, 200);
    let before = memory(&served, ALL);
    let idle = runtime.block_on(opened(served.address, connections));
    let (mut peak, mut held) = (0, 0);
    for look in 0..400 {
        // The last ones may still wait to be accepted.
        if look >= 20 && peak >= most_of(connections) {
            break;
        }
        // Others are served meanwhile.
        assert_eq!(
            get(served.address, "/.well-known/openid-configuration").status,
            200
        );
        let open = open_connections(&served);
        if open > peak {
            (peak, held) = (open, memory(&served, ALL));
        }
    }
    let each = held.saturating_sub(before) / u64::try_from(peak.max(1)).unwrap();
    println!(
        "idle connections: {connections} opened ({wanted} wanted), {peak} open at once, {before} KiB before, {held} KiB with \
         them: {each} KiB each"
    );
    assert!(
        peak >= most_of(connections),
        "{peak} of {connections} connections were open at once: it does not keep who asks nothing"
    );
    assert!(each <= CONNECTION_KIB, "{each} KiB a connection");
    // Ends only because the server closes each of them.
    for mut stream in idle {
        stream.set_nonblocking(false).expect("it can wait");
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest));
        assert_eq!(rest, b"");
    }
    until(|| (open_connections(&served) == 0).then_some(()));
    assert_eq!(get(served.address, "/healthz").status, 200);
    served.stop();
}

/// A connection that is kept.
struct Kept {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

impl Kept {
    fn to(address: SocketAddr) -> Self {
        Self {
            address,
            stream: None,
        }
    }

    /// Sends a request; on a new connection when the old one is gone.
    fn sends(&mut self, line: &str, headers: &str, body: &str) -> (u16, String) {
        let form = "content-type: application/x-www-form-urlencoded";
        let request = format!(
            "{line} HTTP/1.1\r\nhost: localhost\r\n{form}\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        for _ in 0..3 {
            match self.tries(&request) {
                // A machine that stood still for so long is no fault of the server's.
                Some((408, _)) | None => {}
                Some(answer) => return answer,
            }
            self.stream = None;
        }
        panic!("no answer to {line}");
    }

    fn tries(&mut self, request: &str) -> Option<(u16, String)> {
        let address = self.address;
        let stream = self
            .stream
            .get_or_insert_with(|| BufReader::new(TcpStream::connect(address).expect("it connects")));
        stream.get_mut().write_all(request.as_bytes()).ok()?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            (stream.read_line(&mut head).ok()? > 0).then_some(())?;
        }
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().expect("it is a number"));
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        Some((status, String::from_utf8(body).expect("UTF-8")))
    }
}

/// What one of those who ask for ever holds.
struct Client {
    kept: Kept,
    secret: String,
    access: String,
    refresh: String,
    number: usize,
}

impl Client {
    fn new(served: &Served, secret: &str, number: usize) -> Self {
        let mut client = Self {
            kept: Kept::to(served.address),
            secret: secret.to_owned(),
            access: String::new(),
            refresh: String::new(),
            number,
        };
        let ask = form(&[
            ("response_type", "code"),
            ("client_id", "app"),
            ("redirect_uri", "http://127.0.0.1:4711/app"),
            ("scope", "openid offline_access"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let mut browser = Browser::new(served.address, ISSUER);
        let back = browser.authorize(&format!("/authorize?{ask}"), "alice", "wonderland");
        let back = url::Url::parse(&back).expect("an address");
        let code = back
            .query_pairs()
            .find(|(name, _)| name == "code")
            .expect("a code")
            .1;
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", &code),
            ("redirect_uri", "http://127.0.0.1:4711/app"),
            ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        ];
        client.takes(&post(served.address, "/token", &form(&fields)).body);
        client
    }

    fn takes(&mut self, tokens: &str) {
        let tokens: Value = serde_json::from_str(tokens).expect("it is JSON");
        for (name, kept) in [
            ("access_token", &mut self.access),
            ("refresh_token", &mut self.refresh),
        ] {
            *kept = tokens[name]
                .as_str()
                .unwrap_or_else(|| panic!("{tokens}"))
                .to_owned();
        }
    }

    /// One request of the mixture, that or the next kind; each with something in it that never came before.
    fn asks(&mut self) {
        let number = self.number;
        self.number += THREADS;
        let kind = number / THREADS % 12;
        if kind == 1 {
            let pairs = [
                ("grant_type", "refresh_token"),
                ("client_id", "app"),
                ("refresh_token", &self.refresh),
            ];
            let (status, answer) = self.kept.sends("POST /token", "", &form(&pairs));
            assert_eq!(status, 200, "{answer}");
            return self.takes(&answer);
        }
        let (line, headers, body, expected) = if kind < 6 {
            self.of_clients(kind, number)
        } else {
            of_strangers(kind, number)
        };
        let (status, answer) = self.kept.sends(&line, &headers, &body);
        assert_eq!(status, expected, "{line}: {answer}");
    }

    fn of_clients(&self, kind: usize, number: usize) -> Asked {
        let secret = ("client_secret", self.secret.as_str());
        let token = |token: &str| format!("authorization: Bearer {token}\r\n");
        match kind {
            0 => {
                let pairs = [
                    ("grant_type", "client_credentials"),
                    ("client_id", "backup"),
                    secret,
                    ("scope", "photos.read"),
                ];
                asked("POST /token", "", form(&pairs), 200)
            }
            2 => {
                let pairs = [("token", self.access.as_str()), ("client_id", "backup"), secret];
                asked("POST /introspect", "", form(&pairs), 200)
            }
            3 => asked("GET /userinfo", &token(&self.access), String::new(), 200),
            4 => asked(
                "GET /userinfo",
                &token(&format!("nonsense{number}")),
                String::new(),
                401,
            ),
            _ => {
                let id = format!("nobody{number}");
                let pairs = [("grant_type", "client_credentials"), ("client_id", &id)];
                asked("POST /token", "", form(&pairs), 401)
            }
        }
    }
}

/// The first line of a request, more headers, the body, and the status that is the right answer.
type Asked = (String, String, String, u16);

fn asked(line: &str, headers: &str, body: String, expected: u16) -> Asked {
    (line.to_owned(), headers.to_owned(), body, expected)
}

fn of_strangers(kind: usize, number: usize) -> Asked {
    let get = |path: &str, expected| asked(&format!("GET {path}"), "", String::new(), expected);
    match kind {
        6 => {
            let wrong = format!("wrong{number}");
            let pairs = [("token", "x"), ("client_id", "backup"), ("client_secret", &wrong)];
            asked("POST /introspect", "", form(&pairs), 401)
        }
        7 => {
            let back = format!("http://127.0.0.1:{}/app", 1024 + number % 60_000);
            let state = format!("s{number}");
            let ask = form(&[
                ("response_type", "code"),
                ("client_id", "app"),
                ("redirect_uri", &back),
                ("scope", "openid"),
                ("state", &state),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ]);
            get(&format!("/authorize?{ask}"), 303)
        }
        8 => get(&format!("/authorize?client_id=nobody{number}"), 400),
        9 => get(&format!("/nowhere/{number}"), 404),
        10 => get("/.well-known/openid-configuration", 200),
        _ => get("/jwks", 200),
    }
}

/// How much was added, however much was given back: idle workers do that at some time, which must hide nothing.
fn rises(samples: &[u64]) -> u64 {
    let steps = samples.windows(2);
    steps.map(|pair| pair[1].saturating_sub(pair[0])).sum()
}

#[test]
fn memory_stays_flat_however_many_requests_come() {
    let requests = count("VALETKEY_LOAD_REQUESTS", 2400);
    let home = Home::empty();
    home.write(&configuration(30));
    home.add_person("alice", "wonderland");
    home.add_app("app");
    let secret = home.add_service("backup");
    let served = home.serve();
    let mut clients: Vec<Client> = (0..THREADS)
        .map(|number| Client::new(&served, &secret, number))
        .collect();
    let mut samples = Vec::new();
    // A tenth warms up what is kept for good.
    for _ in 0..10 {
        std::thread::scope(|scope| {
            for client in &mut clients {
                scope.spawn(move || {
                    for _ in 0..requests / 10 / THREADS {
                        client.asks();
                    }
                });
            }
        });
        samples.push(memory(&served, OWN));
    }
    println!("own memory in KiB after each tenth of {requests} requests: {samples:?}");
    let requests = u64::try_from(requests).unwrap();
    let allowed = ASIDE_KIB + PAGES_KIB.min(requests / REQUESTS_TO_A_KIB);
    let grown = rises(&samples[1..]);
    assert!(
        grown <= allowed,
        "it grows by {grown} KiB, {allowed} are allowed: {samples:?}"
    );
    served.stop();
}
