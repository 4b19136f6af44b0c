//! The authorization page of OAuth 1.0a (RFC 5849 §2.2): `GET /oauth1/authorize`. The request stands sealed in the
//! temporary token; from here on it goes the way of every request: the same sign-in, the same consent, the same session.
//! An `oauth_callback` here, as OAuth Core 1.0 had it before 1.0a, is not read.

use super::super::{flow, page};
use crate::call::{Call, Failure, Told, shown_all};
use crate::context::App;
use crate::interaction::{Browser, Interaction, Pending};
use crate::{form, guard, routes, session};
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, header};
use valetkey_protocol::observe::{Key, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_rules::authorize::{ValidRequest, oauth1_request};
use valetkey_rules::oauth1::authorize;

/// Answers the request.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match answer(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

/// Refuses: the router would answer HEAD as GET, and that grants something to whoever never sees the answer.
pub(crate) async fn head(app: State<App>, request: Request) -> Response {
    let mut response = guard::method_not_allowed(app, request).await;
    let allowed = HeaderValue::from_static("GET");
    response.headers_mut().insert(header::ALLOW, allowed);
    response
}

async fn answer(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let app = call.app;
    let query = parts.uri.query().unwrap_or_default();
    let params = form::parameters(call, query.as_bytes());
    let valid = match &params {
        Ok(params) => asked(call, params).await,
        Err(refusal) => Err(refusal.clone().into()),
    };
    let browser = Browser::of(app, &parts.headers);
    let begun = valid.map(|valid| {
        let interaction = Interaction::begin(app, Pending::Request(Box::new(valid)), &browser);
        call.tie(Key::Interaction(interaction.id.clone()));
        interaction
    });
    tell(call, &params.unwrap_or_default());
    let session = session::current(app, &parts.headers).await?;
    let response = flow::go_on(call, begun?, session.as_ref(), false).await?;
    Ok(page::with_cookies(response, browser.cookie(app)))
}

/// The request that the temporary credentials carry.
async fn asked(call: &mut Call<'_>, params: &Params) -> Result<ValidRequest, Failure> {
    let app = call.app;
    let token = the_token(params);
    if let Some(token) = token {
        call.tie_token(token);
    }
    let temporary = authorize::temporary(token, &app.handles, call.now, &mut call.trail)?;
    call.tie(Key::Grant(temporary.id.to_string()));
    let client = app.client(temporary.client.as_str()).await?;
    call.client.clone_from(&client);
    let client = authorize::consumer(&temporary, client.as_deref(), call.now, &mut call.trail)?;
    if app.store.find_grant(temporary.id).await?.is_some() {
        return Err(call.trail.refuse(authorize::answered_already()).into());
    }
    Ok(oauth1_request(&temporary, token.unwrap_or_default(), client))
}

/// Of two tokens, each reader would take another one: then there is none.
fn the_token(params: &Params) -> Option<&str> {
    let named = params.pairs().filter(|(name, _)| *name == "oauth_token");
    let is_alone = named.count() == 1;
    params.get("oauth_token").filter(|_| is_alone)
}

fn tell(call: &mut Call<'_>, params: &Params) {
    call.tell(Told {
        from: Role::Client,
        to: Role::AuthorizationServer,
        step: Step::AuthorizationRequest,
        title: "Authorization",
        line: format!("GET {}", routes::OAUTH1_AUTHORIZE),
        parameters: shown_all(params),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_pollution_of_two_tokens_none_is_taken() {
        let token = |query: &str| the_token(&Params::parse_raw(query.as_bytes()).unwrap()).map(str::to_owned);
        assert_eq!(token("oauth_token=a&oauth_token=b"), None);
        assert_eq!(token("x=1&x=2&oauth_token=a&oauth_token=b"), None);
        assert_eq!(token("oauth_token=&oauth_token=b"), None);
        assert_eq!(token("x=1&x=2&oauth_token=a").as_deref(), Some("a"));
    }
}
