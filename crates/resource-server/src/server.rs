//! Deciding about one request: find the token, check it or remember that it was checked, compare the scope.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, StatusCode};
use quick_cache::sync::Cache;
use valetkey_jose::hash;
use valetkey_protocol::metadata::ProtectedResource;
use valetkey_protocol::observe::Observer;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::AccessToken;
use valetkey_protocol::time::Timestamp;

use crate::access::Access;
use crate::config::{ANSWER_AGE_SECONDS, Builder, Config, Credentials};
use crate::issuer::Issuer;
use crate::oauth1::Form;
use crate::stop::{Refused, Stop};
use crate::watch::{Ending, Story};
use crate::{HttpClient, RequireAnyLayer, RequireLayer, bearer, introspection, jwt};

/// How many checked tokens are remembered, and as many answers.
const REMEMBERED_TOKENS: usize = 10_000;

/// The guard of one API. Cloning is cheap; clones share what they remember.
#[derive(Clone)]
pub struct ResourceServer(Arc<Inner>);

struct Inner {
    config: Config,
    issuer: Issuer,
    /// JWTs whose signature and claims are good, by SHA-256.
    checked: Cache<[u8; 32], Arc<Known>>,
    /// Introspection answers, by SHA-256 of the token.
    answers: Cache<[u8; 32], Arc<Known>>,
    /// Signed requests that were let through, by SHA-256 of the base string: nobody sends the same twice.
    spent: Cache<[u8; 32], ()>,
}

/// A token that was good when it was looked at.
struct Known {
    access: Access,
    /// When it ends, where that is known.
    ends: Option<Timestamp>,
    at: Timestamp,
    /// The rules it satisfied, to be told again; empty when nobody watched.
    rules: Vec<Rule>,
}

impl ResourceServer {
    /// Begins the settings of an API.
    ///
    /// `resource` is the API's identifier, which tokens carry as `aud`; `issuer` is the authorization server it trusts,
    /// written exactly as in that server's metadata.
    pub fn builder(resource: impl Into<String>, issuer: impl Into<String>) -> Builder {
        Builder::new(resource.into(), issuer.into())
    }

    pub(crate) fn new(config: Config, http: Arc<dyn HttpClient>) -> Self {
        Self(Arc::new(Inner {
            issuer: Issuer::new(config.issuer.clone(), http),
            config,
            checked: Cache::new(REMEMBERED_TOKENS),
            answers: Cache::new(REMEMBERED_TOKENS),
            spent: Cache::new(REMEMBERED_TOKENS),
        }))
    }

    /// A tower layer that lets requests through whose access token carries every one of these scope words; any good
    /// token when there is none. The service behind it finds [`Access`] in the request's extensions.
    #[must_use]
    pub fn require(&self, scope: &str) -> RequireLayer {
        RequireLayer::new(self.clone(), scope)
    }

    /// As [`ResourceServer::require`], and signed requests get through too where [`Builder::oauth1`] takes them. Bodies
    /// that are forms are read, because a signature covers them, and given on as they came.
    #[must_use]
    pub fn require_any(&self, scope: &str) -> RequireAnyLayer {
        RequireAnyLayer::new(self.clone(), scope)
    }

    /// What this API tells about itself (RFC 9728 §2). Serve it as JSON, to everybody, at
    /// [`ResourceServer::metadata_path`].
    #[must_use]
    pub fn metadata(&self) -> &ProtectedResource {
        &self.0.config.metadata
    }

    /// The path where clients look for the metadata (RFC 9728 §3.1).
    #[must_use]
    pub fn metadata_path(&self) -> &str {
        let url = self.metadata_url();
        let after_scheme = url.find("://").map_or(0, |at| at + 3);
        let path = url
            .get(after_scheme..)
            .and_then(|rest| rest.find('/').map(|at| after_scheme + at));
        let path = path.and_then(|at| url.get(at..)).unwrap_or("/");
        path.split('?').next().unwrap_or(path)
    }

    /// The whole address of the metadata, as challenges name it.
    #[must_use]
    pub fn metadata_url(&self) -> &str {
        &self.0.config.metadata_url
    }

    /// Whether the request may go on. `form` is what its body says, and `None` where only bearer tokens are taken.
    pub(crate) async fn admit(
        &self,
        request: &Parts,
        scope: &[String],
        form: Option<&Form>,
    ) -> Result<Admitted, Refused> {
        let now = (self.0.config.clock)();
        let mut story = Story::new(self.observer(), now);
        let outcome = match form {
            Some(form) => self.decide_any((request, form), scope, &mut story).await,
            None => self.decide(request, scope, &mut story).await,
        };
        let ending = story.tell_request(self.observer(), request);
        match outcome {
            Ok(access) => Ok(Admitted { access, ending }),
            Err(stop) => {
                if let Stop::Refused(refusal) = &stop {
                    let Refusal {
                        rule,
                        expected,
                        received,
                    } = refusal;
                    // A base string holds every parameter of a form: that is nothing for a log.
                    let expected = match rule {
                        Rule::OAuth1SignatureInvalid => "",
                        _ => expected.as_str(),
                    };
                    tracing::debug!(%rule, expected, received, "a request was refused");
                }
                let refused = Refused::new(&stop, scope, form.is_some(), &self.0.config);
                ending.tell_refusal(self.observer(), &refused, now);
                Err(refused)
            }
        }
    }

    /// By the bearer token.
    pub(crate) async fn decide(
        &self,
        request: &Parts,
        scope: &[String],
        story: &mut Story,
    ) -> Result<Access, Stop> {
        let token = bearer::read(request, &mut story.trail)?;
        let name = hash::sha256(token.expose().as_bytes());
        story.token(&name);
        let known = self.check(&token, name, story).await?;
        story.access(&known.access);
        check_scope(Rule::AccessTokenScope, &known.access, scope, &mut story.trail)?;
        Ok(known.access.clone())
    }

    /// JWTs are checked here, and with `online` asked about too; other tokens can only be asked about.
    async fn check(
        &self,
        token: &AccessToken,
        name: [u8; 32],
        story: &mut Story,
    ) -> Result<Arc<Known>, Stop> {
        let config = &self.0.config;
        let is_jwt = token.expose().bytes().filter(|byte| *byte == b'.').count() == 2;
        match &config.introspection {
            Some(me) if !(config.jwt && is_jwt) => {
                let max_age = config.online.unwrap_or(ANSWER_AGE_SECONDS);
                self.ask(token, name, (me, max_age), story).await
            }
            Some(me) => {
                let known = self.check_jwt(token, name, story).await?;
                if let Some(max_age) = config.online {
                    story.access(&known.access);
                    self.ask(token, name, (me, max_age), story).await?;
                }
                Ok(known)
            }
            None => self.check_jwt(token, name, story).await,
        }
    }

    async fn check_jwt(
        &self,
        token: &AccessToken,
        name: [u8; 32],
        story: &mut Story,
    ) -> Result<Arc<Known>, Stop> {
        if let Some(known) = self.0.checked.get(&name) {
            known.tell_again(&mut story.trail);
            let in_time = jwt::check_times(known.ends, None, story.now, &mut story.trail);
            if in_time.is_err() {
                self.0.checked.remove(&name);
            }
            return in_time.map(|()| known).map_err(Stop::from);
        }
        let mut trail = story.side_trail();
        let outcome = self.check_new_jwt(token, story, &mut trail).await;
        let rules = story.take_over(trail);
        let access = outcome?;
        let known = Arc::new(Known {
            ends: Some(access.expires_at),
            at: story.now,
            access,
            rules,
        });
        self.0.checked.insert(name, Arc::clone(&known));
        Ok(known)
    }

    async fn check_new_jwt(
        &self,
        token: &AccessToken,
        story: &mut Story,
        trail: &mut Trail,
    ) -> Result<Access, Stop> {
        let expected = self.expected(story.now);
        let key_name = jwt::key_name(token.expose(), &expected, trail)?;
        let keys = self.0.issuer.keys_for(key_name.as_deref(), story.now).await?;
        if keys.fetched {
            story.fetched(&keys.value);
        }
        Ok(jwt::check(token.expose(), &keys.value, &expected, trail)?)
    }

    /// Asks the authorization server, unless it answered less than `max_age` seconds ago.
    async fn ask(
        &self,
        token: &AccessToken,
        name: [u8; 32],
        (me, max_age): (&Credentials, i64),
        story: &mut Story,
    ) -> Result<Arc<Known>, Stop> {
        let now = story.now;
        let young = |known: &Arc<Known>| (0..max_age).contains(&now.seconds_since(known.at));
        if let Some(known) = self.0.answers.get(&name).filter(young) {
            known.tell_again(&mut story.trail);
            jwt::check_times(known.ends, None, now, &mut story.trail)?;
            return Ok(known);
        }
        let answer = self.0.issuer.introspect(token, me, now).await?;
        let mut trail = story.side_trail();
        let told = introspection::check(&answer, &self.expected(now), &mut trail);
        let rules = story.introspected(trail);
        let told = told?;
        let known = Arc::new(Known {
            access: told.access,
            ends: told.ends,
            at: now,
            rules,
        });
        if max_age > 0 {
            self.0.answers.insert(name, Arc::clone(&known));
        }
        Ok(known)
    }

    fn expected(&self, now: Timestamp) -> jwt::Expected<'_> {
        jwt::Expected {
            issuer: &self.0.config.issuer,
            resource: &self.0.config.metadata.resource,
            algorithms: &self.0.config.algorithms,
            now,
        }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn issuer(&self) -> &Issuer {
        &self.0.issuer
    }

    pub(crate) fn spent(&self) -> &Cache<[u8; 32], ()> {
        &self.0.spent
    }

    fn observer(&self) -> Option<&dyn Observer> {
        self.0.config.observer.as_deref()
    }
}

impl std::fmt::Debug for ResourceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResourceServer")
            .field("resource", &self.0.config.metadata.resource)
            .field("issuer", &self.0.config.issuer)
            .finish_non_exhaustive()
    }
}

impl Known {
    fn tell_again(&self, trail: &mut Trail) {
        // Time goes on: those two are checked anew.
        let lasting = |rule: &&Rule| !matches!(rule, Rule::AccessTokenExpired | Rule::AccessTokenNotYetValid);
        for rule in self.rules.iter().filter(lasting) {
            trail.passed(*rule);
        }
    }
}

/// A request that may go on.
pub(crate) struct Admitted {
    pub(crate) access: Access,
    pub(crate) ending: Ending,
}

impl ResourceServer {
    /// The service behind the layer answered.
    pub(crate) fn answered(&self, ending: Ending, status: StatusCode, headers: &HeaderMap) {
        if let Some(observer) = self.observer() {
            ending.tell_answer(Some(observer), status, headers, (self.0.config.clock)());
        }
    }
}

/// Whether the access reaches far enough.
pub(crate) fn check_scope(
    rule: Rule,
    access: &Access,
    scope: &[String],
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let holds = scope.iter().all(|word| access.scope.contains(word));
    trail.require(rule, holds, || (scope.join(" "), access.scope.to_string()))
}
