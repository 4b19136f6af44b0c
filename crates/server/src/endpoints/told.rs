//! Refusals in words for the person in front of the screen. The rule's own sentence is for the engineer, and
//! stands beside it where the viewer is entitled to it.

use valetkey_protocol::rule::Rule;

/// A headline and a sentence or two.
pub(super) const fn of(rule: Rule) -> (&'static str, &'static str) {
    if let Some(told) = of_account(rule) {
        return told;
    }
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
        Rule::RequestUriTooOften => (
            "The app is asked for too often right now",
            "What the app wants to ask stands on its own site, and this server looks there only so often in a minute. Wait for a minute, then go back to the app and start again.",
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

/// What concerns people's accounts.
const fn of_account(rule: Rule) -> Option<(&'static str, &'static str)> {
    Some(match rule {
        Rule::SignUpClosed => (
            "Accounts are not opened here",
            "Whoever runs this service opens accounts, or invites people. Ask them for one.",
        ),
        Rule::SignUpInvitationInvalid => (
            "This invitation does not count",
            "It was used already, is too old, or its link is not whole. Ask for another one.",
        ),
        Rule::SignUpUsernameTaken => (
            "Somebody took this name meanwhile",
            "Sign up once more with another name.",
        ),
        Rule::AccountEmailTaken => (
            "This address has an account already",
            "Sign in to it; if you forgot your password, ask for a new one on the sign-in page.",
        ),
        Rule::AccountLinkInvalid => (
            "This link is not whole",
            "Open it as it stands in the letter; some programs break long links into two lines.",
        ),
        Rule::AccountLinkExpired => (
            "This link is too old",
            "Links of letters work for a while only. Ask for a new letter.",
        ),
        Rule::AccountLinkUsed => (
            "This link was used already",
            "If what you wanted has happened, sign in. Otherwise ask for a new letter.",
        ),
        Rule::AccountMailThrottled => (
            "That was too often",
            "Wait for some minutes, then try again. Look for the letter among those marked as junk.",
        ),
        Rule::LoginThrottled => (
            "Too many wrong passwords",
            "Wait for some minutes, then try again.",
        ),
        Rule::AccountMailUnavailable => (
            "No letters go out from here",
            "This needs a letter to you, and this service sends none. Whoever runs it can help you.",
        ),
        _ => return None,
    })
}

/// When the server itself failed.
pub(super) const BROKEN: (&str, &str) = (
    "Something went wrong",
    "The server could not finish this. Please try again in a moment.",
);
