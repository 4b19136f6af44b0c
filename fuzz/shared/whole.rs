//! The whole server over a store in a temporary folder, with a clock and randomness of its own.

use super::samples;
use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use uuid::Uuid;
use valetkey_model::client::{Authentication, GrantType};
use valetkey_model::user::PasswordHash;
use valetkey_model::{Client, ClientId, Grant, GrantId, User};
use valetkey_protocol::claims::StandardClaims;
use valetkey_rules::HandleKeys;
use valetkey_server::clock::Clock;
use valetkey_server::random::Random;
use valetkey_server::{Server, Settings};
use valetkey_store::{ClientStore as _, GrantStore as _, UserStore as _};
use valetkey_store_sqlite::{OpenOptions, SqliteStore};

const MASTER_KEY: [u8; 32] = [7; 32];

/// The server and its store.
pub struct World {
    runtime: Runtime,
    app: Router,
    store: Arc<SqliteStore>,
    handles: HandleKeys,
    clock: Arc<Seconds>,
    grants: AtomicU64,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub location: Option<String>,
    pub cache_control: Option<String>,
    pub body: String,
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
    WORLD.get_or_init(World::make)
}

impl World {
    fn make() -> Self {
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
        let server = runtime.block_on(async {
            store.insert_user(person()).await.expect("the store works");
            for client in clients() {
                store.insert_client(client).await.expect("the store works");
            }
            let settings = Settings::new(samples::policy());
            Server::new(settings, store.clone(), &MASTER_KEY, clock.clone(), random).await
        });
        Self {
            runtime,
            app: server.expect("the server starts").app(),
            store,
            handles: HandleKeys::new(&MASTER_KEY),
            clock,
            grants: AtomicU64::new(1),
        }
    }

    /// A second goes by.
    pub fn tick(&self) {
        self.clock.0.fetch_add(1, Ordering::Relaxed);
    }

    /// A code that nobody has redeemed.
    pub fn code(&self) -> String {
        let number = self.grants.fetch_add(1, Ordering::Relaxed);
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

    /// Sends a request through the router.
    pub fn send(&self, request: Request<Vec<u8>>) -> Answer {
        self.runtime.block_on(async {
            let answer = self.app.clone().oneshot(request.map(Body::from)).await;
            let (parts, body) = answer.expect("a router does not fail").into_parts();
            let header = |name: &str| {
                let value = parts.headers.get(name)?;
                Some(value.to_str().expect("what it writes is plain").to_owned())
            };
            let body = body.collect().await.expect("the body is there").to_bytes();
            Answer {
                status: parts.status,
                location: header("location"),
                cache_control: header("cache-control"),
                body: String::from_utf8_lossy(&body).into_owned(),
            }
        })
    }
}

fn person() -> User {
    User {
        id: samples::code_grant().user,
        username: String::from("alice"),
        password_hash: None::<PasswordHash>,
        claims: StandardClaims::default(),
        created_at: samples::NOW,
    }
}

/// `app` with the secret `secret`, and `native` without any.
fn clients() -> [Client; 2] {
    let grant_types = BTreeSet::from([
        GrantType::AuthorizationCode,
        GrantType::RefreshToken,
        GrantType::ClientCredentials,
    ]);
    [
        Client {
            grant_types,
            ..samples::client()
        },
        Client {
            id: ClientId::parse("native").expect("it is an id"),
            authentication: Authentication::None,
            ..samples::client()
        },
    ]
}
