//! What the child does, and the lines in which it tells of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use uuid::Uuid;
use valetkey_model::client::{ApplicationType, Authentication, SigningAlg};
use valetkey_model::grant::{Active, CodeIssued, GrantState, GrantedBy, RevokedWhy};
use valetkey_model::{Client, ClientId, Grant, GrantId, User, UserId};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{ClientStore, GrantStore, Redeemed, Rotated, UserStore};
use valetkey_store_sqlite::{OpenOptions, SqliteStore};

/// Set for the child alone: the folder, and the number of the round.
const CHILD: [&str; 2] = ["VALETKEY_CRASH_TEST_FOLDER", "VALETKEY_CRASH_TEST_ROUND"];
const TASKS: u64 = 8;
const ALICE: UserId = UserId(Uuid::from_u128(1));

/// The last thing that was acknowledged about a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Inserted,
    Redeemed,
    Rotated(u32),
    Revoked,
}

/// SplitMix64: the same choices for the same seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// What the child is to do.
pub(crate) struct Task {
    pub(crate) folder: PathBuf,
    pub(crate) round: u64,
}

/// The command that runs this binary again, as the child of `test`, which must ask for [`task_of_child`] first.
pub(crate) fn child(test: &str, folder: &Path, round: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture"])
        .env(CHILD[0], folder)
        .env(CHILD[1], round.to_string());
    command
}

/// `None` in the parent.
#[expect(
    clippy::disallowed_methods,
    reason = "how the parent tells its child what it is"
)]
pub(crate) fn task_of_child() -> Option<Task> {
    let folder = std::env::var(CHILD[0]).ok()?;
    let round = std::env::var(CHILD[1]).ok()?.parse().unwrap();
    // The test harness has begun a line.
    println!();
    Some(Task {
        folder: folder.into(),
        round,
    })
}

/// Makes the folder with one person and one client.
pub(crate) async fn prepare(folder: &Path) {
    let store = SqliteStore::open(folder, OpenOptions::owner()).unwrap();
    let alice = User {
        id: ALICE,
        username: "alice".to_owned(),
        password_hash: None,
        claims: StandardClaims::default(),
        created_at: Timestamp(1),
    };
    store.insert_user(alice).await.unwrap();
    let app = Client {
        id: ClientId::parse("app").unwrap(),
        name: "App".to_owned(),
        authentication: Authentication::None,
        application_type: ApplicationType::Web,
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        grant_types: Default::default(),
        scope: Scope::default(),
        resources: Default::default(),
        introspects: Default::default(),
        id_token_signed_response_alg: SigningAlg::RS256,
        require_pkce: true,
        keys: None,
        openid: Default::default(),
        presentation: Default::default(),
        registration: None,
        inspect_until: None,
        oauth1: None,
        exchange: None,
        created_at: Timestamp(1),
    };
    store.insert_client(app).await.unwrap();
}

/// Loads the store in the folder, until somebody kills this process or stops listening.
pub(crate) async fn run_until_killed(child: &Task) {
    let store = Arc::new(SqliteStore::open(&child.folder, OpenOptions::owner()).unwrap());
    let tasks = (0..TASKS).map(|task| tokio::spawn(live(store.clone(), child.round, task)));
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

async fn live(store: Arc<SqliteStore>, round: u64, task: u64) {
    let mut random = Random(round * 1000 + task);
    for number in 0_u64.. {
        let id = GrantId(Uuid::from_u64_pair(round << 32 | number, task));
        store.insert_grant(grant(id), None).await.unwrap();
        tell(id, Step::Inserted);
        if random.below(5) == 0 {
            continue;
        }
        assert_eq!(store.redeem_code(id, active(1)).await.unwrap(), Redeemed::Won);
        tell(id, Step::Redeemed);
        let rotations = u32::try_from(random.below(4)).unwrap();
        for from in 1..=rotations {
            let rotated = store.rotate_refresh(id, from, active(from + 1)).await.unwrap();
            assert_eq!(rotated, Rotated::Won);
            tell(id, Step::Rotated(from + 1));
        }
        if random.below(3) == 0 {
            store.revoke_token(&jti(id), Timestamp(9)).await.unwrap();
            assert!(
                store
                    .revoke_grant(id, RevokedWhy::ByClient, Timestamp(5))
                    .await
                    .unwrap()
            );
            tell(id, Step::Revoked);
        }
    }
}

/// One line, in one write, after the acknowledgement.
fn tell(id: GrantId, step: Step) {
    let step = match step {
        Step::Inserted => "inserted".to_owned(),
        Step::Redeemed => "redeemed".to_owned(),
        Step::Rotated(to) => format!("rotated {to}"),
        Step::Revoked => "revoked".to_owned(),
    };
    let mut output = std::io::stdout().lock();
    if output
        .write_all(format!("ack {id} {step}\n").as_bytes())
        .and_then(|()| output.flush())
        .is_err()
    {
        std::process::exit(1);
    }
}

/// Reads a line back; `None` for what the test harness prints, or for a line that the kill cut off.
pub(crate) fn read_line(line: &str) -> Option<(GrantId, Step)> {
    let (id, step) = line.strip_prefix("ack ")?.split_once(' ')?;
    let step = match step.split_once(' ') {
        Some(("rotated", to)) => Step::Rotated(to.parse().ok()?),
        None if step == "inserted" => Step::Inserted,
        None if step == "redeemed" => Step::Redeemed,
        None if step == "revoked" => Step::Revoked,
        _ => return None,
    };
    Some((GrantId(Uuid::try_parse(id).ok()?), step))
}

/// The access token that is revoked with the grant.
pub(crate) fn jti(id: GrantId) -> String {
    format!("jti-{id}")
}

pub(crate) fn active(generation: u32) -> Active {
    Active {
        generation,
        rotated_at: Timestamp(3),
        idle_expires_at: Timestamp(1000),
    }
}

pub(crate) fn grant(id: GrantId) -> Grant {
    Grant {
        id,
        client: ClientId::parse("app").unwrap(),
        user: ALICE,
        session: None,
        scope: Scope::parse("openid photos.read").unwrap(),
        resources: Default::default(),
        offline: true,
        auth_time: Timestamp(1),
        amr: vec!["pwd".to_owned()],
        acr: Acr::OneFactor,
        sid: None,
        claims: ClaimsRequest::default(),
        nonce: None,
        created_at: Timestamp(2),
        expires_at: Timestamp(1000),
        by: GrantedBy::AuthorizationCode,
        migrated_from: None,
        state: GrantState::CodeIssued(CodeIssued {
            redirect_uri: "https://app.example/callback".to_owned(),
            redirect_uri_was_given: true,
            code_challenge: None,
            code_expires_at: Timestamp(60),
        }),
    }
}
