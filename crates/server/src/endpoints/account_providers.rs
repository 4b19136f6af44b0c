//! Accounts at other providers that sign the person in here: `GET /account/providers`, and taking one away
//! (`POST /account/providers`). Linking another begins with a link of the page, which holds a sealed request made for this
//! session: nobody else can have it.

use super::page;
use super::signed_in::{self, Form, Lately, Who};
use crate::call::{Call, Failure, Told};
use crate::context::{App, Context};
use crate::factors::{self, tell_of_change};
use crate::interaction::{Browser, Interaction, Pending};
use crate::mail::letters::{Change, SignInMethod};
use crate::pages::providers::{Account, Linked, Other, account};
use crate::upstream;
use crate::{routes, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::{Link, Session, User, WaysIn};
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::Trail;
use valetkey_rules::upstream::unlink;

/// What somebody changes here decides who can sign in.
const LATELY: Lately = Lately::Recently;

/// Shows the links.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match show(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

/// Takes one away.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match remove(&mut call, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn show(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let app = call.app;
    let who = signed_in::who(call, parts, routes::ACCOUNT_PROVIDERS, LATELY).await?;
    let (session, user) = match who {
        Who::Person(session, user) => (session, user),
        Who::SignsIn(response) => return Ok(*response),
    };
    let query = Params::parse_raw(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let links = app.store.list_links(user.id).await?;
    let passkeys = app.store.list_passkeys(user.id).await?.len();
    let browser = Browser::of(app, &parts.headers);
    let view = Account {
        links: rows(app, &links, &user, passkeys),
        others: others(app, &session, &browser),
        csrf: session::csrf_field(app, &session),
        notice: notice(app, &query),
    };
    let response = account(&app.settings.brand, &view);
    Ok(page::with_cookies(response, browser.cookie(app)))
}

fn rows(app: &Context, links: &[Link], user: &User, passkeys: usize) -> Vec<Linked> {
    let row = |link: &Link| Linked {
        label: label(app, &link.provider),
        works: app.upstream.find(&link.provider).is_some(),
        may_go: unlink(ways(app, links, user, (passkeys, link)), &mut Trail::off()).is_ok(),
        provider: link.provider.clone(),
        subject: link.subject.clone(),
        account: link.label.clone(),
        since: link.created_at,
    };
    links.iter().map(row).collect()
}

/// By what the person can sign in without that link. A provider that the operator has taken away signs nobody in.
fn ways(app: &Context, links: &[Link], user: &User, (passkeys, without): (usize, &Link)) -> WaysIn {
    let stays = |link: &&Link| *link != without && app.upstream.find(&link.provider).is_some();
    WaysIn {
        has_password: user.password_hash.is_some(),
        passkeys,
        links: links.iter().filter(stays).count(),
    }
}

fn label(app: &Context, provider: &str) -> String {
    let known = app.upstream.find(provider);
    known.map_or_else(|| provider.to_owned(), |known| known.settings.label.clone())
}

/// A button for each provider. A person may have several accounts at one.
fn others(app: &Context, session: &Session, browser: &Browser) -> Vec<Other> {
    let pending = Pending::Account {
        to: String::from(routes::ACCOUNT_PROVIDERS),
        fresh: false,
    };
    let mut interaction = Interaction::begin(app, pending, browser);
    interaction.links_for = Some(session.id);
    let flow = interaction.seal(app);
    app.upstream
        .iter()
        .map(|provider| Other {
            name: provider.id.clone(),
            label: provider.label.clone(),
            href: upstream::page(app, routes::LOGIN_PROVIDER, &provider.id, &flow),
        })
        .collect()
}

fn notice(app: &Context, query: &Params) -> Option<String> {
    let named = |key| query.get(key).map(|provider| label_if_known(app, provider));
    if let Some(provider) = named("linked") {
        return Some(format!(
            "{provider} is linked. From now on it can sign you in here."
        ));
    }
    if let Some(provider) = named("unlinked") {
        return Some(format!(
            "{provider} is unlinked. It cannot sign you in here any more."
        ));
    }
    named("cancelled").map(|provider| format!("You did not sign in with {provider}. Nothing was changed."))
}

/// The query is anybody's to write: only names of the operator's stand on the page.
fn label_if_known(app: &Context, provider: &str) -> String {
    let known = app.upstream.find(provider);
    known.map_or_else(
        || String::from("The account"),
        |known| known.settings.label.clone(),
    )
}

async fn remove(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    let app = call.app;
    let page = (routes::ACCOUNT_PROVIDERS, LATELY);
    let (user, form) = match signed_in::take_form(call, parts, body, page).await? {
        Form::From(_, user, form) => (user, form),
        Form::SignsIn(response) => return Ok(*response),
    };
    let provider = form.get("provider").unwrap_or_default();
    let subject = form.get("subject").unwrap_or_default();
    let links = app.store.list_links(user.id).await?;
    let is_meant = |link: &&Link| link.provider == provider && link.subject == subject;
    if let Some(link) = links.iter().find(is_meant) {
        let passkeys = app.store.list_passkeys(user.id).await?.len();
        unlink(ways(app, &links, &user, (passkeys, link)), &mut call.trail)?;
        let leaving = factors::a_way_in(app);
        if app.store.remove_link(user.id, provider, subject, leaving).await? {
            tracing::info!(user = %user.id, provider, "unlinked");
            tell_of_change(
                app,
                &user,
                SignInMethod::Provider(label(app, provider)),
                Change::Removed,
            )
            .await;
        } else if app
            .store
            .find_link(provider, subject)
            .await?
            .is_some_and(|link| link.user == user.id)
        {
            // Another way to sign in went at the same moment.
            unlink(WaysIn::default(), &mut call.trail)?;
        }
    }
    call.tell(Told {
        from: Role::ResourceOwner,
        to: Role::AuthorizationServer,
        step: Step::Other,
        title: "Unlinking from another provider",
        line: format!("POST {}", routes::ACCOUNT_PROVIDERS),
        parameters: vec![Parameter::plain("provider", provider)],
    });
    let to = app.path(routes::ACCOUNT_PROVIDERS);
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("unlinked", provider)
        .finish();
    Ok(page::see_other(&format!("{to}?{query}")))
}
