//! Grants made by the store's own verbs, as the server makes them: a code goes out, is redeemed, and the grant is
//! refreshed. Making a million of them over HTTP would take an hour and tell nothing new.

use crate::hash;
use crate::installation::Installation;
use crate::party::API;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::error::Error;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;
use uuid::Uuid;
use valetkey_model::grant::{Active, CodeIssued, GrantState, GrantedBy, RevokedWhy};
use valetkey_model::{ClientId, Consent, Grant, GrantId, UserId};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::pkce::CodeChallenge;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::handle::HandleKeys;
use valetkey_store::{GrantStore as _, Redeemed, Rotated, UserStore as _};
use valetkey_store_sqlite::{DATABASE_FILE, OpenOptions, SqliteStore};

/// Verbs under way at once; the store commits them in groups.
const AT_ONCE: usize = 2048;
const DAY: i64 = 86_400;
/// As in the server's housekeeping.
const FORGOTTEN_AT_ONCE: u32 = 500;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The data folder of an installation whose server does not run.
pub struct Seeding {
    store: Arc<SqliteStore>,
    keys: HandleKeys,
    users: Vec<UserId>,
}

/// Grants that were made.
#[derive(Debug, Default, Clone)]
pub struct Made {
    ids: Vec<GrantId>,
    generation: u32,
}

impl Seeding {
    pub async fn open(installation: &Installation) -> Outcome<Self> {
        let text = std::fs::read_to_string(installation.master_key())?;
        let bare = text
            .trim()
            .trim_end_matches('=')
            .replace('-', "+")
            .replace('_', "/");
        let master: [u8; 32] = STANDARD_NO_PAD
            .decode(bare)?
            .try_into()
            .map_err(|_| "no master key")?;
        let store = Arc::new(SqliteStore::open(&installation.data(), OpenOptions::owner())?);
        let mut users = Vec::new();
        for person in &installation.people {
            let user = store.find_user_by_username(&person.username).await?;
            let user = user.ok_or("a person is missing")?;
            if !user
                .password_hash
                .is_some_and(|hash| hash.0.starts_with(&hash::parameters()))
            {
                return Err("the server hashes passwords otherwise than the yardstick of W6".into());
            }
            users.push(user.id);
        }
        Ok(Self {
            store,
            keys: HandleKeys::new(&master),
            users,
        })
    }

    /// Makes grants for a client, each with its first refresh token out.
    pub async fn grants(&self, client: &str, count: usize) -> Outcome<Made> {
        let client = ClientId::parse(client)?;
        let mut made = Made {
            ids: Vec::with_capacity(count),
            generation: 1,
        };
        let mut under_way = JoinSet::new();
        for number in 0..count {
            let grant = grant(client.clone(), self.users[number % self.users.len()])?;
            made.ids.push(grant.id);
            let store = Arc::clone(&self.store);
            under_way.spawn(async move {
                let (id, now) = (grant.id, grant.created_at);
                let consent = consent(&grant);
                store.insert_grant(grant, Some(consent)).await?;
                let redeemed = store.redeem_code(id, active(1, now)).await?;
                if redeemed == Redeemed::Won {
                    Ok(())
                } else {
                    Err("a code was not redeemed".into())
                }
            });
            keep_below(AT_ONCE, &mut under_way).await?;
        }
        keep_below(0, &mut under_way).await?;
        Ok(made)
    }

    /// Refreshes every grant so many times.
    pub async fn refresh(&self, made: &mut Made, times: u32) -> Outcome<()> {
        let mut under_way = JoinSet::new();
        for _ in 0..times {
            let from = made.generation;
            for id in made.ids.iter().copied() {
                let store = Arc::clone(&self.store);
                under_way.spawn(async move {
                    let rotated = store.rotate_refresh(id, from, active(from + 1, now())).await?;
                    if rotated == Rotated::Won {
                        Ok(())
                    } else {
                        Err("a grant was not refreshed".into())
                    }
                });
                keep_below(AT_ONCE, &mut under_way).await?;
            }
            // Every grant is refreshed once before any is refreshed again.
            keep_below(0, &mut under_way).await?;
            made.generation += 1;
        }
        Ok(())
    }

    /// Ends every grant, and has the store forget them, as the server does a day later.
    pub async fn end(&self, made: &Made) -> Outcome<()> {
        let mut under_way = JoinSet::new();
        for id in made.ids.iter().copied() {
            let store = Arc::clone(&self.store);
            under_way.spawn(async move {
                let was_there = store.revoke_grant(id, RevokedWhy::ByResourceOwner, now()).await?;
                if was_there {
                    Ok(())
                } else {
                    Err("a grant was not there".into())
                }
            });
            keep_below(AT_ONCE, &mut under_way).await?;
        }
        keep_below(0, &mut under_way).await?;
        let later = now().plus_seconds(DAY + 60);
        while self.store.forget_expired(later, DAY, FORGOTTEN_AT_ONCE).await? > 0 {}
        Ok(())
    }

    /// The refresh tokens that are out.
    pub fn tokens(&self, made: &Made) -> Vec<String> {
        let token = |id: &GrantId| self.keys.refresh_for(*id, made.generation).expose().to_owned();
        made.ids.iter().map(token).collect()
    }
}

/// The size of the database, once nothing is left in the log beside it.
pub fn database_bytes(installation: &Installation) -> u64 {
    let file = installation.data().join(DATABASE_FILE);
    let wal = file.with_extension("sqlite3-wal");
    let size = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    size(&file) + size(&wal)
}

async fn keep_below(most: usize, under_way: &mut JoinSet<Outcome<()>>) -> Outcome<()> {
    while under_way.len() > most {
        if let Some(done) = under_way.join_next().await {
            done??;
        }
    }
    Ok(())
}

fn now() -> Timestamp {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    Timestamp(i64::try_from(seconds).unwrap_or_default())
}

fn active(generation: u32, at: Timestamp) -> Active {
    Active {
        generation,
        rotated_at: at,
        idle_expires_at: at.plus_seconds(14 * DAY),
    }
}

fn consent(grant: &Grant) -> Consent {
    Consent {
        user: grant.user,
        client: grant.client.clone(),
        scope: grant.scope.clone(),
        resources: grant.resources.clone(),
        granted_at: grant.created_at,
    }
}

fn grant(client: ClientId, user: UserId) -> Outcome<Grant> {
    let now = now();
    Ok(Grant {
        id: GrantId(Uuid::now_v7()),
        client,
        user,
        session: None,
        by: GrantedBy::AuthorizationCode,
        migrated_from: None,
        scope: Scope::parse("openid profile email offline_access api.read").map_err(|_| "no scope")?,
        resources: [ResourceIndicator::parse(API)?].into(),
        offline: true,
        auth_time: now,
        amr: vec![String::from("pwd")],
        acr: Acr::OneFactor,
        sid: None,
        claims: ClaimsRequest::default(),
        nonce: Some(String::from("n-0S6_WzA2Mj")),
        created_at: now,
        expires_at: now.plus_seconds(90 * DAY),
        state: GrantState::CodeIssued(CodeIssued {
            redirect_uri: String::from(crate::party::REDIRECT_URI),
            redirect_uri_was_given: true,
            code_challenge: CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").ok(),
            code_expires_at: now.plus_seconds(60),
        }),
    })
}
