//! The end of a request whose client has no callback (RFC 5849 §2.2, `oob`): the person carries the verifier over.

use super::super::login::app_view;
use crate::call::{Call, Failure, Told};
use crate::pages::oob::{View, render};
use axum::response::Response;
use valetkey_model::Session;
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::handle::Temporary;

/// Shows the verifier to the person who has just allowed the access.
pub(in crate::endpoints) async fn verifier_page(
    call: &mut Call<'_>,
    temporary: &Temporary,
    session: &Session,
) -> Result<Response, Failure> {
    let app = call.app;
    let user = app.store.find_user(session.user).await?;
    let (Some(client), Some(user)) = (&call.client, user) else {
        return Err(Refusal::plain(Rule::InteractionUnreadable).into());
    };
    let verifier = app.handles.verifier_for(temporary);
    let view = View {
        client: app_view(client, ""),
        username: user.username,
        verifier: verifier.clone(),
        seconds: temporary.expires_at.seconds_since(call.now),
    };
    let response = render(&app.settings.brand, &view);
    call.tell(Told {
        from: Role::AuthorizationServer,
        to: Role::ResourceOwner,
        step: Step::AuthorizationGrant,
        title: "Verifier shown",
        line: response.status().to_string(),
        parameters: vec![Parameter::named("oauth_verifier", &verifier)],
    });
    Ok(response)
}
