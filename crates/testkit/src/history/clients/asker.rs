//! One request each: written down, sent, written down.

use super::super::log::Log;
use super::super::record::{Asked, Outcome, Verb, hashed};
use super::outcome::{Tokens, answered, of_authorization, of_introspection, of_revocation, of_tokens};
use super::words::Load;
use crate::app::{App, Asked as Request, Code, VERIFIER};
use crate::browser::Browser;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The scope of every grant: it outlives the session.
const SCOPE: &str = "openid offline_access";

/// See the module. Its copies are the same client.
#[derive(Debug, Clone)]
pub struct Asker {
    log: Log,
    app: App,
    browser: Arc<Browser>,
    name: String,
    patience: Duration,
}

/// What is shown, and of which grant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) grant: &'a str,
    pub(super) generation: u32,
    pub(super) token: &'a str,
}

impl Asker {
    pub(super) fn new(load: &Load, log: &Log, number: usize) -> Self {
        let turn = number % load.sites.len().max(1);
        let site = load.sites.get(turn).expect("a load has a site");
        Self {
            log: log.clone(),
            app: App::at(site.clone(), load.app),
            browser: Arc::new(Browser::at(site.clone(), load.person)),
            name: format!("c{number}"),
            patience: load.patience,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn asked(&self, verb: Verb, shown: Shown<'_>) -> Asked {
        Asked {
            at: 0,
            attempt: 0,
            client: self.name.clone(),
            verb,
            grant: shown.grant.to_owned(),
            generation: shown.generation,
            token: if shown.token.is_empty() {
                String::new()
            } else {
                hashed(shown.token)
            },
        }
    }

    /// Signs in by password and allows; or, with a session, shows that session and consent are enough.
    pub(super) async fn authorize(&self, grant: &str, by_session: bool) -> (Outcome, Option<Code>) {
        let mut request = self.app.asks_for(SCOPE);
        let mut verb = Verb::SignIn;
        if by_session {
            request = request.with("prompt", "none");
            verb = Verb::Authorize;
        }
        let shown = Shown {
            grant,
            generation: 0,
            token: "",
        };
        let ticket = self.log.asks(self.asked(verb, shown));
        let (outcome, code) = self.browse(&request).await;
        self.log.told(&ticket, outcome.clone());
        let code = code.map(|code| Code {
            code,
            redirect_uri: self.app.registered.redirect_uri.to_owned(),
            verifier: VERIFIER.to_owned(),
        });
        (outcome, code)
    }

    async fn browse(&self, request: &Request) -> (Outcome, Option<String>) {
        // Several requests: nobody can say that the first did not happen.
        match answered(timeout(self.patience, self.browser.try_answer(request, "allow")).await) {
            Err(Outcome::Unreached) => (Outcome::Broken, None),
            Err(outcome) => (outcome, None),
            Ok(answer) => of_authorization(&answer),
        }
    }

    pub(super) async fn redeem(&self, grant: &str, code: &Code) -> (Outcome, Option<Tokens>) {
        let shown = Shown {
            grant,
            generation: 0,
            token: &code.code,
        };
        let ticket = self.log.asks(self.asked(Verb::Redeem, shown));
        let sent = timeout(self.patience, self.app.try_redeem(code, &[])).await;
        let (outcome, tokens) = match answered(sent) {
            Err(outcome) => (outcome, None),
            Ok(answer) => of_tokens(&answer),
        };
        self.log.told(&ticket, outcome.clone());
        (outcome, tokens)
    }

    pub(super) async fn refresh(&self, shown: Shown<'_>) -> (Outcome, Option<Tokens>) {
        let ticket = self.log.asks(self.asked(Verb::Refresh, shown));
        let sent = timeout(self.patience, self.app.try_refresh(shown.token, &[])).await;
        let (outcome, tokens) = match answered(sent) {
            Err(outcome) => (outcome, None),
            Ok(answer) => of_tokens(&answer),
        };
        self.log.told(&ticket, outcome.clone());
        (outcome, tokens)
    }

    /// Asks whether a token counts, or ends it.
    pub(super) async fn ask(&self, verb: Verb, shown: Shown<'_>) -> Outcome {
        let (path, is_revocation) = match verb {
            Verb::Revoke | Verb::RevokeAccess => ("/revoke", true),
            _ => ("/introspect", false),
        };
        let ticket = self.log.asks(self.asked(verb, shown));
        let form = [("token", shown.token)];
        let sent = timeout(self.patience, self.app.try_post(path, &form)).await;
        let outcome = match answered(sent) {
            Err(outcome) => outcome,
            Ok(answer) if is_revocation => of_revocation(&answer),
            Ok(answer) => of_introspection(&answer),
        };
        self.log.told(&ticket, outcome.clone());
        outcome
    }
}
