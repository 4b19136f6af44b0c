//! What people say of themselves: `GET` and `POST /account/profile` (OpenID Connect Core §5.1). Which claims these are, and
//! what each may hold, says `rules::account::profile`.

use super::page;
use super::signed_in::{self, Form, Lately, Who};
use crate::accounts::{self, query};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::pages::form as form_page;
use crate::{routes, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::{Session, User};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::account::profile::{self, Problem};

/// What a person sees of a claim: its name, label, `autocomplete`, hint, and whether it has more than one line.
type Shown = (&'static str, &'static str, &'static str, Option<&'static str>);

const SHOWN: [Shown; 19] = [
    ("name", "Full name", "name", None),
    ("given_name", "First name", "given-name", None),
    ("middle_name", "Middle name", "additional-name", None),
    ("family_name", "Last name", "family-name", None),
    ("nickname", "Nickname", "nickname", None),
    (
        "preferred_username",
        "Name that apps show",
        "off",
        Some("Apps may show it in place of your username; other people may have the same."),
    ),
    ("gender", "Gender", "sex", None),
    (
        "birthdate",
        "Birthday",
        "bday",
        Some("As 1990-12-31, or the year alone."),
    ),
    (
        "picture",
        "Picture",
        "photo",
        Some("Its web address, as https://example.com/me.jpg."),
    ),
    ("profile", "Page about you", "off", Some("A web address.")),
    ("website", "Website", "url", Some("A web address.")),
    ("locale", "Language", "language", Some("As en or pt-BR.")),
    ("zoneinfo", "Time zone", "off", Some("As Europe/Paris.")),
    (
        "phone_number",
        "Phone number",
        "tel",
        Some("With its country, as +44 1865 000000."),
    ),
    ("street_address", "Street and number", "street-address", None),
    ("postal_code", "Postal code", "postal-code", None),
    ("locality", "Town", "address-level2", None),
    ("region", "State or region", "address-level1", None),
    ("country", "Country", "country-name", None),
];

/// Shows the form.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match show(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn show(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let (session, user) = match signed_in::who(call, parts, routes::ACCOUNT_PROFILE, Lately::Anytime).await? {
        Who::Person(session, user) => (session, user),
        Who::SignsIn(response) => return Ok(*response),
    };
    let notice = query(parts).get("saved").map(|_| String::from("Saved."));
    let value = |name: &str| profile::value(&user.claims, name).to_owned();
    Ok(render(call, &session, value, (notice, &[])))
}

/// Takes the form.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match take(&mut call, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn take(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    let app = call.app;
    let page = (routes::ACCOUNT_PROFILE, Lately::Anytime);
    let (session, user, form) = match signed_in::take_form(call, parts, body, page).await? {
        Form::From(session, user, form) => (session, user, form),
        Form::SignsIn(response) => return Ok(*response),
    };
    let typed = |name: &str| form.get(name).map(str::to_owned);
    let saved = save(call, User::clone(&user), typed).await?;
    accounts::tell(call, "Profile", "POST /account/profile");
    match saved {
        Err((refusal, problems)) => {
            call.log(&refusal.into());
            let value = |name: &str| typed(name).unwrap_or_default();
            Ok(render(call, &session, value, (None, &problems)))
        }
        Ok(()) => {
            tracing::info!(user = %user.id, "profile changed");
            let to = app.path(routes::ACCOUNT_PROFILE);
            Ok(page::see_other(&format!("{to}?saved=1")))
        }
    }
}

/// Writes down what was typed. When something else was changed meanwhile, that stays.
async fn save(
    call: &mut Call<'_>,
    mut user: User,
    typed: impl Fn(&str) -> Option<String>,
) -> Result<Result<(), (Refusal, Vec<Problem>)>, Failure> {
    let store = &call.app.store;
    for _ in 0..accounts::MOST_TRIES {
        let claims = match profile::changed(&user.claims, &typed, call.now, &mut call.trail) {
            Ok(claims) => claims,
            Err(problems) => return Ok(Err(problems)),
        };
        if store.set_claims(user.id, user.claims, claims).await? {
            return Ok(Ok(()));
        }
        let Some(now) = store.find_user(user.id).await? else {
            break;
        };
        user = now;
    }
    Err(Refusal::plain(Rule::ServerBusy).into())
}

fn render(
    call: &Call<'_>,
    session: &Session,
    value: impl Fn(&str) -> String,
    (notice, problems): (Option<String>, &[Problem]),
) -> Response {
    let app = call.app;
    let problem = |name: &str| {
        let found = problems.iter().find(|problem| problem.field == name);
        found.map(|problem| problem.says.to_owned())
    };
    let fields = SHOWN.map(|(name, label, autocomplete, hint)| form_page::Field {
        name,
        label,
        kind: kind(name),
        value: value(name),
        autocomplete,
        hint,
        problem: problem(name),
        is_long: name == "street_address",
        ..form_page::Field::default()
    });
    let view = form_page::View {
        title: String::from("Your profile"),
        lead: String::from("Apps see of this what you allow them to see. You need not fill in anything."),
        notice,
        action: app.path(routes::ACCOUNT_PROFILE),
        hidden: vec![("csrf", session::csrf_field(app, session))],
        fields: fields.into(),
        button: ("save", "Save"),
        ..form_page::View::default()
    };
    form_page::account(&app.settings.brand, &view)
}

fn kind(name: &str) -> &'static str {
    match name {
        "picture" | "profile" | "website" => "url",
        "phone_number" => "tel",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_claim_that_people_may_say_has_its_field() {
        let shown: Vec<&str> = SHOWN.iter().map(|(name, ..)| *name).collect();
        let known: Vec<&str> = profile::FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(shown, known);
    }
}
