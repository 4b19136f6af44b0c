//! What every handler holds: settings, store, keys, clock, randomness, the password pool and the caches.

use crate::client_keys::ParsedKeys;
use crate::clock::Clock;
use crate::cookies::Cookies;
use crate::endpoints::health::Readiness;
use crate::guard::References;
use crate::housekeeping::Followed;
use crate::in_use::InUse;
use crate::keys::{KeyError, KeyRing, Ring};
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::outbound::Outbound;
use crate::outbound::documents::Documents;
use crate::outbox::Outbox;
use crate::password::Passwords;
use crate::published::Published;
use crate::random::{self, Names, Random};
use crate::request_objects::RequestObjects;
use crate::seen_tokens::SeenTokens;
use crate::settings::{Issuer, Settings};
use crate::upstream::Providers;
use quick_cache::sync::Cache;
use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use uuid::Uuid;
use valetkey_jose::derive::derive_key;
use valetkey_jose::mac::MacKey;
use valetkey_jose::seal::SealKey;
use valetkey_jose::{Algorithm, SigningKey};
use valetkey_model::{Client, ClientId};
use valetkey_protocol::time::Timestamp;
use valetkey_rules::account::link::LinkKeys;
use valetkey_rules::handle::HandleKeys;
use valetkey_rules::policy::Policy;
use valetkey_rules::recovery::RecoveryKeys;
use valetkey_rules::register::token::RegistrationKeys;
use valetkey_rules::sealed::SecretKeys;
use valetkey_rules::subject::SubjectKeys;
use valetkey_rules::totp::TotpKeys;
use valetkey_store::{Store, StoreError};

/// The state of the router.
pub(crate) type App = Arc<Context>;

/// See the module.
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) issuer: Issuer,
    pub(crate) cookies: Cookies,
    /// Where clients authenticate, by path.
    pub(crate) endpoint_urls: [(&'static str, String); 3],
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keys: KeyRing,
    pub(crate) handles: HandleKeys,
    pub(crate) secrets: Secrets,
    /// Opens the secrets of clients that must be readable to check an HMAC.
    pub(crate) secrets_of_clients: SecretKeys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) references: References,
    /// The `jti` of access tokens.
    pub(crate) names: Names,
    pub(crate) random: Arc<dyn Random>,
    /// Makes and reads the tokens of client registration.
    pub(crate) registrations: RegistrationKeys,
    /// Who people are to clients.
    pub(crate) subjects: SubjectKeys,
    /// Seals the secrets of one-time codes.
    pub(crate) totp: TotpKeys,
    /// Hashes recovery codes.
    pub(crate) recovery: RecoveryKeys,
    pub(crate) passwords: Passwords,
    /// Seals the links of letters.
    pub(crate) links: LinkKeys,
    /// The server's own requests.
    pub(crate) outbound: Outbound,
    /// What it fetched with them, kept for a while.
    pub(crate) documents: Documents,
    /// What clients ask for by reference.
    pub(crate) request_objects: RequestObjects,
    /// Logos of clients, apart from what keys and request objects need.
    pub(crate) logos: Documents,
    /// Delivers letters; `None` where none go out.
    pub(crate) mailer: Option<Mailer>,
    /// Key sets of clients that are kept here.
    pub(crate) parsed_keys: ParsedKeys,
    /// Delivers logout tokens and letters.
    pub(crate) outbox: Outbox,
    /// Other providers that sign people in.
    pub(crate) upstream: Providers,
    pub(crate) metrics: Metrics,
    pub(crate) clients: Clients,
    pub(crate) seen_tokens: SeenTokens,
    pub(crate) followed: Followed,
    /// Which clients are in use, on the way to the store.
    pub(crate) in_use: InUse,
    pub(crate) readiness: Readiness,
    /// The metadata document, once it was asked for.
    pub(crate) metadata: OnceLock<Published>,
}

/// The keys that only this server uses, each derived for one purpose.
pub(crate) struct Secrets {
    /// Seals a request on its way through login and consent.
    pub(crate) interaction: SealKey,
    /// Signs session cookies.
    pub(crate) session: MacKey,
    /// Signs the hidden field of the account's forms.
    pub(crate) csrf: MacKey,
    /// Hashes usernames and addresses for the throttle.
    pub(crate) throttle: MacKey,
    /// Makes the browser state from a session.
    pub(crate) browser_state: MacKey,
}

impl Secrets {
    pub(crate) fn derive(master: &[u8; 32]) -> Self {
        Self {
            interaction: SealKey::new(&derive_key(master, "interaction")),
            session: MacKey::new(&derive_key(master, "session cookie")),
            csrf: MacKey::new(&derive_key(master, "form field")),
            throttle: MacKey::new(&derive_key(master, "throttle key")),
            browser_state: MacKey::new(&derive_key(master, "browser state")),
        }
    }
}

impl Context {
    pub(crate) fn policy(&self) -> &Policy {
        &self.settings.policy
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An absolute address of this server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.policy().issuer)
    }

    /// [`Context::url`] of an endpoint at which clients authenticate; those were written once.
    pub(crate) fn endpoint_url(&self, path: &str) -> Cow<'_, str> {
        let written = self.endpoint_urls.iter().find(|(own, _)| *own == path);
        written.map_or_else(
            || Cow::Owned(self.url(path)),
            |(_, url)| Cow::Borrowed(url.as_str()),
        )
    }

    /// A path of this server, below the issuer's own path.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.path)
    }

    pub(crate) fn uuid(&self) -> Uuid {
        random::uuid(self.clock.as_ref(), self.random.as_ref())
    }

    /// The key that signs with this algorithm; made when nothing was signed with it before.
    pub(crate) async fn signing_key(&self, alg: Algorithm) -> Result<Arc<SigningKey>, KeyError> {
        self.followed.is_close()?;
        self.keys.signing(self.store.as_ref(), alg, self.now()).await
    }

    /// The keys, unless they may have changed long ago.
    pub(crate) fn current_keys(&self) -> Result<Arc<Ring>, StoreError> {
        self.followed.is_close()?;
        Ok(self.keys.current())
    }

    /// The client with that id; `None` also when the text can be no client's id.
    pub(crate) async fn client(&self, id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        self.followed.is_close()?;
        self.clients.find(self.store.as_ref(), id).await
    }
}

/// Clients, kept until the store's change stamp moves.
pub(crate) struct Clients {
    cache: Cache<ClientId, (u64, Arc<Client>)>,
    generation: AtomicU64,
}

impl Clients {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            cache: Cache::new(capacity),
            generation: AtomicU64::new(0),
        }
    }

    async fn find(&self, store: &dyn Store, id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        // Read before the store is: what was loaded before a change is then never kept beyond it.
        let generation = self.generation.load(Ordering::Acquire);
        if let Some((loaded_at, client)) = self.cache.get(id)
            && loaded_at == generation
        {
            return Ok(Some(client));
        }
        let Ok(id) = ClientId::parse(id) else {
            return Ok(None);
        };
        let Some(client) = store.find_client(&id).await? else {
            return Ok(None);
        };
        let client = Arc::new(client);
        self.cache.insert(id, (generation, Arc::clone(&client)));
        Ok(Some(client))
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.cache.clear();
    }
}
