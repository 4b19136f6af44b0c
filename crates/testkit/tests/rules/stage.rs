//! Where one rule is tried: a server, Alice, and the means to tell which rules refused.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use valetkey_protocol::rule::{Answer as Goes, Rule};
use valetkey_protocol::token::{ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE};
use valetkey_testkit::{Answer, App, Asked, Browser, Recorder, TestServer, Tokens, cast};

/// A request that is made; the answer, where there is one to look at.
pub(super) type Told<'a> = Pin<Box<dyn Future<Output = Option<Answer>> + 'a>>;

pub(super) struct Stage {
    pub(super) server: TestServer,
    pub(super) alice: Browser,
    pub(super) app: App,
    /// What the client library and the API tell.
    pub(super) recorder: Arc<Recorder>,
    seen: Mutex<BTreeSet<Rule>>,
    /// What servers of a story's own recorded as satisfied.
    passed: Mutex<BTreeSet<Rule>>,
}

/// All scopes of the issuer that tests use, and one of the Photos API.
pub(super) const SCOPE: &str = "openid profile photos.read offline_access";

impl Stage {
    pub(super) async fn for_rule(rule: Rule) -> Self {
        let server = TestServer::start_with(|settings| {
            settings.outbound.allow_private = vec!["127.0.0.1".parse().expect("it is a network")];
            super::accounts::prepare(settings, rule);
            super::register::prepare(&mut settings.policy, rule);
            if rule == Rule::ServerBusy {
                settings.password_queue = 1;
            }
        });
        let server = server.await;
        Self {
            alice: server.browser(cast::ALICE),
            app: server.app(cast::MYSWEETAPP),
            recorder: Arc::default(),
            seen: Mutex::default(),
            passed: Mutex::default(),
            server,
        }
    }

    /// Notes that something returned this rule as its error.
    pub(super) fn saw(&self, rule: Option<Rule>) {
        self.seen.lock().unwrap().extend(rule);
    }

    /// A story at a server of its own.
    pub(super) fn elsewhere<'a>(
        &'a self,
        rule: Rule,
        story: impl Future<Output = (TestServer, Answer)> + 'a,
    ) -> Told<'a> {
        Box::pin(async move {
            let (server, answer) = story.await;
            let has_refused = server.refusals(rule).await > 0;
            self.saw(has_refused.then_some(rule));
            Some(answer)
        })
    }

    /// Notes what a server of a story's own recorded as satisfied.
    pub(super) fn passed_elsewhere(&self, server: &TestServer) {
        self.passed.lock().unwrap().extend(server.passed());
    }

    /// Every rule that was recorded as satisfied here.
    pub(super) fn passed(&self) -> BTreeSet<Rule> {
        let elsewhere = self.passed.lock().unwrap().clone();
        &(&self.server.passed() | &self.recorder.passed()) | &elsewhere
    }

    pub(super) async fn has_seen_refusal_by(&self, rule: Rule) -> bool {
        self.seen.lock().unwrap().contains(&rule)
            || self.recorder.refused().contains(&rule)
            || self.server.refusals(rule).await > 0
    }

    pub(super) fn good(&self) -> Asked {
        self.app.asks_for(SCOPE)
    }

    /// Alice goes through a changed authorization request and allows everything.
    pub(super) fn authorize(&self, change: impl FnOnce(Asked) -> Asked + 'static) -> Told<'_> {
        Box::pin(async move { Some(self.alice.answers(&change(self.good()), "allow").await) })
    }

    /// A code of the good request.
    pub(super) async fn code(&self) -> valetkey_testkit::Code {
        self.alice.allows(&self.good()).await
    }

    /// Tokens of the good request.
    pub(super) async fn tokens(&self) -> Tokens {
        self.app.redeems(&self.code().await).await.tokens()
    }

    /// `POST` by an app.
    pub(super) fn post(
        &self,
        app: cast::Registered,
        path: &'static str,
        pairs: &'static [(&'static str, &'static str)],
    ) -> Told<'_> {
        Box::pin(async move { Some(self.server.app(app).posts(path, pairs).await) })
    }

    /// `POST /token` with client credentials of the test's choice.
    pub(super) fn token(
        &self,
        authorization: Option<String>,
        pairs: &'static [(&'static str, &'static str)],
    ) -> Told<'_> {
        Box::pin(async move {
            let headers: Vec<(&str, &str)> = authorization
                .iter()
                .map(|value| ("authorization", value.as_str()))
                .collect();
            let mut all = vec![("grant_type", "client_credentials")];
            all.extend_from_slice(pairs);
            Some(self.server.site.post_with("/token", &all, &headers).await)
        })
    }

    /// Redeems a good code with more parameters.
    pub(super) fn redeem(&self, change: impl FnOnce(&mut valetkey_testkit::Code) + 'static) -> Told<'_> {
        Box::pin(async move {
            let mut code = self.code().await;
            change(&mut code);
            Some(self.app.redeems(&code).await)
        })
    }

    /// `POST /token` by an app that exchanges a token, as it is and with what the test adds.
    pub(super) async fn exchange(
        &self,
        app: cast::Registered,
        subject: &str,
        more: &[(&str, &str)],
    ) -> Answer {
        let mut pairs = vec![
            ("grant_type", TOKEN_EXCHANGE),
            ("subject_token", subject),
            ("subject_token_type", ACCESS_TOKEN_TYPE),
        ];
        for (name, value) in more {
            pairs.retain(|(already, _)| already != name);
            pairs.push((name, value));
        }
        self.server.app(app).posts("/token", &pairs).await
    }

    /// An access token of the client itself.
    pub(super) async fn own(&self, app: cast::Registered) -> String {
        let app = self.server.app(app);
        let answer = app.asks_for_itself(&[("scope", "photos.read")]).await;
        answer.tokens().access
    }

    /// Refreshes good tokens with more parameters.
    pub(super) fn refresh(&self, more: &'static [(&'static str, &'static str)]) -> Told<'_> {
        Box::pin(async move {
            let tokens = self.tokens().await;
            Some(self.app.refreshes_with(&tokens.refresh, more).await)
        })
    }
}

/// What is wrong with an answer, measured by what the catalogue promises.
pub(super) fn complaint(rule: Rule, answer: &Answer) -> Option<String> {
    let info = rule.info();
    let status = answer.status.as_u16();
    let (good, found) = match info.answer {
        Goes::Redirect => {
            let goes = answer.location().is_some();
            let parameter = |name| {
                if goes {
                    answer.returned(name)
                } else {
                    String::new()
                }
            };
            // OAuth 1.0a has names of its own, and no issuer.
            let (name, issuer) = if rule == Rule::OAuth1AuthorizeDeclined {
                ("oauth_problem", "")
            } else {
                ("error", cast::ISSUER)
            };
            let code = parameter(name);
            (
                code == info.error.as_str() && parameter("iss") == issuer,
                format!("{status} {code}"),
            )
        }
        Goes::Page => {
            let kind = answer.header("content-type");
            (
                status == info.status && kind.starts_with("text/html"),
                format!("{status} {kind}"),
            )
        }
        Goes::Json => (
            status == info.status
                && (answer.error() == info.error.as_str() || answer.text().contains("<h1>")),
            format!("{status} {}", answer.text()),
        ),
        Goes::Challenge => {
            let challenge = answer.header("www-authenticate");
            // RFC 6750 §3.1: who sent no credentials gets no error code.
            let names_it = challenge.contains(info.error.as_str()) || rule == Rule::BearerTokenMissing;
            (
                status == info.status && challenge.starts_with("Bearer") && names_it,
                format!("{status} {challenge}"),
            )
        }
        Goes::OAuthProblem => {
            let challenge = answer.header("www-authenticate");
            // RFC 5849 §3.2: who is not known is told how to sign.
            let challenged = challenge.starts_with("OAuth realm=") == (info.status == 401);
            let is_form = answer.header("content-type") == "application/x-www-form-urlencoded";
            (
                status == info.status && answer.problem() == info.error.as_str() && challenged && is_form,
                format!("{status} {challenge:?} {}", answer.text()),
            )
        }
        Goes::Local => (true, String::new()),
    };
    (!good).then(|| {
        format!(
            "promised {} {} as {:?}, got {found}",
            info.status,
            info.error.as_str(),
            info.answer
        )
    })
}
