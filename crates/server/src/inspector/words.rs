//! The plain words: what each step, role and parameter means for somebody who never met OAuth.

use super::base_string::{BASE_STRING, BASE_STRING_OF_APP};
use super::generation::Generation;
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

/// The six steps as OAuth 1.0a takes them (RFC 5849 §2), with the letters of the steps that they correspond to.
pub const STEPS_OAUTH1: [Told; 6] = [
    Told {
        step: Step::AuthorizationRequest,
        letter: 'A',
        name: "Authorization",
        happens: "The app has fetched temporary credentials by a signed request; now it sends the person’s browser here with the temporary token.",
        safe: "The address carries nothing but the token. What the app asks for, and where the answer goes, was signed before.",
    },
    Told {
        step: Step::AuthorizationGrant,
        letter: 'B',
        name: "Verifier",
        happens: "The person signs in here, says yes, and the browser carries a verifier back to the app, or the person types it there.",
        safe: "Only who said yes gets the verifier. That is what 1.0a added: before it, an attacker could swap the person.",
    },
    Told {
        step: Step::TokenRequest,
        letter: 'C',
        name: "Token credentials request",
        happens: "The app signs a request with its own secret and the temporary one, and shows token and verifier.",
        safe: "No secret travels, only a signature that fits this one request. Temporary credentials work once.",
    },
    Told {
        step: Step::TokenResponse,
        letter: 'D',
        name: "Token credentials",
        happens: "The authorization server answers with a token and a secret for it. They last until they are taken back.",
        safe: "The token alone opens nothing: each call must be signed with its secret.",
    },
    Told {
        step: Step::ResourceRequest,
        letter: 'E',
        name: "Signed API call",
        happens: "The app calls the API and signs method, address and parameters. The API asks the authorization server whether the signature is good.",
        safe: "A copied call cannot be changed, and the nonce makes it good once. The API never sees a secret.",
    },
    Told {
        step: Step::ResourceResponse,
        letter: 'F',
        name: "Protected resource",
        happens: "The API answers with what was asked for: the photos.",
        safe: "The person can end this at any time on the account page, beside the apps that came by OAuth 2.",
    },
];

/// The six steps in the words of a protocol.
#[must_use]
pub const fn steps(generation: Generation) -> &'static [Told; 6] {
    match generation {
        Generation::OAuth1 => &STEPS_OAUTH1,
        Generation::OAuth2 => &STEPS,
    }
}

/// One step of both protocols beside each other: what differs, and what each sends.
#[derive(Debug, Clone, Copy)]
pub struct Apart {
    /// Its name; the first is before the six.
    pub name: &'static str,
    /// Who proves what, and what goes over the wire, in one sentence.
    pub differs: &'static str,
    /// What OAuth 2 sends.
    pub oauth2: &'static str,
    /// What OAuth 1.0a sends.
    pub oauth1: &'static str,
}

/// What comes before the six steps, and the six.
pub const APART: [Apart; 7] = [
    Apart {
        name: "Before the browser moves",
        differs: "OAuth 1.0a begins with a signed request from server to server; OAuth 2 needs none, because the app has registered its address once and for all.",
        oauth2: "Nothing is sent.",
        oauth1: "The app proves itself with a signature and names its callback; it gets a temporary token and a secret for it.",
    },
    Apart {
        name: "Authorization request",
        differs: "OAuth 2 writes the whole request into the address; OAuth 1.0a writes only the temporary token, because the server knows the rest already.",
        oauth2: "Client id, scope, state and the fingerprint of PKCE pass through the browser. Nobody has proved anything yet.",
        oauth1: "The temporary token passes through the browser, and nothing else.",
    },
    Apart {
        name: "Authorization grant",
        differs: "Both bring back one value that works once, and in both that value is of no use without something that the browser never sees.",
        oauth2: "A code, with the state that ties it to this browser and iss, which names the server.",
        oauth1: "The temporary token and a verifier, which proves that whoever comes back is whoever said yes.",
    },
    Apart {
        name: "Token request",
        differs: "OAuth 2 sends its proofs themselves and relies on TLS to hide them; OAuth 1.0a sends a signature made with its secrets, and the secrets stay at home.",
        oauth2: "The code, the PKCE verifier and the app’s own password travel.",
        oauth1: "A signature over method, address and parameters travels, with a time and a nonce.",
    },
    Apart {
        name: "Token response",
        differs: "OAuth 2 gives a token that opens by itself, for minutes; OAuth 1.0a gives one that opens only with a signature, until somebody takes it back.",
        oauth2: "An access token, its scope and its end, and perhaps a refresh token.",
        oauth1: "A token and a secret, once.",
    },
    Apart {
        name: "API call",
        differs: "In OAuth 2 the token itself goes along, so whoever copies it could use it; in OAuth 1.0a every call is signed anew, so a copied call is of no use.",
        oauth2: "The bearer token. The API checks it with the server’s public key, or asks the server.",
        oauth1: "Token, time, nonce and signature. The API asks the server, which alone has the secrets to check it.",
    },
    Apart {
        name: "The photos",
        differs: "Nothing differs any more: the API hands out the same photos, whichever protocol brought the app here.",
        oauth2: "The photos.",
        oauth1: "The photos.",
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

const PARAMETERS: [(&str, &str); 53] = [
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
    ("device_code", "what the device asks with, again and again"),
    ("user_code", "what the person types on another screen"),
    ("interval", "how many seconds to wait between two questions"),
    ("subject_token", "the token of the person it is about"),
    ("actor_token", "the token of whoever acts for that person"),
    (
        "client_assertion",
        "a signed statement instead of the app’s password",
    ),
    ("oauth_consumer_key", "which app asks: its client id"),
    (
        "oauth_token",
        "which credentials the request is signed with; no secret",
    ),
    ("oauth_token_secret", "signs from now on; never sent again"),
    ("oauth_signature_method", "how the signature was made"),
    (
        "oauth_signature",
        "proves that whoever sent this has the secrets, and that nobody changed it",
    ),
    ("oauth_timestamp", "when it was signed; must be close to now"),
    ("oauth_nonce", "makes the request good once"),
    ("oauth_version", "always 1.0, also for 1.0a"),
    (
        "oauth_callback",
        "where the verifier goes; oob: the person types it",
    ),
    ("oauth_callback_confirmed", "says that this server speaks 1.0a"),
    (
        "oauth_verifier",
        "proves that whoever comes back is whoever said yes",
    ),
    ("oauth_problem", "the error code of OAuth 1.0a"),
    (
        BASE_STRING_OF_APP,
        "the text that the app signed; the first difference is the fault",
    ),
    (
        BASE_STRING,
        "the text that both sides sign: it must be the same, letter for letter",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_six_steps_carry_the_numbers_and_letters_of_the_spec() {
        for (place, told) in STEPS.iter().enumerate().chain(STEPS_OAUTH1.iter().enumerate()) {
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
