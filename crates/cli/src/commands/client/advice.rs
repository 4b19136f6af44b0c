//! What to know where something is allowed that the specs advise against: the reason in a sentence, where it is
//! written, and what to use instead.

use crate::output::wrapped;
use serde::Serialize;
use valetkey_model::Client;
use valetkey_model::client::GrantType;

/// Stands beside whatever an advice is about.
pub(super) const MARK: &str = "(!)";

const WIDTH: usize = 96;

/// One advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Advice {
    /// What is allowed.
    about: &'static str,
    /// Who advises.
    spec: &'static str,
    /// Where it can be read.
    url: &'static str,
    /// Why not.
    says: &'static str,
    /// What else.
    instead: &'static str,
}

const IMPLICIT: Advice = Advice {
    about: "implicit",
    spec: "RFC 9700 §2.1.2",
    url: "https://www.rfc-editor.org/rfc/rfc9700#section-2.1.2",
    says: "An access token that comes in a URL can leak from it and can be slipped into somebody else's sign-in, and nothing \
           ties it to the app that asked; so apps should not have their tokens sent that way.",
    instead: "The authorization code grant with PKCE, which works for an app in the browser just as well: register it with \
              --type single-page.",
};

const PASSWORD: Advice = Advice {
    about: "password",
    spec: "RFC 9700 §2.4",
    url: "https://www.rfc-editor.org/rfc/rfc9700#section-2.4",
    says: "This grant must not be used: it hands people's passwords to the app, teaches people to type them anywhere, and has \
           no place for a second factor.",
    instead: "The authorization code grant with PKCE; device_code where there is no browser; client_credentials where there is \
              no person.",
};

const OAUTH1: Advice = Advice {
    about: "oauth1",
    spec: "RFC 6749 (replaces RFC 5849)",
    url: "https://www.rfc-editor.org/info/rfc5849",
    says: "OAuth 1.0a is here for apps that cannot move yet: its tokens last until somebody takes them back, and RFC 6749 has \
           taken its place.",
    instead: "OAuth 2. The app moves its people without asking them again, by exchanging their tokens (RFC 8693); `valetkey \
              client migration CLIENT` counts who has moved, `valetkey client oauth1 CLIENT --retires YYYY-MM-DD` sets the end.",
};

impl Advice {
    /// What is to be known of a client.
    pub(super) fn of(client: &Client) -> Vec<Self> {
        [
            (client.may_use(GrantType::Implicit), IMPLICIT),
            (client.may_use(GrantType::Password), PASSWORD),
            (client.oauth1.is_some(), OAUTH1),
        ]
        .into_iter()
        .filter_map(|(allowed, advice)| allowed.then_some(advice))
        .collect()
    }

    /// Whether it is about this word.
    pub(super) fn is_about(&self, word: &str) -> bool {
        self.about == word
    }

    /// As people read it.
    pub(super) fn text(&self) -> String {
        let mut out = format!("{MARK} {}, {}\n", self.about, self.spec);
        let says = [self.says.to_owned(), format!("Instead: {}", self.instead)];
        for line in says.iter().flat_map(|text| wrapped(text, WIDTH)) {
            out.push_str(&format!("    {line}\n"));
        }
        out.push_str(&format!("    {}\n", self.url));
        out
    }
}
