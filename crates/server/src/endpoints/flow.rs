//! A request between its arrival and its answer: sign-in, consent, or what [`super::answer`] gives. Every page of the
//! flow comes back here, and the rules decide anew each time.

use super::answer::{issue, refuse};
use super::{device_authorization, page};
use crate::call::{Call, Failure};
use crate::interaction::{Interaction, Pending};
use crate::{factors, routes};
use axum::response::Response;
use url::form_urlencoded;
use valetkey_model::{Consent, Session};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::observe::Key;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::authorize::{self, Decision, Respond, Situation, ValidRequest};

/// The next answer to the browser.
pub(super) async fn go_on(
    call: &mut Call<'_>,
    mut interaction: Interaction,
    session: Option<&Session>,
    consented_now: bool,
) -> Result<Response, Failure> {
    let valid = match &interaction.pending {
        Pending::Account { to, fresh }
            if session.is_some_and(|session| !fresh || interaction.was_signed_in_for(session)) =>
        {
            return Ok(page::see_other(&call.app.path(to)));
        }
        Pending::Refused(error) if authorize::may_redirect_now(error, session.is_some()) => {
            return Ok(refuse(call, error));
        }
        Pending::Account { .. } | Pending::Refused(_) => {
            return Ok(to_page(call, &interaction, routes::LOGIN));
        }
        Pending::Request(valid) => valid.clone(),
    };
    let decision = decide(call, &interaction, session, consented_now).await?;
    match (decision, session) {
        (Decision::Login { why }, _) => {
            interaction.why = Some(why);
            Ok(to_page(call, &interaction, routes::LOGIN))
        }
        (Decision::Consent, Some(session)) => {
            interaction.shown_to = Some(session.id);
            Ok(to_page(call, &interaction, routes::CONSENT))
        }
        (Decision::Issue, Some(session)) => issue(call, &valid, session, consented_now).await,
        (Decision::Refuse(error), _) => Ok(refuse(call, &error)),
        (Decision::Consent | Decision::Issue, None) => {
            Err(Failure::Broken(String::from("a decision for nobody")))
        }
    }
}

/// What the rules say now.
pub(super) async fn decide(
    call: &mut Call<'_>,
    interaction: &Interaction,
    session: Option<&Session>,
    consented_now: bool,
) -> Result<Decision, Failure> {
    let Pending::Request(valid) = &interaction.pending else {
        return Err(Refusal::plain(Rule::InteractionUnreadable).into());
    };
    let app = call.app;
    let Some(client) = app.client(valid.client_id.as_str()).await? else {
        return Err(Refusal::plain(Rule::AuthorizeClientUnknown).into());
    };
    let consent = remembered(call, valid, session).await?;
    let subject = session.map(|session| app.subjects.subject(&client, session.user));
    let situation = Situation {
        client: &client,
        session,
        subject: subject.as_deref(),
        best_acr: best_acr(call, valid, session).await?,
        consent: consent.as_ref(),
        started_at: interaction.started_at,
        signed_in_now: session.is_some_and(|session| interaction.was_signed_in_for(session)),
        consented_now,
    };
    let decision = authorize::decide(valid, &situation, call.now, &mut call.trail);
    call.client = Some(client);
    Ok(decision)
}

/// How surely the person could sign in. Looked up only when somebody wants to know.
async fn best_acr(call: &Call<'_>, valid: &ValidRequest, session: Option<&Session>) -> Result<Acr, Failure> {
    let Some(session) = session.filter(|_| !valid.acr_values.is_empty()) else {
        return Ok(Acr::default());
    };
    let best = factors::best_acr(call.app, session.user).await?;
    Ok(best.max(session.acr))
}

/// What the person allowed this client before.
pub(super) async fn remembered(
    call: &Call<'_>,
    valid: &ValidRequest,
    session: Option<&Session>,
) -> Result<Option<Consent>, Failure> {
    match session {
        None => Ok(None),
        Some(session) => Ok(call
            .app
            .store
            .find_consent(session.user, &valid.client_id)
            .await?),
    }
}

/// Ties a call that belongs to an interaction to its flow, and finds its client: it may have been removed
/// since the request came in, or its redirect URI taken from it. Then nothing may be sent there any more.
pub(super) async fn tie(call: &mut Call<'_>, interaction: &Interaction) -> Result<(), Failure> {
    call.tie(Key::Interaction(interaction.id.clone()));
    let id = match &interaction.pending {
        Pending::Request(valid) => &valid.client_id,
        Pending::Refused(error) => &error.client_id,
        Pending::Account { .. } => return Ok(()),
    };
    let Some(client) = call.app.client(id.as_str()).await? else {
        let refusal = Refusal::plain(Rule::AuthorizeClientUnknown);
        return Err(call.trail.refuse(refusal).into());
    };
    match &interaction.pending {
        Pending::Request(valid) => {
            tie_elsewhere(call, valid)?;
            authorize::answer_may_go(&client, valid, call.now, &mut call.trail)?;
        }
        Pending::Refused(error) => {
            authorize::registered_still(&client, &error.redirect_uri, &mut call.trail)?;
        }
        Pending::Account { .. } => {}
    }
    call.client = Some(client);
    Ok(())
}

/// What began elsewhere, on a device or by a signed request, is tied to that; and it ends when that ends.
fn tie_elsewhere(call: &mut Call<'_>, valid: &ValidRequest) -> Result<(), Failure> {
    let rule = match &valid.respond {
        Respond::Redirect { .. } => return Ok(()),
        Respond::Device(device) => {
            call.tie(device_authorization::tie(device.id));
            Rule::DeviceUserCodeUnknown
        }
        Respond::OAuth1(asked) => {
            call.tie_token(&asked.token);
            Rule::OAuth1AuthorizeTokenUnknown
        }
    };
    let (now, ends_at) = (call.now, valid.respond.too_late_at());
    let is_in_time = ends_at.is_none_or(|ends_at| now < ends_at);
    call.trail.require(rule, is_in_time, || {
        (
            String::from("an answer in time"),
            String::from("one that came too late"),
        )
    })?;
    Ok(())
}

/// The address of a page of the flow.
pub(super) fn to_page(call: &Call<'_>, interaction: &Interaction, path: &str) -> Response {
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("flow", &interaction.seal(call.app))
        .finish();
    page::see_other(&format!("{}?{query}", call.app.path(path)))
}
