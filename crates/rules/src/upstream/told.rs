//! What a provider tells of a person: the claims of its ID token and userinfo answer, under OpenID's names or under names of
//! the provider's own, as GitHub's. Only what can be shown, compared and passed on is taken.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;
use valetkey_model::UserId;
use valetkey_model::link::Link;
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;

/// No identifier is longer (OpenID Connect Core §2, `sub`).
const MOST_SUBJECT_CHARACTERS: usize = 255;
/// No name that is taken over is longer.
const MOST_TEXT_CHARACTERS: usize = 255;
/// No e-mail address is longer (RFC 5321 §4.5.3.1).
const MOST_EMAIL_BYTES: usize = 254;

/// Where in an answer the claims stand: names of members, and of members within them with a dot between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// What identifies the person for ever.
    pub subject: String,
    /// What the person is called there, as a suggestion.
    pub username: Option<String>,
    /// The name to show.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the provider has verified it.
    pub email_verified: Option<String>,
    /// A picture's address.
    pub picture: Option<String>,
}

impl Mapping {
    /// The names of OpenID Connect Core §5.1.
    #[must_use]
    pub fn openid() -> Self {
        let member = |name: &str| Some(name.to_owned());
        Self {
            subject: String::from("sub"),
            username: member("preferred_username"),
            name: member("name"),
            email: member("email"),
            email_verified: member("email_verified"),
            picture: member("picture"),
        }
    }
}

/// What a provider told of a person. It travels sealed with the browser until the person has an account or a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The provider, by its name in the configuration.
    pub provider: String,
    /// Who, as the provider identifies them.
    pub subject: String,
    /// What the person is called there.
    pub username: Option<String>,
    /// The name to show.
    pub name: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Surname.
    pub family_name: Option<String>,
    /// A picture's https address.
    pub picture: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the provider has verified it, and is believed.
    pub email_verified: bool,
}

impl Told {
    /// The e-mail address, when it is verified and believed.
    #[must_use]
    pub fn verified_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.email_verified)
    }

    /// How the account is called there, for its owner to recognise it.
    #[must_use]
    pub fn label(&self) -> &str {
        let names = [&self.username, &self.email, &self.name];
        let first = names.into_iter().flatten().next();
        first.map_or(&self.subject, String::as_str)
    }

    /// The claims of an account that is opened with it.
    #[must_use]
    pub fn claims(&self, username: &str, now: Timestamp) -> StandardClaims {
        StandardClaims {
            name: self.name.clone(),
            given_name: self.given_name.clone(),
            family_name: self.family_name.clone(),
            preferred_username: Some(username.to_owned()),
            picture: self.picture.clone(),
            email: self.email.clone(),
            email_verified: self.email.as_ref().map(|_| self.email_verified),
            updated_at: Some(now.0),
            ..StandardClaims::default()
        }
    }

    /// The link of a person with it.
    #[must_use]
    pub fn link(&self, user: UserId, now: Timestamp) -> Link {
        Link {
            provider: self.provider.clone(),
            subject: self.subject.clone(),
            user,
            label: self.label().to_owned(),
            created_at: now,
        }
    }
}

/// Reads what a provider told. `trust_email` is whether its word that an address is verified is believed here.
pub fn told(
    provider: &str,
    claims: &Value,
    (mapping, trust_email): (&Mapping, bool),
    trail: &mut Trail,
) -> Result<Told, Refusal> {
    let Some(subject) = at(claims, &mapping.subject).and_then(identifier) else {
        let expected = format!("a text or a whole number as {}", mapping.subject);
        return Err(trail.refuse(Refusal::new(Rule::UpstreamSubjectMissing, expected, "none")));
    };
    trail.passed(Rule::UpstreamSubjectMissing);
    let mapped = |name: &Option<String>| name.as_deref().and_then(|name| at(claims, name));
    let email = mapped(&mapping.email)
        .and_then(Value::as_str)
        .filter(|text| is_address(text));
    let is_verified = mapped(&mapping.email_verified).is_some_and(is_yes);
    Ok(Told {
        provider: provider.to_owned(),
        subject,
        username: mapped(&mapping.username).and_then(text),
        name: mapped(&mapping.name).and_then(text),
        given_name: at(claims, "given_name").and_then(text),
        family_name: at(claims, "family_name").and_then(text),
        picture: mapped(&mapping.picture).and_then(picture),
        email: email.map(str::to_owned),
        email_verified: email.is_some() && is_verified && trust_email,
    })
}

/// From a list of a person's addresses, as GitHub gives it (`[{"email", "primary", "verified"}]`): the primary one, and whether
/// it is verified.
#[must_use]
pub fn primary_email(list: &Value) -> Option<(String, bool)> {
    let is_primary = |entry: &&Value| entry.get("primary").is_some_and(is_yes);
    let entry = list.as_array()?.iter().find(is_primary)?;
    let email = entry.get("email")?.as_str().filter(|text| is_address(text))?;
    Some((email.to_owned(), entry.get("verified").is_some_and(is_yes)))
}

/// A username to begin with; the person may choose another.
#[must_use]
pub fn suggested_username(told: &Told) -> String {
    let local = told.email.as_deref().and_then(|email| email.split('@').next());
    let wish = told.username.as_deref().or(local).unwrap_or_default();
    // Some providers call people by their addresses.
    let wish = wish.split('@').next().unwrap_or_default();
    let plain = wish
        .chars()
        .map(|c| if c.is_whitespace() { '-' } else { c })
        .filter(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .take(32)
        .collect::<String>();
    plain.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// The member of that name, or down the path that it names.
fn at<'v>(claims: &'v Value, path: &str) -> Option<&'v Value> {
    let whole = claims.as_object().and_then(|object: &Map<_, _>| object.get(path));
    whole.or_else(|| path.split('.').try_fold(claims, |value, name| value.get(name)))
}

fn identifier(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        _ => return None,
    };
    let fits = !text.trim().is_empty() && text.chars().count() <= MOST_SUBJECT_CHARACTERS;
    (fits && !text.chars().any(char::is_control)).then_some(text)
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    let fits = !text.is_empty() && text.chars().count() <= MOST_TEXT_CHARACTERS;
    (fits && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// Some providers write booleans as text.
fn is_yes(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_str() == Some("true")
}

fn picture(value: &Value) -> Option<String> {
    let url = Url::parse(value.as_str()?).ok()?;
    (url.scheme() == "https" && url.as_str().len() <= 2048).then(|| url.into())
}

fn is_address(text: &str) -> bool {
    let plain = !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let parts = text
        .split_once('@')
        .filter(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    plain && parts.is_some() && text.len() <= MOST_EMAIL_BYTES
}
