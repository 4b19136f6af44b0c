//! What is said to a provider and what it answers, each refusal under a rule of this server. The checks themselves are the
//! client library's.

use super::away::Away;
use super::provider::{PATIENCE, Provider, Unavailable};
use super::settings::ProviderKind;
use crate::call::{Call, Failure};
use crate::interaction::{Interaction, Pending};
use http::StatusCode;
use serde_json::{Map, Value};
use std::future::Future;
use url::Url;
use valetkey_client::{Ask, Client, Error, HttpError, ResponseMode, Tokens};
use valetkey_protocol::authorize::Prompt;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::upstream::{self as rules, Fresh, Told};

/// What the person must do at the provider, because of what is wanted of them here.
pub(crate) struct Wish {
    pub(crate) fresh: Fresh,
    select_account: bool,
}

impl Wish {
    /// What a request asks for, or a page of the account.
    pub(crate) fn of(interaction: &Interaction) -> Self {
        match &interaction.pending {
            Pending::Request(valid) => Self {
                fresh: Fresh::of(valid.prompt.contains(&Prompt::Login), valid.max_age),
                select_account: valid.prompt.contains(&Prompt::SelectAccount),
            },
            Pending::Refused(_) | Pending::Account { .. } => Self {
                fresh: Fresh::Any,
                select_account: false,
            },
        }
    }
}

/// The address to send the browser to, and what to remember of it.
pub(crate) async fn send_away(
    call: &mut Call<'_>,
    provider: &Provider,
    interaction: Interaction,
) -> Result<(Url, Away), Failure> {
    let settings = &provider.settings;
    let wish = Wish::of(&interaction);
    rules::can_tell(wish.fresh, settings.tells_auth_time(), &mut call.trail)?;
    let client = reached(call, provider).await?;
    let (prompt, max_age) = match wish.fresh {
        // How old a new sign-in is does not matter, but with `max_age` the provider says when it was.
        Fresh::Anew => (Some("login"), Some(call.app.policy().interaction_ttl_seconds)),
        Fresh::Within(seconds) => (settings.prompt.as_deref(), Some(seconds)),
        Fresh::Any if is_fresh_visit(&interaction) => (Some("login"), None),
        Fresh::Any if wish.select_account => (Some("select_account"), None),
        Fresh::Any => (settings.prompt.as_deref(), None),
    };
    let ask = Ask {
        scope: &settings.scope,
        prompt,
        max_age,
        response_mode: settings.form_post.then_some(ResponseMode::FormPost),
        ..Ask::default()
    };
    let (url, pending) = client
        .begin(&ask)
        .map_err(|error| refused(call, provider, &error, wish.fresh))?;
    let away = Away {
        provider: settings.id.clone(),
        pending,
        began_at: call.now,
        interaction,
    };
    Ok((url, away))
}

/// A page of the account wants a sign-in for this visit. That the provider asks again is a wish: whoever sits there could
/// sign out and come again.
fn is_fresh_visit(interaction: &Interaction) -> bool {
    matches!(&interaction.pending, Pending::Account { fresh: true, .. })
}

async fn reached(call: &mut Call<'_>, provider: &Provider) -> Result<Client, Failure> {
    match provider.client(call.app).await {
        Ok(client) => {
            call.trail.passed(Rule::UpstreamUnreachable);
            Ok(client)
        }
        Err(unavailable) => {
            let received = match unavailable {
                Unavailable::Down(why) => why,
                Unavailable::LeftAlone => String::from("none a moment ago"),
            };
            let refusal = Refusal::new(Rule::UpstreamUnreachable, "the provider's metadata", received);
            Err(call.trail.refuse(refusal).into())
        }
    }
}

/// Somebody whom a provider has signed in.
pub(crate) struct Came<'p> {
    provider: &'p Provider,
    client: Client,
    tokens: Tokens,
}

/// Why nobody came.
pub(crate) enum Stopped {
    /// The person did not want to.
    Declined,
    /// See [`Failure`].
    Failed(Failure),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Failed(refusal.into())
    }
}

/// Takes the provider's answer and exchanges its code.
pub(crate) async fn finish<'p>(
    call: &mut Call<'_>,
    provider: &'p Provider,
    away: Away,
    query: &str,
) -> Result<Came<'p>, Stopped> {
    let fresh = Wish::of(&away.interaction).fresh;
    let client = reached(call, provider).await?;
    let declined = says(query, "error").as_deref() == Some("access_denied");
    let tokens = match patiently(client.finish(away.pending, query, call.now)).await {
        // Read only after `state` and `iss` were found good.
        Err(Error::Wire { .. }) if declined => return Err(Stopped::Declined),
        Err(error) => return Err(refused(call, provider, &error, fresh).into()),
        Ok(tokens) => tokens,
    };
    for rule in [
        Rule::UpstreamStateMismatch,
        Rule::UpstreamIssuerMismatch,
        Rule::UpstreamErrorResponse,
        Rule::UpstreamAnswerUnusable,
        Rule::UpstreamIdTokenInvalid,
    ] {
        call.trail.passed(rule);
    }
    let auth_time = tokens.id_claims.as_ref().and_then(|claims| claims.auth_time);
    rules::was_fresh(fresh, auth_time, away.began_at, &mut call.trail)?;
    Ok(Came {
        provider,
        client,
        tokens,
    })
}

impl<'p> Came<'p> {
    /// By whom.
    pub(crate) const fn provider(&self) -> &'p Provider {
        self.provider
    }

    /// Who it is, from what is at hand: an ID token names the person.
    pub(crate) async fn who(&self, call: &mut Call<'_>) -> Result<Told, Failure> {
        match &self.tokens.id_claims {
            Some(claims) => {
                let mut known = claims.more.clone();
                known.insert(String::from("sub"), Value::from(claims.sub.as_str()));
                self.read(call, &Value::Object(known))
            }
            None => self.all(call).await,
        }
    }

    /// All that the provider tells, for somebody who is new here.
    pub(crate) async fn all(&self, call: &mut Call<'_>) -> Result<Told, Failure> {
        let asked = patiently(self.ask()).await;
        let (claims, email) = asked.map_err(|error| refused(call, self.provider, &error, Fresh::Any))?;
        call.trail.passed(Rule::UpstreamAnswerUnusable);
        let mut told = self.read(call, &claims)?;
        if let Some((address, is_verified)) = email {
            told.email = Some(address);
            told.email_verified = is_verified && self.provider.settings.trust_email;
        }
        Ok(told)
    }

    fn read(&self, call: &mut Call<'_>, claims: &Value) -> Result<Told, Failure> {
        let settings = &self.provider.settings;
        let how = (&settings.mapping(), settings.trust_email);
        Ok(rules::told(&settings.id, claims, how, &mut call.trail)?)
    }

    /// The claims, and the e-mail address where it stands elsewhere.
    async fn ask(&self) -> Result<(Value, Option<(String, bool)>), Error> {
        let (client, tokens) = (&self.client, &self.tokens);
        if let ProviderKind::OAuth2(oauth2) = &self.provider.settings.kind {
            let claims = client.userinfo_json(tokens).await?;
            let email = match &oauth2.emails_endpoint {
                Some(address) => rules::primary_email(&client.get_json(address, tokens).await?),
                None => None,
            };
            return Ok((claims, email));
        }
        let mut claims = Map::new();
        if let Some(id) = &tokens.id_claims {
            claims.clone_from(&id.more);
            claims.insert(String::from("sub"), Value::from(id.sub.as_str()));
        }
        if client.metadata().userinfo_endpoint.is_some() {
            claims.extend(client.userinfo(tokens).await?.claims);
        }
        Ok((Value::Object(claims), None))
    }
}

/// A provider that takes its time is one that does not answer.
async fn patiently<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(PATIENCE, Box::pin(work))
        .await
        .unwrap_or(Err(Error::Http(HttpError::Timeout)))
}

fn says(query: &str, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// The client library's word as a rule of this server; the library's own goes into the log.
fn refused(call: &mut Call<'_>, provider: &Provider, error: &Error, fresh: Fresh) -> Failure {
    tracing::warn!(
        provider = provider.settings.id,
        rule = error.rule().map(Rule::id),
        %error,
        "a provider's answer was not taken"
    );
    let refusal = match error {
        Error::Random => return Failure::Broken(error.to_string()),
        Error::Refused(refusal) => Refusal {
            rule: own_rule(refusal.rule, fresh),
            ..refusal.clone()
        },
        Error::Wire { error, .. } => {
            Refusal::new(Rule::UpstreamErrorResponse, "a code, and tokens for it", error)
        }
        Error::Http(error) => Refusal::new(Rule::UpstreamUnreachable, "an answer", error.to_string()),
        Error::Status { status, .. } if is_down(*status) => {
            Refusal::new(Rule::UpstreamUnreachable, "an answer", format!("status {status}"))
        }
        other => Refusal::new(
            Rule::UpstreamAnswerUnusable,
            "what the protocol asks for",
            other.to_string(),
        ),
    };
    call.trail.refuse(refusal).into()
}

fn is_down(status: u16) -> bool {
    status >= 500 || status == StatusCode::TOO_MANY_REQUESTS.as_u16()
}

const fn own_rule(rule: Rule, fresh: Fresh) -> Rule {
    match rule {
        Rule::ClientStateMismatch => Rule::UpstreamStateMismatch,
        Rule::ClientIssMissing | Rule::ClientIssMismatch => Rule::UpstreamIssuerMismatch,
        // An ID token without a time of sign-in, or with an old one, is refused by the same rule as an expired one.
        Rule::IdTokenExpired if !matches!(fresh, Fresh::Any) => Rule::UpstreamNotFresh,
        Rule::IdTokenMalformed
        | Rule::IdTokenSignature
        | Rule::IdTokenIssuer
        | Rule::IdTokenAudience
        | Rule::IdTokenExpired
        | Rule::IdTokenNonce
        | Rule::IdTokenAcr
        | Rule::IdTokenSubjectDiffers => Rule::UpstreamIdTokenInvalid,
        _ => Rule::UpstreamAnswerUnusable,
    }
}
