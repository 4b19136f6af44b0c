//! Rules: sign-out that a client asks for (OpenID Connect RP-Initiated Logout). They never redirect: who breaks one may be
//! anybody.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

const LOGOUT: &str = "https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout";
const REDIRECTION: &str =
    "https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RedirectionAfterLogout";

pub(super) const PARAMETER_REPEATED: RuleInfo = RuleInfo {
    id: "VK-LOGOUT-PARAMETER-REPEATED",
    spec: "RFC 6749 §3.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-3.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "A sign-out request must not contain the same parameter more than once.",
    fix: "Send each parameter of the sign-out request once.",
};

pub(super) const HINT_INVALID: RuleInfo = RuleInfo {
    id: "VK-LOGOUT-HINT-INVALID",
    spec: "OpenID Connect RP-Initiated Logout §2",
    url: LOGOUT,
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "The id_token_hint must be an ID token that this server issued, unchanged; it may have expired.",
    fix: "Send the last ID token that the client got, letter by letter; when it was encrypted, the signed one inside.",
};

pub(super) const CLIENT_MISMATCH: RuleInfo = RuleInfo {
    id: "VK-LOGOUT-CLIENT-MISMATCH",
    spec: "OpenID Connect RP-Initiated Logout §2",
    url: LOGOUT,
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "When both are sent, client_id must be the audience of the id_token_hint.",
    fix: "Send the ID token of the same client, or leave client_id out.",
};

pub(super) const CLIENT_UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-LOGOUT-CLIENT-UNKNOWN",
    spec: "OpenID Connect RP-Initiated Logout §2",
    url: LOGOUT,
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "A post_logout_redirect_uri needs a registered client, named by client_id or by the id_token_hint.",
    fix: "Send client_id or an id_token_hint of a registered client beside post_logout_redirect_uri.",
};

pub(super) const REDIRECT_URI_UNREGISTERED: RuleInfo = RuleInfo {
    id: "VK-LOGOUT-REDIRECT-URI-UNREGISTERED",
    spec: "OpenID Connect RP-Initiated Logout §3",
    url: REDIRECTION,
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "The post_logout_redirect_uri must be the same, character by character, as one that is registered for the client.",
    fix: "Register the address among the post-logout redirect URIs of the client, or send a registered one unchanged.",
};
