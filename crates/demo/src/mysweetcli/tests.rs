//! Both ways of signing in, against an authorization server and an API that answer in process. The browser is the test's,
//! and comes to the real port.

use super::*;
use http::Response;
use serde_json::{Value, json};
use std::sync::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;
use valetkey_client::{HttpRequest, HttpResponse};

const ISSUER: &str = "http://localhost:8080";
const NOW: i64 = 1_790_000_000;

/// A machine, two servers and a browser.
#[derive(Default)]
struct World {
    said: Mutex<Vec<String>>,
    asked: Mutex<Vec<String>>,
    waited: Mutex<Vec<u64>>,
    /// What the token endpoint answers, one after the other: status and body.
    token: Mutex<Vec<(u16, Value)>>,
    /// What the browser brings back instead of a code and the right state.
    brings: Option<&'static str>,
    photos: Option<(u16, &'static str)>,
    down: bool,
}

struct Handle(Arc<World>);

impl World {
    fn new() -> Self {
        let token = json!({"access_token": "at", "token_type": "Bearer", "expires_in": 300});
        Self {
            token: Mutex::new(vec![(200, token)]),
            ..Self::default()
        }
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let path = request.uri().path().to_owned();
        let body = String::from_utf8(request.body().clone()).unwrap();
        self.asked.lock().unwrap().push(format!("{path} {body}"));
        if self.down {
            return Err(HttpError::Unreachable("connection refused".into()));
        }
        let (status, body) = match path.as_str() {
            "/token" => self.token.lock().unwrap().remove(0),
            "/device_authorization" => (200, device()),
            "/photos" => {
                assert_eq!(request.headers()["authorization"], "Bearer at");
                let (status, text) = self.photos.unwrap_or((200, PHOTOS));
                (status, serde_json::from_str(text).unwrap())
            }
            _ => (200, metadata()),
        };
        let answer = Response::builder()
            .status(status)
            .header("www-authenticate", "Bearer error=\"invalid_token\"");
        Ok(answer.body(body.to_string().into_bytes()).unwrap())
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().join("\n")
    }
}

const PHOTOS: &str = r#"[{"id": "1", "title": "Dusk\u001b[31m", "description": "A boat.", "taken_at": "2026-08-14T18:41:00Z"}]"#;

fn metadata() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/token"),
        "device_authorization_endpoint": format!("{ISSUER}/device_authorization"),
        "jwks_uri": format!("{ISSUER}/jwks"),
        "authorization_response_iss_parameter_supported": true,
    })
}

fn device() -> Value {
    json!({
        "device_code": "vkd_secret", "user_code": "BCDF-GHJK", "verification_uri": format!("{ISSUER}/device"),
        "verification_uri_complete": format!("{ISSUER}/device?user_code=BCDF-GHJK"), "expires_in": 600, "interval": 7,
    })
}

impl Machine for Handle {
    fn http(&self) -> Result<Arc<dyn HttpClient>, HttpError> {
        let world = Arc::clone(&self.0);
        Ok(Arc::new(move |request: HttpRequest| {
            let answer = world.answer(&request);
            async move { answer }
        }))
    }

    fn say(&self, line: &str) {
        self.0.said.lock().unwrap().push(line.to_owned());
    }

    fn complain(&self, line: &str) {
        self.say(line);
    }

    fn open(&self, url: &str) {
        let brings = self.0.brings;
        let url = Url::parse(url).unwrap();
        tokio::spawn(async move {
            let get = |name: &str| {
                let pair = url.query_pairs().find(|(key, _)| key == name);
                pair.unwrap().1.into_owned()
            };
            let (back, state) = (Url::parse(&get("redirect_uri")).unwrap(), get("state"));
            assert_eq!((back.host_str(), back.path()), (Some("127.0.0.1"), "/callback"));
            let port = back.port().unwrap();
            // Somebody else tries first.
            let stranger = visit(port, "/callback?code=stolen&state=guessed").await;
            assert!(stranger.starts_with("HTTP/1.1 400"), "{stranger}");
            assert!(visit(port, "/favicon.ico").await.starts_with("HTTP/1.1 404"));
            let good = format!("code=c1&iss={ISSUER}");
            let query = brings.unwrap_or(&good);
            let own = visit(port, &format!("/callback?{query}&state={state}")).await;
            assert!(
                own.contains("Back to the terminal") && own.contains("no-referrer"),
                "{own}"
            );
        });
    }

    fn wait(&self, seconds: u64) -> BoxFuture<'static, ()> {
        self.0.waited.lock().unwrap().push(seconds);
        // Patience lasts as long as the test; polls do not wait.
        let polls = seconds < 60;
        Box::pin(async move {
            if polls {
                tokio::task::yield_now().await;
            } else {
                std::future::pending::<()>().await;
            }
        })
    }

    fn now(&self) -> Timestamp {
        let waited: u64 = self.0.waited.lock().unwrap().iter().sum();
        Timestamp(NOW + i64::try_from(waited).unwrap())
    }
}

async fn visit(port: u16, target: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn try_with(world: World, arguments: &[&str]) -> (Arc<World>, Result<(), Problem>) {
    let world = Arc::new(world);
    let all = std::iter::once(&"mysweetcli").chain(arguments);
    let options = Options::try_parse_from(all).unwrap();
    let outcome = run(&options, &Handle(Arc::clone(&world))).await;
    (world, outcome)
}

fn refused(code: &str) -> (u16, Value) {
    (400, json!({ "error": code }))
}

#[tokio::test]
async fn no_is_no_either_way() {
    let mut world = World::new();
    world.brings = Some("error=access_denied&iss=http%3A%2F%2Flocalhost%3A8080");
    let (world, outcome) = try_with(world, &["login"]).await;
    assert!(matches!(outcome, Err(Problem::Declined)));
    assert!(
        !world
            .asked
            .lock()
            .unwrap()
            .iter()
            .any(|asked| asked.starts_with("/token"))
    );

    let world = World::new();
    *world.token.lock().unwrap() = vec![refused("access_denied")];
    let (world, outcome) = try_with(world, &["device"]).await;
    assert!(matches!(outcome, Err(Problem::Declined)));
    assert!(!world.said().contains("Dusk"));
}

#[tokio::test]
async fn mix_up_an_answer_of_another_server_gets_no_code_to_see() {
    let mut world = World::new();
    world.brings = Some("code=c1&iss=https%3A%2F%2Fevil.example");
    let (world, outcome) = try_with(world, &["login"]).await;
    assert!(matches!(outcome, Err(Problem::SignIn(Error::Refused(_)))));
    assert!(
        !world
            .asked
            .lock()
            .unwrap()
            .iter()
            .any(|asked| asked.starts_with("/token"))
    );
}

#[tokio::test]
async fn a_device_code_that_nobody_answers_ends() {
    let world = World::new();
    *world.token.lock().unwrap() = vec![refused("authorization_pending"); 100];
    let (_, outcome) = try_with(world, &["device"]).await;
    assert!(matches!(outcome, Err(Problem::TooLate)));
}

#[tokio::test]
async fn who_does_not_answer_is_named_in_a_sentence() {
    let mut world = World::new();
    world.down = true;
    let (_, outcome) = try_with(world, &["device"]).await;
    let said = outcome.unwrap_err().to_string();
    assert!(said.contains(ISSUER) && said.contains("valetkey dev"), "{said}");
    let mut world = World::new();
    world.photos = Some((401, "{}"));
    let (_, outcome) = try_with(world, &["device"]).await;
    let said = outcome.unwrap_err().to_string();
    assert!(said.contains("401") && said.contains("invalid_token"), "{said}");
    let mut world = World::new();
    world.photos = Some((200, "{}"));
    let (_, outcome) = try_with(world, &["device"]).await;
    assert!(matches!(outcome, Err(Problem::NoList)));
}

#[tokio::test]
async fn login_comes_back_on_a_loopback_port_and_a_stranger_there_changes_nothing() {
    let (world, outcome) = try_with(World::new(), &["login"]).await;
    outcome.unwrap();
    let said = world.said();
    assert!(said.contains(
        "/authorize?response_type=code&client_id=mysweetcli&redirect_uri=http%3A%2F%2F127.0.0.1%3A"
    ));
    assert!(said.contains("code_challenge_method=S256"));
    assert!(said.contains("Dusk[31m  (2026-08-14)"), "{said}");
    assert!(
        !said.contains('\u{1b}'),
        "what the API says cannot rule the terminal"
    );
    let asked = world.asked.lock().unwrap();
    let token = asked.iter().find(|asked| asked.starts_with("/token")).unwrap();
    assert!(token.contains("code=c1") && token.contains("code_verifier=") && !token.contains("stolen"));
}

#[tokio::test]
async fn a_device_shows_the_code_waits_as_told_and_keeps_the_device_code_to_itself() {
    let world = World::new();
    let done = world.token.lock().unwrap().remove(0);
    *world.token.lock().unwrap() = vec![refused("authorization_pending"), refused("slow_down"), done];
    let (world, outcome) = try_with(world, &["device"]).await;
    outcome.unwrap();
    let said = world.said();
    for part in [
        "BCDF-GHJK",
        "http://localhost:8080/device\n",
        "/device?user_code=BCDF-GHJK",
        "Your photos (1)",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(!said.contains("vkd_secret"));
    assert_eq!(*world.waited.lock().unwrap(), [7, 7, 12]);
}

#[tokio::test]
async fn with_json_each_line_is_an_object_for_scripts() {
    let (world, outcome) = try_with(World::new(), &["device", "--json"]).await;
    outcome.unwrap();
    let lines: Vec<Value> = world
        .said
        .lock()
        .unwrap()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["user_code"], "BCDF-GHJK");
    assert_eq!(lines[1]["photos"][0]["id"], "1");
    assert_eq!(lines.len(), 2);
}

#[tokio::test]
async fn without_a_browser_the_address_is_printed_and_nothing_is_opened() {
    let world = Arc::new(World::new());
    let options = Options::try_parse_from(["mysweetcli", "--json", "login", "--no-browser"]).unwrap();
    let machine = Handle(Arc::clone(&world));
    let running = run(&options, &machine);
    tokio::pin!(running);
    // It waits for the person now; the person opens what was printed.
    let url = loop {
        tokio::select! {
            outcome = &mut running => panic!("it did not wait: {outcome:?}"),
            () = tokio::task::yield_now() => {}
        }
        if let Some(line) = world.said.lock().unwrap().first() {
            let line: Value = serde_json::from_str(line).unwrap();
            break line["url"].as_str().unwrap().to_owned();
        }
    };
    Handle(Arc::clone(&world)).open(&url);
    running.await.unwrap();
    assert!(world.said().contains("\"photos\""));
}
