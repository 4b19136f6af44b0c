//! What a person sees when a provider could not sign them in: what happened, and the way back to the sign-in page with the
//! same request, for another way to sign in is always there.

use super::super::told;
use super::login_href;
use crate::call::{Call, Failure, Told};
use crate::endpoints::page::error_parameters;
use crate::interaction::Interaction;
use crate::pages::error::{Back, Turn, View, render};
use crate::routes;
use axum::response::Response;
use http::{HeaderValue, header};
use valetkey_protocol::observe::{Role, Step};
use valetkey_protocol::rule::Rule;

/// When a person may try again whose provider did not answer.
const RETRY_SECONDS: u64 = 30;

/// The page. `label` is the provider's, when it is known.
pub(super) fn page(
    call: &mut Call<'_>,
    failure: &Failure,
    label: &str,
    interaction: Option<&Interaction>,
) -> Response {
    call.log(failure);
    let refusal = match failure {
        Failure::Refused(refusal) => Some(refusal),
        Failure::Broken(_) => None,
    };
    let rule = refusal.map(|refusal| refusal.rule);
    let (title, text) = words(rule, label);
    let view = View {
        refusal,
        status: refusal.map_or(500, |refusal| refusal.rule.info().status),
        title,
        text,
        reference: call.reference().to_owned(),
        details: call.shows_details(),
        back: Some(back(call, interaction)),
        turn: rule.map(turn),
    };
    let mut response = render(&call.app.settings.brand, &view);
    if rule == Some(Rule::UpstreamUnreachable) {
        let seconds = HeaderValue::from(RETRY_SECONDS);
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    call.tell(Told {
        from: Role::AuthorizationServer,
        to: Role::ResourceOwner,
        step: Step::AuthorizationGrant,
        title: "Sign-in with a provider",
        line: response.status().to_string(),
        parameters: error_parameters(failure),
    });
    response
}

fn back(call: &Call<'_>, interaction: Option<&Interaction>) -> Back {
    let app = call.app;
    match interaction {
        Some(interaction) if interaction.links_for.is_some() => Back {
            label: String::from("Back to your account"),
            href: app.path(routes::ACCOUNT_PROVIDERS),
        },
        Some(interaction) => Back {
            label: String::from("Sign in another way"),
            href: login_href(call, interaction),
        },
        None => Back {
            label: String::from("To the sign-in page"),
            href: app.path(routes::LOGIN),
        },
    }
}

const fn turn(rule: Rule) -> Turn {
    match rule {
        Rule::UpstreamAnswerUnusable | Rule::UpstreamSubjectMissing => Turn::Server,
        _ => Turn::Person,
    }
}

fn words(rule: Option<Rule>, label: &str) -> (String, String) {
    let Some(rule) = rule else {
        let (title, text) = told::BROKEN;
        return (title.to_owned(), text.to_owned());
    };
    let name = if label.is_empty() { "The provider" } else { label };
    let (title, text) = match rule {
        Rule::UpstreamUnknown => (
            String::from("Nobody is signed in that way here"),
            String::from("The link names a provider that this server does not know."),
        ),
        Rule::UpstreamUnreachable => (
            format!("{name} does not answer at the moment"),
            String::from("Nothing is lost: try again in a minute, or sign in here in another way."),
        ),
        Rule::UpstreamStateMismatch | Rule::UpstreamOtherProvider => (
            String::from("This sign-in did not begin here"),
            format!(
                "{name} sent an answer that this browser is not waiting for: it was used before, is too old, or began in another \
                 browser. Somebody may also have sent you their link."
            ),
        ),
        Rule::UpstreamErrorResponse => (
            format!("{name} did not sign you in"),
            String::from("It answered with an error. You can try again, or sign in here in another way."),
        ),
        Rule::UpstreamNotFresh => (
            format!("{name} does not show that you signed in just now"),
            String::from("The app wants a new sign-in. Sign in here in another way."),
        ),
        Rule::UpstreamSignUpClosed => (
            String::from("There is no account for you here"),
            format!(
                "{name} told us who you are, but nobody here is linked with that, and you cannot open an account this way. If you \
                 have an account here, sign in to it first and link the two."
            ),
        ),
        Rule::UpstreamEmailTaken => (
            String::from("Somebody here has this e-mail address"),
            String::from("If that is you, sign in here as you did before; then you can link the two."),
        ),
        Rule::UpstreamLinkTaken => (
            String::from("That account is linked already"),
            format!("The account at {name} belongs to somebody here. Nothing was changed."),
        ),
        Rule::UpstreamLinkUnproved => (
            String::from("Nothing was linked"),
            String::from("To link two accounts, sign in here first, in this browser, and then say yes."),
        ),
        Rule::UpstreamIssuerMismatch
        | Rule::UpstreamIdTokenInvalid
        | Rule::UpstreamAnswerUnusable
        | Rule::UpstreamSubjectMissing => (
            format!("The answer of {name} was not taken"),
            String::from(
                "It did not show who you are beyond doubt. Nobody was signed in. You can sign in here in another way.",
            ),
        ),
        other => {
            let (title, text) = told::of(other);
            (title.to_owned(), text.to_owned())
        }
    };
    (title, text)
}
