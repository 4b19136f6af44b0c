//! The URL of a PostgreSQL database: what of it may be shown, and what is added to it. Reading it is the store's business.

use crate::failure::{Failure, Outcome};

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// Where PostgreSQL's own programs look for a password, too.
const PASSWORD_VARIABLE: &str = "PGPASSWORD";

/// Whether the text is one.
pub(super) fn is_postgres(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| text.starts_with(scheme))
}

/// Its parts: user and password, address, settings.
fn parts(url: &str) -> (&str, &str, &str) {
    let rest = SCHEMES.iter().find_map(|scheme| url.strip_prefix(scheme));
    // As the driver reads it: a `?` before the `@` stands in a password.
    let (who, rest) = rest
        .unwrap_or_default()
        .rsplit_once('@')
        .unwrap_or(("", rest.unwrap_or_default()));
    let (address, settings) = split_at(rest, '?');
    (who, address, settings)
}

fn split_at(text: &str, mark: char) -> (&str, &str) {
    text.split_once(mark).unwrap_or((text, ""))
}

/// Whether a password stands in it.
pub(super) fn has_password(url: &str) -> bool {
    let (who, _, settings) = parts(url);
    who.contains(':')
        || settings
            .split('&')
            .any(|setting| setting.starts_with("password="))
}

/// Where it leads, and nothing else.
pub(super) fn without_secrets(url: &str) -> String {
    let (_, address, settings) = parts(url);
    let leads = |setting: &&str| {
        ["host=", "port=", "dbname="]
            .iter()
            .any(|name| setting.starts_with(name))
    };
    let settings: Vec<&str> = settings.split('&').filter(leads).collect();
    let mark = if settings.is_empty() { "" } else { "?" };
    format!("postgres://{address}{mark}{}", settings.join("&"))
}

/// The URL with one more setting.
pub(super) fn with(url: &str, name: &str, value: &str) -> String {
    let mark = if url.rsplit('@').next().is_some_and(|rest| rest.contains('?')) {
        '&'
    } else {
        '?'
    };
    let mut out = format!("{url}{mark}{name}=");
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The URL with the password that the environment has, when it has none itself.
#[expect(
    clippy::disallowed_methods,
    reason = "the cli is the one place that reads the environment"
)]
pub(super) fn with_password(url: &str) -> Outcome<String> {
    if has_password(url) {
        return Ok(url.to_owned());
    }
    match std::env::var(PASSWORD_VARIABLE) {
        Ok(password) => Ok(with(url, "password", &password)),
        Err(std::env::VarError::NotPresent) => Ok(url.to_owned()),
        Err(_) => Err(Failure::refused(format!("{PASSWORD_VARIABLE} is no text"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_wherever_it_stands_and_never_shown() {
        for url in [
            "postgres://me:s3cret@db.example/valetkey",
            "postgresql://me:s3%40cret@db.example/valetkey?sslmode=require",
            "postgres://db.example/valetkey?user=me&password=s3cret",
            "postgres://me:s3cret/p@db.example/valetkey",
            "postgres://me:s3?cret@db.example/valetkey",
            "postgres://m?e:s3cret@db.example/valetkey",
        ] {
            assert!(has_password(url), "{url}");
            assert_eq!(without_secrets(url), "postgres://db.example/valetkey");
        }
        assert!(!has_password("postgres://me@db.example:5432/valetkey"));
        assert_eq!(
            without_secrets("postgres:///valetkey?host=/run/postgresql&user=me"),
            "postgres:///valetkey?host=/run/postgresql"
        );
    }

    #[test]
    fn a_setting_is_added_in_a_form_that_a_url_can_hold() {
        assert_eq!(
            with("postgres://h/d", "password", "a b&ä"),
            "postgres://h/d?password=a%20b%26%C3%A4"
        );
        assert_eq!(with("postgres://h/d?x=1", "n", "v"), "postgres://h/d?x=1&n=v");
    }
}
