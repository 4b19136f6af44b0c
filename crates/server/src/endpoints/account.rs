//! The account: which apps have access (`GET /account`), and taking it away (`POST /account/apps/revoke`).

use super::page;
use super::signed_in::{self, Form, Lately, Who};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::pages::account::{App as AppRow, Until, View, Way, render};
use crate::{routes, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use std::collections::BTreeSet;
use valetkey_model::grant::GrantedBy;
use valetkey_model::{Client, ClientId, Consent, Grant, Session, User};
use valetkey_protocol::params::Params;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::account::link::proved_email;
use valetkey_rules::policy::NEVER;

/// Shows the apps.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match show(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn show(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let app = call.app;
    let (session, user) = match signed_in::who(call, parts, routes::ACCOUNT, Lately::Anytime).await? {
        Who::Person(session, user) => (session, *user),
        Who::SignsIn(response) => return Ok(*response),
    };
    let query = Params::parse_raw(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let notice = query
        .get("removed")
        .map(|_| String::from("The app has no access any more. Its tokens stopped working."));
    let view = view(call, &session, user, notice).await?;
    Ok(render(&app.settings.brand, &view))
}

async fn view(
    call: &Call<'_>,
    session: &Session,
    user: User,
    notice: Option<String>,
) -> Result<View, Failure> {
    let app = call.app;
    let consents = app.store.list_consents(user.id).await?;
    let grants = app.store.list_active_grants(user.id, call.now).await?;
    let mut apps = Vec::with_capacity(consents.len());
    for access in by_app(consents, grants) {
        apps.push(row(call, access).await?);
    }
    Ok(View {
        email: user
            .claims
            .email
            .clone()
            .map(|email| (email, proved_email(&user).is_some())),
        display_name: user.claims.name.unwrap_or_default(),
        username: user.username,
        apps,
        csrf: session::csrf_field(app, session),
        notice,
    })
}

/// What one app may do: what was allowed once, and what is alive now.
struct Access {
    client: ClientId,
    consent: Option<Consent>,
    grants: Vec<Grant>,
}

/// Every app with a consent or a grant, the latest first. A password or a migration leaves a grant without a consent.
fn by_app(consents: Vec<Consent>, grants: Vec<Grant>) -> Vec<Access> {
    let mut apps: Vec<Access> = consents
        .into_iter()
        .map(|consent| Access {
            client: consent.client.clone(),
            consent: Some(consent),
            grants: Vec::new(),
        })
        .collect();
    for grant in grants {
        match apps.iter_mut().find(|app| app.client == grant.client) {
            Some(app) => app.grants.push(grant),
            None => apps.push(Access {
                client: grant.client.clone(),
                consent: None,
                grants: vec![grant],
            }),
        }
    }
    apps.sort_by_key(|app| std::cmp::Reverse(app.since()));
    apps
}

impl Access {
    fn since(&self) -> Timestamp {
        let allowed = self.consent.iter().map(|consent| consent.granted_at);
        let given = self.grants.iter().map(|grant| grant.created_at);
        allowed.chain(given).min().unwrap_or(NEVER)
    }

    fn scope(&self) -> Scope {
        let none = Scope::default();
        let allowed = self.consent.as_ref().map_or(&none, |consent| &consent.scope);
        self.grants
            .iter()
            .fold(allowed.clone(), |scope, grant| scope.union(&grant.scope))
    }

    fn ways(&self) -> Vec<Way> {
        let ways: BTreeSet<Way> = self.grants.iter().map(|grant| way(grant.by)).collect();
        ways.into_iter().collect()
    }

    /// The end of its OAuth 1.0a access: that of the grant that lasts longest, or of all of them when the client retires.
    fn until(&self, client: Option<&Client>) -> Option<Until> {
        let by_oauth1 = self.grants.iter().filter(|grant| grant.by == GrantedBy::OAuth1);
        let last = by_oauth1.map(|grant| grant.expires_at).max()?;
        let oauth1 = client.and_then(|client| client.oauth1.as_ref());
        let retires_at = oauth1.and_then(|oauth1| oauth1.retires_at);
        let end = retires_at.map_or(last, |at| at.min(last));
        Some(if end >= NEVER {
            Until::TakenBack
        } else {
            Until::Day(end)
        })
    }
}

const fn way(by: GrantedBy) -> Way {
    match by {
        GrantedBy::AuthorizationCode | GrantedBy::Implicit => Way::SignedIn,
        GrantedBy::DeviceCode => Way::Device,
        GrantedBy::Password => Way::Password,
        GrantedBy::OAuth1 => Way::OAuth1,
        GrantedBy::Migration => Way::Moved,
    }
}

async fn row(call: &Call<'_>, access: Access) -> Result<AppRow, Failure> {
    let client = call.app.client(access.client.as_str()).await?;
    let policy = call.app.policy();
    Ok(AppRow {
        open: client
            .as_ref()
            .and_then(|client| opens(client.openid.initiate_login_uri.as_deref()?, &policy.issuer)),
        name: client
            .as_ref()
            .map_or_else(|| access.client.to_string(), |client| client.name.clone()),
        says: access
            .scope()
            .words()
            .map(|word| policy.scope_says(word).to_owned())
            .collect(),
        since: access.since(),
        live_grants: access.grants.len(),
        ways: access.ways(),
        until: access.until(client.as_deref()),
        client_id: access.client.to_string(),
    })
}

/// Where a client begins a sign-in by itself (OpenID Connect Core §4). Who it is, the client learns by that sign-in.
fn opens(initiate_login_uri: &str, issuer: &str) -> Option<String> {
    let mut url = url::Url::parse(initiate_login_uri).ok()?;
    url.query_pairs_mut().append_pair("iss", issuer);
    Some(url.into())
}

/// Takes the access of one app away.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match revoke(&mut call, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn revoke(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    let app = call.app;
    let page = (routes::ACCOUNT, Lately::Anytime);
    let (session, form) = match signed_in::take_form(call, parts, body, page).await? {
        Form::From(session, _, form) => (session, form),
        Form::SignsIn(response) => return Ok(*response),
    };
    if let Ok(client) = ClientId::parse(form.get("client_id").unwrap_or_default()) {
        let revoked = app
            .store
            .withdraw_consent(session.user, &client, call.now)
            .await?;
        tracing::info!(user = %session.user, client_id = %client, revoked, "access taken away");
    }
    Ok(page::see_other(&format!(
        "{}?removed=1",
        app.path(routes::ACCOUNT)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;
    use valetkey_model::client::OAuth1;
    use valetkey_model::grant::{Active, GrantState};
    use valetkey_model::{GrantId, UserId};
    use valetkey_protocol::acr::Acr;
    use valetkey_protocol::claims_request::ClaimsRequest;

    const NOW: Timestamp = Timestamp(1_795_355_010);
    const ALICE: UserId = UserId(Uuid::from_u128(1));

    fn client_id(text: &str) -> ClientId {
        ClientId::parse(text).unwrap()
    }

    fn grant(client: &str, by: GrantedBy, age: i64) -> Grant {
        let active = Active {
            generation: 1,
            rotated_at: NOW,
            idle_expires_at: NOW.plus_seconds(60),
        };
        Grant {
            id: GrantId(Uuid::from_u128(7)),
            client: client_id(client),
            user: ALICE,
            session: None,
            by,
            migrated_from: None,
            scope: Scope::parse("photos.read").unwrap(),
            resources: BTreeSet::new(),
            offline: true,
            auth_time: NOW,
            amr: Vec::new(),
            acr: Acr::OneFactor,
            sid: None,
            claims: ClaimsRequest::default(),
            nonce: None,
            created_at: NOW.plus_seconds(-age),
            expires_at: NEVER,
            state: GrantState::Active(active),
        }
    }

    fn consent(client: &str, age: i64) -> Consent {
        Consent {
            user: ALICE,
            client: client_id(client),
            scope: Scope::parse("openid").unwrap(),
            resources: BTreeSet::new(),
            granted_at: NOW.plus_seconds(-age),
        }
    }

    fn retiring(at: Timestamp) -> Client {
        let oauth1 = OAuth1 {
            retires_at: Some(at),
            ..OAuth1::default()
        };
        serde_json::from_value(serde_json::json!({
            "id": "printer", "name": "Printer", "authentication": {"method": "none"},
            "application_type": "native", "redirect_uris": [], "grant_types": [], "scope": "",
            "oauth1": oauth1, "created_at": 0,
        }))
        .unwrap()
    }

    #[test]
    fn an_app_that_came_by_a_password_is_listed_though_nobody_consented() {
        let grants = vec![
            grant("oldapp", GrantedBy::Password, 10),
            grant("printer", GrantedBy::OAuth1, 20),
            grant("printer", GrantedBy::Migration, 5),
        ];
        let apps = by_app(vec![consent("printer", 30)], grants);
        let names: Vec<&str> = apps.iter().map(|app| app.client.as_str()).collect();
        assert_eq!(names, ["oldapp", "printer"], "the latest first");
        assert_eq!(apps[0].ways(), [Way::Password]);
        assert_eq!(apps[0].since(), NOW.plus_seconds(-10));
        assert_eq!(apps[1].ways(), [Way::OAuth1, Way::Moved]);
        assert_eq!(apps[1].since(), NOW.plus_seconds(-30));
        assert_eq!(apps[1].scope().to_string(), "openid photos.read");
    }

    #[test]
    fn oauth_1_access_lasts_until_it_is_taken_back_or_until_the_first_end_that_is_set() {
        let of = |grants: Vec<Grant>| by_app(Vec::new(), grants).remove(0);
        let access = of(vec![grant("printer", GrantedBy::OAuth1, 0)]);
        assert_eq!(access.until(None), Some(Until::TakenBack));
        let retires = NOW.plus_seconds(1_000);
        assert_eq!(access.until(Some(&retiring(retires))), Some(Until::Day(retires)));
        let ends = NOW.plus_seconds(500);
        let short = Grant {
            expires_at: ends,
            ..grant("printer", GrantedBy::OAuth1, 0)
        };
        assert_eq!(
            of(vec![short]).until(Some(&retiring(retires))),
            Some(Until::Day(ends))
        );
        let other = of(vec![grant("printer", GrantedBy::Migration, 0)]);
        assert_eq!(other.until(None), None);
    }
}
