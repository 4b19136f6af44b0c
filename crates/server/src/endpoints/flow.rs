//! A request between its arrival and its answer: sign-in, consent, the code, or an error to the client.
//! Every page of the flow comes back here, and the rules decide anew each time.

use super::page;
use crate::call::{Call, Failure, Told};
use crate::interaction::{Interaction, Pending};
use crate::{routes, wire_error};
use axum::response::Response;
use url::form_urlencoded;
use valetkey_model::grant::RevokedWhy;
use valetkey_model::{Consent, GrantId, Session};
use valetkey_protocol::authorize::redirect_with_query;
use valetkey_protocol::observe::{Key, Parameter, Role, Step};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::authorize::{self, Decision, RedirectError, Situation, ValidRequest};

/// The next answer to the browser.
pub(super) async fn go_on(
    call: &mut Call<'_>,
    mut interaction: Interaction,
    session: Option<&Session>,
    consented_now: bool,
) -> Result<Response, Failure> {
    let valid = match &interaction.pending {
        Pending::Account if session.is_some() => {
            return Ok(page::see_other(&call.app.path(routes::ACCOUNT)));
        }
        // RFC 9700 §4.11.2: a bad request redirects only a person who is signed in, unless it was silent.
        Pending::Refused(error) if session.is_some() || error.silent => return Ok(refuse(call, error)),
        Pending::Account | Pending::Refused(_) => return Ok(to_page(call, &interaction, routes::LOGIN)),
        Pending::Request(valid) => valid.clone(),
    };
    let decision = decide(call, &interaction, session, consented_now).await?;
    match (decision, session) {
        (Decision::Login { .. }, _) => Ok(to_page(call, &interaction, routes::LOGIN)),
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
    let situation = Situation {
        client: &client,
        session,
        consent: consent.as_ref(),
        started_at: interaction.started_at,
        signed_in_now: session.is_some_and(|session| interaction.was_signed_in_for(session)),
        consented_now,
    };
    let decision = authorize::decide(valid, &situation, call.now, &mut call.trail);
    call.client = Some(client);
    Ok(decision)
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
    let (id, redirect_uri) = match &interaction.pending {
        Pending::Request(valid) => (&valid.client_id, &valid.redirect_uri),
        Pending::Refused(error) => (&error.client_id, &error.redirect_uri),
        Pending::Account => return Ok(()),
    };
    let Some(client) = call.app.client(id.as_str()).await? else {
        let refusal = Refusal::plain(Rule::AuthorizeClientUnknown);
        return Err(call.trail.refuse(refusal).into());
    };
    authorize::registered_still(&client, redirect_uri, &mut call.trail)?;
    call.client = Some(client);
    Ok(())
}

/// The address of a page of the flow.
pub(super) fn to_page(call: &Call<'_>, interaction: &Interaction, path: &str) -> Response {
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("flow", &interaction.seal(call.app))
        .finish();
    page::see_other(&format!("{}?{query}", call.app.path(path)))
}

async fn issue(
    call: &mut Call<'_>,
    valid: &ValidRequest,
    session: &Session,
    consented_now: bool,
) -> Result<Response, Failure> {
    let app = call.app;
    let id = GrantId(app.uuid());
    let grant = authorize::grant(valid, session, app.policy(), id, call.now);
    let consent = consented_now.then(|| authorize::consent(valid, session.user, call.now));
    app.store.insert_grant(grant, consent).await?;
    if let Some(why) = ended_meanwhile(call, valid, session).await? {
        app.store.revoke_grant(id, why, call.now).await?;
        return Err(Refusal::plain(Rule::InteractionUnreadable).into());
    }
    let code = app.handles.code_for(id);
    call.tie(Key::Grant(id.to_string()));
    call.tie_token(code.expose());
    let parameters = [("code", code.expose())];
    Ok(answer(
        call,
        &valid.redirect_uri,
        &parameters,
        valid.state.as_deref(),
    ))
}

/// Who signs out, or takes an app's access away, ends the grants that are there. One that was being written
/// at that moment they did not see: so it is looked once more, now that whoever comes later will see it.
async fn ended_meanwhile(
    call: &Call<'_>,
    valid: &ValidRequest,
    session: &Session,
) -> Result<Option<RevokedWhy>, Failure> {
    if call.app.store.find_session(session.id).await?.is_none() {
        return Ok(Some(RevokedWhy::SignedOut));
    }
    let consent = remembered(call, valid, Some(session)).await?;
    Ok(consent.is_none().then_some(RevokedWhy::ByResourceOwner))
}

/// The error response to the client (RFC 6749 §4.1.2.1).
pub(super) fn refuse(call: &mut Call<'_>, error: &RedirectError) -> Response {
    let failure = Failure::Refused(error.refusal.clone());
    call.log(&failure);
    let info = error.refusal.rule.info();
    let uri = wire_error::error_uri(call.app, error.refusal.rule);
    let parameters = [
        ("error", info.error.as_str()),
        ("error_description", info.says),
        ("error_uri", uri.as_str()),
    ];
    answer(call, &error.redirect_uri, &parameters, error.state.as_deref())
}

/// Sends the browser back to the client, with `state`, and with `iss` against mix-up (RFC 9207).
fn answer<'p>(
    call: &mut Call<'_>,
    redirect_uri: &str,
    parameters: &[(&'p str, &'p str)],
    state: Option<&'p str>,
) -> Response {
    let issuer = call.app.policy().issuer.clone();
    let mut all: Vec<(&str, &str)> = parameters.to_vec();
    all.extend(state.map(|state| ("state", state)));
    all.push(("iss", &issuer));
    let location = redirect_with_query(redirect_uri, &all);
    let response = page::see_other(&location);
    call.tell(Told {
        from: Role::AuthorizationServer,
        to: Role::Client,
        step: Step::AuthorizationGrant,
        title: "Authorization response",
        line: response.status().to_string(),
        parameters: all
            .iter()
            .map(|(name, value)| Parameter::named(name, value))
            .collect(),
    });
    response
}
