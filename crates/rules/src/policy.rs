//! Every limit and lifetime, and which scopes and APIs (resources) there are. Written once, handed to
//! every decision. Where the values come from (defaults, configuration) is the caller's.

use crate::account::AccountsPolicy;
use crate::authorize::claim_says;
use crate::register::RegistrationPolicy;
use std::collections::{BTreeMap, BTreeSet};
use valetkey_model::Client;
use valetkey_model::client::{ApplicationType, SigningAlg};
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

/// The end of what never ends by itself: the last second of the year 9999, which every calendar can still write.
pub const NEVER: Timestamp = Timestamp(253_402_300_799);

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The scopes of OpenID Connect Core §5.4 and §11, with what each lets an app do. All are about a person.
const OPENID_SCOPES: [(&str, &str); 6] = [
    ("openid", "Know who you are"),
    (
        "profile",
        "See your profile: name, picture, birthday and the like",
    ),
    ("email", "See your e-mail address"),
    ("address", "See your postal address"),
    ("phone", "See your phone number"),
    ("offline_access", "Keep this access while you are away"),
];

/// What the operator decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The issuer identifier (RFC 8414 §2), without a slash at the end.
    pub issuer: String,
    /// How long a code lives (RFC 6749 §4.1.2: at most ten minutes).
    pub code_ttl_seconds: i64,
    /// How long an access token lives, where its resource says nothing else.
    pub access_token_ttl_seconds: i64,
    /// How long an ID token lives.
    pub id_token_ttl_seconds: i64,
    /// How long a refresh token lives when it is not used.
    pub refresh_idle_ttl_seconds: i64,
    /// How long a grant lives, however often it is refreshed.
    pub grant_ttl_seconds: i64,
    /// The same for single-page apps (RFC 10017), which keep their tokens in the browser.
    pub single_page_grant_ttl_seconds: i64,
    /// For how long after a rotation the replaced refresh token gets the same successor again.
    pub refresh_retry_window_seconds: i64,
    /// How long a sign-in session lives.
    pub session_ttl_seconds: i64,
    /// How long a person may take for sign-in and consent.
    pub interaction_ttl_seconds: i64,
    /// How long a device request may wait for its answer (RFC 8628 §3.2; RFC 10027 wants it short).
    pub device_code_ttl_seconds: i64,
    /// How many seconds a device waits between polls (RFC 8628 §3.2).
    pub device_interval_seconds: i64,
    /// How many device requests one network address may begin in [`Self::login_window_seconds`].
    pub device_requests_per_address: u32,
    /// How many wrong user codes one network address may type in that time (RFC 8628 §5.1).
    pub device_wrong_codes_per_address: u32,
    /// How far ahead a client assertion may expire (RFC 7523 §3): for so long its `jti` is remembered.
    pub assertion_ttl_seconds: i64,
    /// Whether a client assertion must name the issuer as its only audience, not an endpoint (RFC 9700, update draft).
    pub assertion_audience_issuer_only: bool,
    /// How far another machine's clock may be off.
    pub clock_leeway_seconds: i64,
    /// How far `oauth_timestamp` may be from now (RFC 5849 §3.3).
    pub oauth1_timestamp_window_seconds: i64,
    /// How long temporary credentials live (RFC 5849 §2.1).
    pub oauth1_temporary_ttl_seconds: i64,
    /// Over which time failed sign-ins are counted.
    pub login_window_seconds: i64,
    /// How many failed sign-ins one username may have in that time.
    pub login_failures_per_user: u32,
    /// How many failed sign-ins one network address may have in that time.
    pub login_failures_per_address: u32,
    /// The longest username that is looked up.
    pub username_max_bytes: usize,
    /// The shortest password.
    pub password_min_characters: usize,
    /// The longest password.
    pub password_max_bytes: usize,
    /// The scopes that belong to no API, each with what it lets an app do, in plain words.
    pub scopes: BTreeMap<String, String>,
    /// The APIs that tokens may be for.
    pub resources: Vec<Resource>,
    /// What clients may do that register themselves.
    pub registration: RegistrationPolicy,
    /// What people may do with accounts.
    pub accounts: AccountsPolicy,
    /// Whether everybody is entitled to see what a refused check expected and received (`dev` only).
    pub show_details: bool,
}

/// An API that tokens may be for (RFC 8707).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its identifier; the `aud` of its tokens.
    pub indicator: ResourceIndicator,
    /// The name that people see.
    pub name: String,
    /// What its tokens look like.
    pub token_format: TokenFormat,
    /// Its scopes, each with what it lets an app do, in plain words.
    pub scopes: BTreeMap<String, String>,
    /// How long its access tokens live, when not the default.
    pub access_token_ttl_seconds: Option<i64>,
}

/// What an access token looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFormat {
    /// A signed JWT (RFC 9068), which the API reads by itself.
    Jwt(SigningAlg),
    /// A sealed text, which the API has introspected (RFC 7662).
    Opaque,
}

impl TokenFormat {
    /// A JWT by the algorithm whose signatures take least.
    pub const USUAL: Self = Self::Jwt(SigningAlg::ES256);
}

impl Policy {
    /// The defaults, with the OpenID Connect scopes and no API. A slash at the issuer's end is dropped.
    pub fn new(issuer: impl Into<String>) -> Self {
        let issuer: String = issuer.into();
        Self {
            issuer: issuer.trim_end_matches('/').to_owned(),
            code_ttl_seconds: MINUTE,
            access_token_ttl_seconds: 5 * MINUTE,
            id_token_ttl_seconds: HOUR,
            refresh_idle_ttl_seconds: 14 * DAY,
            grant_ttl_seconds: 90 * DAY,
            single_page_grant_ttl_seconds: DAY,
            refresh_retry_window_seconds: 30,
            session_ttl_seconds: 12 * HOUR,
            interaction_ttl_seconds: 30 * MINUTE,
            device_code_ttl_seconds: 10 * MINUTE,
            device_interval_seconds: 5,
            device_requests_per_address: 60,
            device_wrong_codes_per_address: 10,
            assertion_ttl_seconds: HOUR,
            assertion_audience_issuer_only: false,
            clock_leeway_seconds: 30,
            oauth1_timestamp_window_seconds: 5 * MINUTE,
            oauth1_temporary_ttl_seconds: 10 * MINUTE,
            login_window_seconds: 15 * MINUTE,
            login_failures_per_user: 10,
            login_failures_per_address: 100,
            username_max_bytes: 256,
            password_min_characters: 8,
            password_max_bytes: 1024,
            scopes: OPENID_SCOPES
                .into_iter()
                .map(|(word, says)| (word.to_owned(), says.to_owned()))
                .collect(),
            resources: Vec::new(),
            registration: RegistrationPolicy::default(),
            accounts: AccountsPolicy::default(),
            show_details: false,
        }
    }

    /// The longest that any access token lives.
    #[must_use]
    pub fn longest_access_token_ttl_seconds(&self) -> i64 {
        self.resources
            .iter()
            .filter_map(|resource| resource.access_token_ttl_seconds)
            .fold(self.access_token_ttl_seconds, i64::max)
    }

    /// Every scope there is.
    #[must_use]
    pub fn known_scope(&self) -> Scope {
        let of_apis = self.resources.iter().flat_map(|resource| resource.scopes.keys());
        self.scopes.keys().chain(of_apis).map(String::as_str).collect()
    }

    /// Whether there is such a scope.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.scopes.contains_key(word)
            || self
                .resources
                .iter()
                .any(|resource| resource.scopes.contains_key(word))
    }

    /// The scopes that belong to no API.
    #[must_use]
    pub fn issuer_scope(&self) -> Scope {
        scope_of(&self.scopes)
    }

    /// What a scope, or a single claim of a consent ([`crate::authorize::asked_for`]), lets an app do, in plain words; the
    /// word itself when nothing is known about it.
    #[must_use]
    pub fn scope_says<'a>(&'a self, word: &'a str) -> &'a str {
        self.scopes
            .get(word)
            .or_else(|| self.resources.iter().find_map(|r| r.scopes.get(word)))
            .map(String::as_str)
            .or_else(|| claim_says(word))
            .unwrap_or(word)
    }

    /// The API of that identifier.
    #[must_use]
    pub fn resource(&self, indicator: &ResourceIndicator) -> Option<&Resource> {
        self.resources.iter().find(|r| &r.indicator == indicator)
    }

    /// Those of the allowed APIs that at least one word of the scope belongs to.
    #[must_use]
    pub fn resources_for(
        &self,
        scope: &Scope,
        allowed: &BTreeSet<ResourceIndicator>,
    ) -> BTreeSet<ResourceIndicator> {
        self.resources
            .iter()
            .filter(|r| allowed.contains(&r.indicator) && r.has_any_of(scope))
            .map(|r| r.indicator.clone())
            .collect()
    }

    /// The APIs that a client may get tokens for: those it is registered for, or else each one that has
    /// a scope it may ask for.
    #[must_use]
    pub fn resources_of_client(&self, client: &Client) -> BTreeSet<ResourceIndicator> {
        self.resources
            .iter()
            .filter(|r| {
                if client.resources.is_empty() {
                    r.has_any_of(&client.scope)
                } else {
                    client.resources.contains(&r.indicator)
                }
            })
            .map(|r| r.indicator.clone())
            .collect()
    }

    /// How long a grant to the client lives.
    #[must_use]
    pub fn grant_ttl_seconds_for(&self, client: &Client) -> i64 {
        match client.application_type {
            ApplicationType::SinglePage => self.single_page_grant_ttl_seconds,
            ApplicationType::Web | ApplicationType::Native | ApplicationType::Service => {
                self.grant_ttl_seconds
            }
        }
    }
}

impl Resource {
    /// Its scopes.
    #[must_use]
    pub fn scope(&self) -> Scope {
        scope_of(&self.scopes)
    }

    fn has_any_of(&self, scope: &Scope) -> bool {
        self.scopes.keys().any(|word| scope.contains(word))
    }
}

/// The scopes that only make sense with a person (OpenID Connect Core §5.4, §11).
pub(crate) fn personal_scope() -> Scope {
    OPENID_SCOPES.into_iter().map(|(word, _)| word).collect()
}

/// Whether the word is in [`personal_scope`].
pub(crate) fn is_personal(word: &str) -> bool {
    OPENID_SCOPES.into_iter().any(|(personal, _)| personal == word)
}

/// A configured word that no request could ever name is left out.
fn scope_of(says: &BTreeMap<String, String>) -> Scope {
    says.keys().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, CALENDAR, PHOTOS, scope};

    #[test]
    fn a_scope_nobody_knows_belongs_to_no_api_and_says_its_own_name() {
        let policy = samples::policy();
        let all = [PHOTOS, CALENDAR].map(samples::resource).into();
        assert!(policy.resources_for(&scope("openid nonsense"), &all).is_empty());
        assert_eq!(policy.scope_says("nonsense"), "nonsense");
        assert!(!policy.known_scope().contains("nonsense"));
    }

    #[test]
    fn scopes_lead_to_those_of_their_apis_that_are_allowed() {
        let policy = samples::policy();
        let [photos, calendar] = [PHOTOS, CALENDAR].map(|text| BTreeSet::from([samples::resource(text)]));
        let all = &photos | &calendar;
        let asked = scope("openid photos.read");
        assert_eq!(policy.resources_for(&asked, &all), photos);
        assert!(policy.resources_for(&asked, &calendar).is_empty());
        assert!(policy.known_scope().contains("photos.write"));
        assert!(policy.known_scope().contains("offline_access"));
        assert_ne!(policy.scope_says("photos.read"), "photos.read");
    }

    #[test]
    fn a_client_registered_for_one_api_gets_no_token_for_another() {
        let policy = samples::policy();
        let mut client = samples::web_client();
        client.scope = scope("photos.read calendar.read");
        assert_eq!(policy.resources_of_client(&client).len(), 2);
        client.resources = [samples::resource(PHOTOS)].into();
        assert_eq!(policy.resources_of_client(&client), client.resources);
        client.resources = [samples::resource("https://gone.example")].into();
        assert!(policy.resources_of_client(&client).is_empty());
    }

    #[test]
    fn the_issuer_has_no_slash_at_its_end() {
        assert_eq!(Policy::new("https://as.example/").issuer, "https://as.example");
    }
}
