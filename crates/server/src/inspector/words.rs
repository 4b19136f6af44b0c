//! The plain words: what each step, role and parameter means for somebody who never met OAuth.

use valetkey_protocol::observe::{Role, Step};

/// One role, as the page introduces it.
#[derive(Debug, Clone, Copy)]
pub struct Cast {
    /// Which role.
    pub role: Role,
    /// The name in the specs.
    pub name: &'static str,
    /// Who that is in the story.
    pub who: &'static str,
    /// What they do.
    pub does: &'static str,
}

/// The four, in the order of their lanes.
pub const CAST: [Cast; 4] = [
    Cast {
        role: Role::ResourceOwner,
        name: "Resource owner",
        who: "Alice, with her browser",
        does: "Owns the photos. Only she knows her password.",
    },
    Cast {
        role: Role::Client,
        name: "Client",
        who: "MySweetApp",
        does: "The app that wants to read her photos.",
    },
    Cast {
        role: Role::AuthorizationServer,
        name: "Authorization server",
        who: "Valetkey",
        does: "Signs Alice in, asks her, and cuts the valet key.",
    },
    Cast {
        role: Role::ResourceServer,
        name: "Resource server",
        who: "the Photos API",
        does: "Keeps the photos. Opens for a valid key only.",
    },
];

/// One of the six steps, as the page explains it.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// Which step.
    pub step: Step,
    /// Its letter in RFC 6749 §1.2.
    pub letter: char,
    /// Its name.
    pub name: &'static str,
    /// What happens.
    pub happens: &'static str,
    /// Why that is safe.
    pub safe: &'static str,
}

/// The six steps.
pub const STEPS: [Told; 6] = [
    Told {
        step: Step::AuthorizationRequest,
        letter: 'A',
        name: "Authorization request",
        happens: "The app sends the person’s browser to the authorization server and says what it would like to do.",
        safe: "The app asks; it gets nothing yet. The answer can only go to an address registered beforehand.",
    },
    Told {
        step: Step::AuthorizationGrant,
        letter: 'B',
        name: "Authorization grant",
        happens: "The person signs in here, says yes, and the browser carries a one-time code back to the app.",
        safe: "The password was typed here, not in the app. The code alone opens nothing and lives for a minute.",
    },
    Told {
        step: Step::TokenRequest,
        letter: 'C',
        name: "Grant shown for a token",
        happens: "The app shows the code to the authorization server, directly, without the browser.",
        safe: "It also proves that it is the app that asked (PKCE). A stolen code is of no use to anybody else.",
    },
    Told {
        step: Step::TokenResponse,
        letter: 'D',
        name: "Access token",
        happens: "The authorization server answers with an access token: the valet key.",
        safe: "It opens only what the person allowed, for minutes, and can be taken back.",
    },
    Told {
        step: Step::ResourceRequest,
        letter: 'E',
        name: "Token shown for the resource",
        happens: "The app calls the API and shows the access token.",
        safe: "The API checks who issued it, for which API, until when, and for what. It never sees a password either.",
    },
    Told {
        step: Step::ResourceResponse,
        letter: 'F',
        name: "Protected resource",
        happens: "The API answers with what was asked for: the photos.",
        safe: "The app got the photos and nothing else. The person can end this at any time on the account page.",
    },
];

/// The name of a role's lane.
#[must_use]
pub const fn role(role: Role) -> &'static str {
    match role {
        Role::ResourceOwner => "Resource owner",
        Role::Client => "Client",
        Role::AuthorizationServer => "Authorization server",
        Role::ResourceServer => "Resource server",
    }
}

/// What a parameter is for; empty for one that explains itself or is not known.
#[must_use]
pub fn parameter(name: &str) -> &'static str {
    PARAMETERS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map_or("", |(_, says)| says)
}

const PARAMETERS: [(&str, &str); 33] = [
    (
        "response_type",
        "what the app wants back: code means a one-time code",
    ),
    ("client_id", "which app asks"),
    ("client_secret", "the app’s own password"),
    (
        "redirect_uri",
        "where the answer goes; must be registered, letter for letter",
    ),
    ("scope", "what the app may do"),
    (
        "state",
        "a random value; the app checks that it comes back unchanged",
    ),
    ("nonce", "a random value that must come back in the ID token"),
    (
        "code_challenge",
        "a fingerprint of the app’s secret of the moment (PKCE)",
    ),
    ("code_challenge_method", "how the fingerprint was made"),
    (
        "code_verifier",
        "the secret of the moment itself, shown only now (PKCE)",
    ),
    ("resource", "which API the token is for"),
    ("prompt", "whether the person must see a page"),
    ("max_age", "how old the sign-in may be, in seconds"),
    ("login_hint", "who will probably sign in"),
    ("iss", "which authorization server answers; the app checks it"),
    ("code", "the one-time code"),
    ("grant_type", "what the app shows to get a token"),
    ("access_token", "the valet key"),
    (
        "token_type",
        "Bearer: whoever holds it may use it, so it is guarded",
    ),
    ("expires_in", "how long the token is good for, in seconds"),
    (
        "refresh_token",
        "gets the app a new access token later; changes with every use",
    ),
    ("id_token", "a signed statement about who signed in"),
    (
        "authorization",
        "where the token, or the app’s own password, travels",
    ),
    ("token", "the token in question"),
    ("token_type_hint", "which kind of token it probably is"),
    ("active", "whether the token still counts"),
    ("sub", "who it is about: an id, not a name"),
    ("aud", "which API the token is for"),
    ("exp", "when it ends"),
    ("error", "the error code of the spec"),
    ("error_description", "the error in words"),
    ("error_uri", "where the rule is explained"),
    ("www-authenticate", "what the API says is missing"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_six_steps_carry_the_numbers_and_letters_of_the_spec() {
        for (place, told) in STEPS.iter().enumerate() {
            assert_eq!(told.step.number(), u8::try_from(place + 1).ok());
            assert_eq!(told.letter, char::from(b'A' + u8::try_from(place).unwrap()));
        }
    }

    #[test]
    fn a_parameter_nobody_knows_gets_no_explanation() {
        assert_eq!(parameter("x-unheard-of"), "");
        assert_eq!(
            parameter("Authorization"),
            "where the token, or the app’s own password, travels"
        );
    }
}
