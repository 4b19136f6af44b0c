//! What the pages of people's accounts share: where the sign-in page leads to, the throttle, the letters, and refusals in
//! words for the person who fills in a form. What is allowed says `rules::account`.

pub(crate) mod letters;

use crate::call::{Call, Failure, Told};
use crate::context::Context;
use crate::password_strength;
use crate::routes;
use crate::throttle::{OfAddress, Verdict};
use crate::{address, mail};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, header};
use url::form_urlencoded;
use valetkey_model::{User, UserId};
use valetkey_protocol::observe::{Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::secret::Password;

/// After so many changes of one account by others at the same moment, somebody is asked to try again.
pub(crate) const MOST_TRIES: usize = 4;

/// Where somebody opens an account, when people may do that by themselves and what it takes is there.
pub(crate) fn sign_up_link(app: &Context, flow: &str) -> Option<String> {
    use valetkey_rules::account::Proof;
    let accounts = &app.policy().accounts;
    let can_be_proved = app.mailer.is_some() || accounts.proof(None) == Proof::Later;
    (accounts.is_open() && can_be_proved).then(|| with_flow(app, routes::SIGN_UP, flow))
}

/// Where somebody asks for a new password, when letters go out.
pub(crate) fn forgot_link(app: &Context, flow: &str) -> Option<String> {
    app.mailer
        .is_some()
        .then(|| with_flow(app, routes::FORGOT_PASSWORD, flow))
}

/// A page that goes on with a sign-in.
pub(crate) fn with_flow(app: &Context, path: &str, flow: &str) -> String {
    if flow.is_empty() {
        return app.path(path);
    }
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("flow", flow)
        .finish();
    format!("{}?{query}", app.path(path))
}

/// The absolute address of a page, for a letter, with its token.
pub(crate) fn link_of(app: &Context, path: &str, token: &str) -> String {
    // A token is made of letters that need no escape.
    format!("{}?token={token}", app.url(path))
}

/// The parameters of a page of ours; what cannot be read is not there.
pub(crate) fn query(parts: &Parts) -> Params {
    Params::parse_raw(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default()
}

/// Letters go out, or nothing that needs one is begun.
pub(crate) fn require_mail(call: &mut Call<'_>) -> Result<(), Failure> {
    let has_mail = call.app.mailer.is_some();
    call.trail.require(Rule::AccountMailUnavailable, has_mail, || {
        (
            String::from("a mail server in the configuration"),
            String::from("none"),
        )
    })?;
    Ok(())
}

/// Counts what a network address asks for; refuses when it is too much.
pub(crate) async fn admit(call: &mut Call<'_>, parts: &Parts) -> Result<(), Failure> {
    let app = call.app;
    let from = address::of_request(parts, &app.settings.trusted_proxies);
    let verdict = OfAddress::accounts(app, from).count(app, call.now).await?;
    open(call, verdict)
}

/// Counts a letter that somebody who is signed in asks for.
pub(crate) async fn admit_letter(call: &mut Call<'_>, user: UserId) -> Result<(), Failure> {
    let verdict = OfAddress::letters_of(call.app, user)
        .count(call.app, call.now)
        .await?;
    open(call, verdict)
}

fn open(call: &mut Call<'_>, verdict: Verdict) -> Result<(), Failure> {
    match verdict {
        Verdict::Open => {
            call.trail.passed(Rule::AccountMailThrottled);
            Ok(())
        }
        Verdict::Closed { retry_after_seconds } => {
            call.retry_after_seconds = Some(retry_after_seconds);
            let refusal = Refusal::plain(Rule::AccountMailThrottled);
            Err(call.trail.refuse(refusal).into())
        }
    }
}

/// A page that is opened by a link with a token: nobody else is told of that address. (With `no-referrer` browsers would
/// send its form as from nowhere, and the cross-site check refuses that.)
pub(crate) fn keeps_its_address(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    response
}

/// Reads an address.
pub(crate) fn email(call: &mut Call<'_>, text: &str) -> Result<mail::Address, Refusal> {
    let parsed = mail::Address::parse(text.trim());
    call.trail
        .require(Rule::AccountEmailMalformed, parsed.is_ok(), || {
            (
                String::from("an address as name@example.com"),
                String::from("something else"),
            )
        })?;
    parsed.map_err(|_| Refusal::plain(Rule::AccountEmailMalformed))
}

/// Judges a new password; the refusal says why.
pub(crate) fn password(call: &mut Call<'_>, password: &Password, known: &[&str]) -> Result<(), Refusal> {
    let brand = call.app.settings.brand.name.as_str();
    let known: Vec<&str> = known.iter().copied().chain([brand]).collect();
    let judged = password_strength::judge(password, call.app.policy(), &known);
    let weak = judged.err().map(|weak| weak.says);
    call.trail.require(Rule::AccountPasswordWeak, weak.is_none(), || {
        (
            String::from("a password that is not guessed soon"),
            weak.unwrap_or_default(),
        )
    })
}

/// Somebody other than `user` who has proved that address.
pub(crate) async fn owner_of(
    app: &Context,
    email: &str,
    user: Option<UserId>,
) -> Result<Option<User>, Failure> {
    let people = app.store.find_users_by_email(email).await?;
    Ok(people.into_iter().find(|person| Some(person.id) != user))
}

/// The refusal of a field, in words for whoever filled it in.
pub(crate) fn says(refusal: &Refusal) -> String {
    match refusal.rule {
        Rule::SignUpUsernameMalformed => {
            format!("That cannot be a username: {}.", refusal.received)
        }
        Rule::SignUpUsernameTaken => String::from("Somebody has this name. Choose another one."),
        Rule::SignUpDomainNotAllowed => format!("Use {}.", refusal.expected),
        Rule::SignUpInvitationInvalid => String::from("The invitation is for another address."),
        Rule::AccountEmailMalformed => {
            String::from("This is not an e-mail address. Write it as name@example.com.")
        }
        Rule::AccountPasswordWeak => refusal.received.clone(),
        Rule::AccountPasswordWrong => String::from("This is not your password."),
        Rule::AccountDeleteUnconfirmed => {
            String::from("This is not your username. Type it as it stands above.")
        }
        rule => rule.info().says.to_owned(),
    }
}

/// Tells the inspector, without anything that a letter or a form keeps secret.
pub(crate) fn tell(call: &mut Call<'_>, title: &'static str, line: &str) {
    call.tell(Told {
        from: Role::ResourceOwner,
        to: Role::AuthorizationServer,
        step: Step::Other,
        title,
        line: line.to_owned(),
        parameters: Vec::new(),
    });
}

/// Does something whose duration must not show in the answer; a failure is for the log.
pub(crate) fn behind_the_answer(
    reference: String,
    work: impl Future<Output = Result<(), Failure>> + Send + 'static,
) {
    tokio::spawn(async move {
        if let Err(failure) = work.await {
            let why = match failure {
                Failure::Refused(refusal) => refusal.to_string(),
                Failure::Broken(why) => why,
            };
            tracing::error!(why, reference, "failed behind an answer");
        }
    });
}
