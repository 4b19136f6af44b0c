//! The whole server over a store in a temporary folder, with a clock and randomness of its own.

use super::samples;
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use uuid::Uuid;
use valetkey_jose::b64;
use valetkey_jose::derive::derive_key;
use valetkey_jose::mac::MacKey;
use valetkey_model::client::{Authentication, GrantType, OAuth1};
use valetkey_model::device::{DeviceAuthorization, DeviceState};
use valetkey_model::session::SignedInFrom;
use valetkey_model::user::PasswordHash;
use valetkey_model::{
    Client, ClientId, DeviceId, Grant, GrantId, Link, Session, SessionId, Sid, User, UserId,
};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::device::USER_CODE_ALPHABET;
use valetkey_rules::{HandleKeys, Purpose, SecretKeys};
use valetkey_server::clock::Clock;
use valetkey_server::mail::{MailSettings, SmtpSettings, SmtpTls};
use valetkey_server::random::Random;
use valetkey_server::{Server, Settings};
use valetkey_store::{
    ClientStore as _, ConsentStore as _, DeviceStore as _, FactorStore as _, GrantStore as _, LinkStore as _,
    PasskeyStore as _, SessionStore as _, UserStore as _,
};
use valetkey_store_sqlite::{OpenOptions, SqliteStore};

const MASTER_KEY: [u8; 32] = [7; 32];
/// What only the pages of `bob` may show.
pub const BOBS: &str = "bob.was.here@mail.example";
/// The consumer secret of `printer`.
pub const PRINTERS: &str = "printer-secret";
const SESSION_COOKIE: &str = "__Host-vk_session=";

/// The server and its store.
pub struct World {
    runtime: Runtime,
    app: Router,
    store: Arc<SqliteStore>,
    handles: HandleKeys,
    sessions: MacKey,
    clock: Arc<Seconds>,
    made: AtomicU64,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub location: Option<String>,
    pub cache_control: Option<String>,
    /// Each as a browser sends it back.
    pub cookies: Vec<String>,
    pub body: String,
}

/// Somebody in a browser.
pub struct SignedIn {
    pub user: UserId,
    pub username: String,
    pub cookie: String,
}

/// A clock that goes a second for each input, so that no limit stays reached.
struct Seconds(AtomicU64);

impl Clock for Seconds {
    fn now_millis(&self) -> u64 {
        self.0.load(Ordering::Relaxed) * 1000
    }
}

/// The same numbers at each start.
struct Numbers(AtomicU64);

impl Random for Numbers {
    fn fill(&self, buffer: &mut [u8]) {
        for bytes in buffer.chunks_mut(8) {
            // SplitMix64.
            let mut number = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let number = (number ^ (number >> 31)).to_le_bytes();
            bytes.copy_from_slice(&number[..bytes.len()]);
        }
    }
}

/// The world, made once.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::make(|_, _| ()))
}

impl World {
    /// One whose settings are changed; what the runtime is given to do, it does while a request is under way.
    pub fn make(change: impl FnOnce(&Runtime, &mut Settings)) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let folder = std::env::temp_dir().join(format!("valetkey-fuzz-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let store = Arc::new(SqliteStore::open(&folder, OpenOptions::owner()).expect("the store opens"));
        let start = samples::NOW.0.unsigned_abs();
        let clock = Arc::new(Seconds(AtomicU64::new(start)));
        let random = Arc::new(Numbers(AtomicU64::new(1)));
        let mut settings = Settings::new(samples::policy());
        settings.mail = Some(mail());
        change(&runtime, &mut settings);
        let server = runtime.block_on(async {
            for user in people() {
                store.insert_user(user).await.expect("the store works");
            }
            for client in clients() {
                store.insert_client(client).await.expect("the store works");
            }
            Server::new(settings, store.clone(), &MASTER_KEY, clock.clone(), random).await
        });
        Self {
            runtime,
            app: server.expect("the server starts").app(),
            store,
            handles: HandleKeys::new(&MASTER_KEY),
            sessions: MacKey::new(&derive_key(&MASTER_KEY, "session cookie")),
            clock,
            made: AtomicU64::new(1),
        }
    }

    /// A second goes by.
    pub fn tick(&self) {
        self.clock.0.fetch_add(1, Ordering::Relaxed);
    }

    /// What time it is.
    pub fn now(&self) -> i64 {
        self.clock.now().0
    }

    fn number(&self) -> u64 {
        self.made.fetch_add(1, Ordering::Relaxed)
    }

    /// A code that nobody has redeemed.
    pub fn code(&self) -> String {
        let number = self.number();
        let sample = samples::code_grant();
        let now = self.clock.now();
        let valetkey_model::grant::GrantState::CodeIssued(mut issued) = sample.state.clone() else {
            panic!("it is a code");
        };
        issued.code_expires_at = now.plus_seconds(60);
        let grant = Grant {
            id: GrantId(Uuid::from_u128(u128::from(number) << 64 | 0x69)),
            state: valetkey_model::grant::GrantState::CodeIssued(issued),
            auth_time: now,
            created_at: now,
            expires_at: now.plus_seconds(3600),
            ..sample
        };
        let code = self.handles.code_for(grant.id).expose().to_owned();
        let inserted = self.runtime.block_on(self.store.insert_grant(grant, None));
        inserted.expect("the store works");
        code
    }

    /// A person of their own who has just signed in, without a password, an app or anything else.
    pub fn sign_in(&self) -> SignedIn {
        let (number, now) = (self.number(), self.clock.now());
        let [alice, _] = people();
        let user = User {
            id: UserId(Uuid::from_u128(u128::from(number) << 64 | 0xa11ce)),
            username: format!("alice{number}"),
            ..alice
        };
        let session = Session {
            id: SessionId(Uuid::from_u128(u128::from(number) << 64 | 0x5e55)),
            sid: Sid(Uuid::from_u128(u128::from(number) << 64 | 0x51d)),
            user: user.id,
            auth_time: now,
            amr: vec![String::from("pwd")],
            acr: Acr::OneFactor,
            from: SignedInFrom::default(),
            created_at: now,
            expires_at: now.plus_seconds(3600),
        };
        let id = session.id.0.into_bytes();
        let (owner, username) = (user.id, user.username.clone());
        self.runtime.block_on(async {
            self.store.insert_user(user).await.expect("the store works");
            let begun = self.store.begin_session(session, None).await;
            begun.expect("the store works");
        });
        let tag = self.sessions.tag(&[&id]);
        SignedIn {
            user: owner,
            username,
            cookie: format!(
                "{SESSION_COOKIE}{}.{}",
                b64::encode_url(&id),
                b64::encode_url(&tag)
            ),
        }
    }

    /// Who is signed in by the session that these cookies begin, when they begin one.
    pub fn begun(&self, cookies: &[String]) -> Option<UserId> {
        let value = cookies
            .iter()
            .find_map(|cookie| cookie.strip_prefix(SESSION_COOKIE))?;
        let (id, _) = value.split_once('.')?;
        let id = b64::decode_url(id).expect("the server writes it");
        let id = SessionId(Uuid::from_slice(&id).expect("it is an id"));
        let session = self.runtime.block_on(self.store.find_session(id));
        Some(session.expect("the store works").expect("it has begun").user)
    }

    /// All that is remembered of a person, as text.
    pub fn person(&self, person: &SignedIn) -> String {
        let (store, user, now) = (&self.store, person.user, self.clock.now());
        let told = self.runtime.block_on(async {
            Ok::<_, valetkey_store::StoreError>(format!(
                "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
                store.find_user(user).await?,
                store.list_sessions(user, now).await?,
                store.list_consents(user).await?,
                store.list_active_grants(user, now).await?,
                store.list_links(user).await?,
                store.find_totp(user).await?,
                store.count_recovery_codes(user).await?,
                store.list_passkeys(user).await?,
            ))
        });
        told.expect("the store works")
    }

    /// The account of a provider belongs to `alice`.
    pub fn link(&self, provider: &str, subject: &str) -> UserId {
        let user = samples::code_grant().user;
        let link = Link {
            provider: provider.to_owned(),
            subject: subject.to_owned(),
            user,
            label: subject.to_owned(),
            created_at: self.clock.now(),
        };
        let linked = self.runtime.block_on(self.store.insert_link(link));
        linked.expect("the store works");
        user
    }

    /// The code that a device shows, which waits for an answer.
    pub fn device(&self) -> String {
        let (number, now) = (self.number(), self.clock.now());
        let letters: String = (0..8)
            .map(|place| number / 20_u64.pow(place) % 20)
            .map(|letter| char::from(USER_CODE_ALPHABET[usize::try_from(letter).expect("it is small")]))
            .collect();
        let device = DeviceAuthorization {
            id: DeviceId(Uuid::from_u128(u128::from(number) << 64 | 0xde)),
            client: ClientId::parse("tv").expect("it is an id"),
            user_code_key: self.handles.user_code_key(&letters),
            scope: samples::code_grant().scope,
            resources: BTreeSet::new(),
            asked_from: String::from("192.0.2.1"),
            created_at: now,
            expires_at: now.plus_seconds(300),
            polled_at: None,
            state: DeviceState::Pending,
        };
        let inserted = self.runtime.block_on(self.store.insert_device(device));
        assert!(inserted.expect("the store works"), "the code is a new one");
        letters
    }

    /// Sends a request through the router.
    pub fn send(&self, request: Request<Vec<u8>>) -> Answer {
        self.runtime.block_on(async {
            let answer = self.app.clone().oneshot(request.map(Body::from)).await;
            let (parts, body) = answer.expect("a router does not fail").into_parts();
            let header = |name: &str| all(&parts.headers, name).into_iter().next();
            let cookies = all(&parts.headers, "set-cookie");
            let body = body.collect().await.expect("the body is there").to_bytes();
            Answer {
                status: parts.status,
                location: header("location"),
                cache_control: header("cache-control"),
                cookies: cookies.iter().map(|cookie| pair(cookie).to_owned()).collect(),
                body: String::from_utf8_lossy(&body).into_owned(),
            }
        })
    }
}

/// Letters are written, and lie in the queue.
fn mail() -> MailSettings {
    MailSettings {
        smtp: SmtpSettings {
            host: String::from("localhost"),
            port: 1,
            tls: SmtpTls::None,
            username: None,
            password: None,
            extra_ca: Vec::new(),
        },
        from: "Valetkey <no-reply@as.example>".parse().expect("it is a mailbox"),
        reply_to: None,
    }
}

fn all(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter();
    values
        .map(|value| value.to_str().expect("what it writes is plain").to_owned())
        .collect()
}

/// Name and value of a cookie, without what is for the browser alone.
fn pair(cookie: &str) -> &str {
    cookie.split(';').next().unwrap_or_default()
}

/// `alice` and `bob`.
fn people() -> [User; 2] {
    let alice = User {
        id: samples::code_grant().user,
        username: String::from("alice"),
        password_hash: None::<PasswordHash>,
        claims: StandardClaims::default(),
        created_at: samples::NOW,
    };
    let bob = User {
        id: UserId(Uuid::from_u128(0xb0b)),
        username: String::from("bob"),
        claims: StandardClaims {
            name: Some(BOBS.to_owned()),
            email: Some(BOBS.to_owned()),
            email_verified: Some(true),
            ..StandardClaims::default()
        },
        ..alice.clone()
    };
    [alice, bob]
}

/// `app` with the secret `secret`, which is an API as well, `native` without any, `tv`, which shows a code, and `printer`, which
/// signs by [`PRINTERS`] (OAuth 1.0a).
fn clients() -> [Client; 4] {
    let printer = ClientId::parse("printer").expect("it is an id");
    let grant_types = BTreeSet::from([
        GrantType::AuthorizationCode,
        GrantType::RefreshToken,
        GrantType::ClientCredentials,
        GrantType::DeviceCode,
        GrantType::Password,
        GrantType::TokenExchange,
    ]);
    [
        Client {
            grant_types,
            introspects: samples::code_grant().resources,
            ..samples::client()
        },
        Client {
            id: ClientId::parse("native").expect("it is an id"),
            authentication: Authentication::None,
            ..samples::client()
        },
        Client {
            id: ClientId::parse("tv").expect("it is an id"),
            authentication: Authentication::None,
            redirect_uris: Vec::new(),
            grant_types: [GrantType::DeviceCode].into(),
            ..samples::client()
        },
        Client {
            authentication: Authentication::None,
            grant_types: BTreeSet::new(),
            oauth1: Some(OAuth1 {
                secret: Some(SecretKeys::new(&MASTER_KEY).seal(Purpose::OAuth1, &printer, PRINTERS)),
                ..OAuth1::default()
            }),
            id: printer,
            ..samples::client()
        },
    ]
}
