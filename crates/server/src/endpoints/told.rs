//! Refusals in words for the person in front of the screen. The rule's own sentence is for the engineer, and
//! stands beside it where the viewer is entitled to it.

use valetkey_protocol::rule::Rule;

/// A headline and a sentence or two.
pub(super) const fn of(rule: Rule) -> (&'static str, &'static str) {
    match rule {
        Rule::AuthorizeClientIdMissing | Rule::AuthorizeClientUnknown => (
            "This app is not known here",
            "The link that brought you here does not name an app that is registered at this server, so nobody can be answered.",
        ),
        Rule::AuthorizeRedirectUriMissing | Rule::AuthorizeRedirectUriUnregistered => (
            "The app’s return address is not registered",
            "The app asked to be answered at an address that it has not registered. To keep you safe, nothing was sent there.",
        ),
        Rule::LogoutRedirectUriUnregistered | Rule::LogoutClientUnknown => (
            "The app’s return address is not registered",
            "The app wanted to have you back at an address that it has not registered. Nothing was sent there, and you were not signed out.",
        ),
        Rule::LogoutHintInvalid | Rule::LogoutClientMismatch | Rule::LogoutParameterRepeated => (
            "The app’s request cannot be answered",
            "The app asked to sign you out in a way that this server does not answer. You were not signed out.",
        ),
        Rule::InteractionUnreadable => (
            "This page belongs to no sign-in",
            "The link is incomplete or was changed. Go back to the app and start again.",
        ),
        Rule::InteractionExpired => (
            "This took too long",
            "For your safety a sign-in has to be finished within some time. Go back to the app and start again.",
        ),
        Rule::InteractionOtherBrowser => (
            "This began in another browser",
            "A sign-in has to be finished in the browser in which it began, with cookies allowed. Somebody may also have sent you their link.",
        ),
        Rule::DeviceUserCodeUnknown => (
            "The device does not wait for this answer",
            "The code was answered already, or it is too old. If the device still asks, let it show a new code.",
        ),
        Rule::OAuth1AuthorizeTokenUnknown => (
            "The app does not wait for this answer",
            "The app’s request was answered already, or it is too old. Go back to the app and start again.",
        ),
        Rule::FormCrossSite => (
            "This form came from elsewhere",
            "Another site tried to send this form for you. Nothing was changed.",
        ),
        Rule::ServerBusy => (
            "Too much is going on right now",
            "The server cannot take more at this moment. Please try again in a few seconds.",
        ),
        Rule::RequestTooLarge => (
            "The request is too large",
            "The app sent more than this server is ready to read.",
        ),
        Rule::MethodNotAllowed => (
            "This address is not opened that way",
            "The page was called in a way that it does not answer to.",
        ),
        _ => (
            "The app’s request cannot be answered",
            "The app asked in a way that this server does not answer.",
        ),
    }
}

/// When the server itself failed.
pub(super) const BROKEN: (&str, &str) = (
    "Something went wrong",
    "The server could not finish this. Please try again in a moment.",
);
