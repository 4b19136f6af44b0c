//! Signing in with other providers: this server as their client, by `valetkey-client` over the server's own outbound
//! requests. Here stand the providers ([`ProviderSettings`]), who is on the way to one, and the conversation with it. Who somebody
//! is then, `valetkey_rules::upstream` decides; the pages are those of the endpoints.

mod away;
mod conversation;
mod provider;
mod settings;

pub use settings::{InvalidProvider, OAuth2, ProviderKind, ProviderSettings};
pub use valetkey_client::{ClientAuthentication, Endpoints};
pub use valetkey_rules::upstream::{Mapping, SignUp};

pub(crate) use away::Away;
pub(crate) use conversation::{Came, Stopped, finish, send_away};
pub(crate) use provider::{Provider, Providers};

use crate::call::Failure;
use crate::context::Context;
use crate::interaction::Interaction;
use crate::pages::login::ProviderButton;
use crate::routes;
use url::form_urlencoded;
use valetkey_protocol::params::Params;
use valetkey_rules::upstream::{Facts, Told};
use valetkey_store::email_key;

/// The buttons of the sign-in page; `flow` is the sealed request.
pub(crate) fn buttons(app: &Context, flow: &str) -> Vec<ProviderButton> {
    let button = |provider: &ProviderSettings| ProviderButton {
        name: provider.id.clone(),
        label: provider.label.clone(),
        href: page(app, routes::LOGIN_PROVIDER, &provider.id, flow),
    };
    app.upstream.iter().map(button).collect()
}

/// What the sign-in page says to somebody who comes back from a provider without having signed in there.
pub(crate) fn notice(app: &Context, query: &Params) -> Option<String> {
    let provider = app.upstream.find(query.get("cancelled")?)?;
    Some(format!(
        "You did not sign in with {}. You can try again, or sign in another way.",
        provider.settings.label
    ))
}

/// The address of a page about a provider within a flow.
pub(crate) fn page(app: &Context, path: &str, provider: &str, flow: &str) -> String {
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("flow", flow)
        .finish();
    format!("{}?{query}", app.path(&path.replace("{provider}", provider)))
}

/// What is known here about somebody whom a provider has signed in.
pub(crate) async fn facts(app: &Context, interaction: &Interaction, told: &Told) -> Result<Facts, Failure> {
    let link = app.store.find_link(&told.provider, &told.subject).await?;
    let email_is_known = match told.verified_email() {
        Some(email) => !app.store.find_users_by_email(email).await?.is_empty(),
        None => false,
    };
    let invited = interaction.invitation.as_ref();
    let invited = invited.map(|invitation| email_key(&invitation.email));
    Ok(Facts {
        linked_to: link.map(|link| link.user),
        email_is_known,
        is_invited: invited.is_some() && invited == told.verified_email().map(email_key),
    })
}
