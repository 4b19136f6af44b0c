//! Rules: OAuth 1.0a (RFC 5849): temporary credentials, token credentials and signed requests.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const NOT_SIGNED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-NOT-SIGNED",
    spec: "RFC 5849 §3.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.2",
    error: ErrorCode::ParameterAbsent,
    status: 400,
    answer: Answer::OAuthProblem,
    says: "The request must be signed by RFC 5849: it must carry the protocol parameters in the Authorization header, the form or the query.",
    fix: "Let an OAuth 1.0a library sign the request; the parameters begin with oauth_.",
};

pub(super) const PARAMETERS_UNREADABLE: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-PARAMETERS-UNREADABLE",
    spec: "RFC 5849 §3.5",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.5",
    error: ErrorCode::ParameterRejected,
    status: 400,
    answer: Answer::OAuthProblem,
    says: "The protocol parameters must be readable: encoded as RFC 5849 says, in one Authorization header, one form or the query.",
    fix: "Percent-encode names and values as section 3.6 says, and put the values of the header in quotes.",
};

pub(super) const PARAMETERS_IN_TWO_PLACES: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-PARAMETERS-IN-TWO-PLACES",
    spec: "RFC 5849 §3.5",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.5",
    error: ErrorCode::ParameterRejected,
    status: 400,
    answer: Answer::OAuthProblem,
    says: "The protocol parameters must stand in one place: the Authorization header, the form or the query.",
    fix: "Send every oauth_ parameter in the Authorization header, and none elsewhere.",
};

pub(super) const PARAMETER_REPEATED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-PARAMETER-REPEATED",
    spec: "RFC 5849 §3.1",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.1",
    error: ErrorCode::ParameterRejected,
    status: 400,
    answer: Answer::OAuthProblem,
    says: "A protocol parameter must not stand more than once.",
    fix: "Send each oauth_ parameter once.",
};

pub(super) const PARAMETER_MISSING: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-PARAMETER-MISSING",
    spec: "RFC 5849 §3.1",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.1",
    error: ErrorCode::ParameterAbsent,
    status: 400,
    answer: Answer::OAuthProblem,
    says: "The request must carry every protocol parameter that this step needs.",
    fix: "Add the parameter that is named, and sign again.",
};

pub(super) const VERSION_UNSUPPORTED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-VERSION-UNSUPPORTED",
    spec: "RFC 5849 §3.1",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.1",
    error: ErrorCode::VersionRejected,
    status: 400,
    answer: Answer::OAuthProblem,
    says: "The oauth_version must be 1.0 where it is sent.",
    fix: "Leave oauth_version out, or send 1.0.",
};

pub(super) const SIGNATURE_METHOD_UNSUPPORTED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-SIGNATURE-METHOD-UNSUPPORTED",
    spec: "RFC 5849 §3.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.2",
    error: ErrorCode::SignatureMethodRejected,
    status: 400,
    answer: Answer::OAuthProblem,
    says: "The oauth_signature_method must be one that the server knows and that the client has a key for.",
    fix: "Use HMAC-SHA256 or HMAC-SHA1 with the consumer secret, or RSA-SHA256 or RSA-SHA1 when a public key is registered.",
};

pub(super) const PLAINTEXT_WITHOUT_TLS: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-PLAINTEXT-WITHOUT-TLS",
    spec: "RFC 5849 §3.4.4",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.4.4",
    error: ErrorCode::SignatureMethodRejected,
    status: 400,
    answer: Answer::OAuthProblem,
    says: "PLAINTEXT sends the secrets themselves, so it may be used over TLS only.",
    fix: "Sign with HMAC-SHA256, or use an https address.",
};

pub(super) const TIMESTAMP_REFUSED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-TIMESTAMP-REFUSED",
    spec: "RFC 5849 §3.3",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.3",
    error: ErrorCode::TimestampRefused,
    status: 401,
    answer: Answer::OAuthProblem,
    says: "The oauth_timestamp must be a positive number of seconds since 1970 that is close to the time of the server.",
    fix: "Set the clock of the machine, and sign each request anew.",
};

pub(super) const NONCE_USED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-NONCE-USED",
    spec: "RFC 5849 §3.3",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.3",
    error: ErrorCode::NonceUsed,
    status: 401,
    answer: Answer::OAuthProblem,
    says: "A nonce may be used once with the same timestamp, client and token.",
    fix: "Sign each request anew with a random oauth_nonce, also when a request is repeated.",
};

pub(super) const CONSUMER_UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-CONSUMER-UNKNOWN",
    spec: "RFC 5849 §3.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.2",
    error: ErrorCode::ConsumerKeyUnknown,
    status: 401,
    answer: Answer::OAuthProblem,
    says: "The oauth_consumer_key must be that of a registered client.",
    fix: "Check the consumer key for typing errors; it is the client id.",
};

pub(super) const NOT_ALLOWED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-NOT-ALLOWED",
    spec: "RFC 5849 §3.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.2",
    error: ErrorCode::ConsumerKeyRefused,
    status: 401,
    answer: Answer::OAuthProblem,
    says: "OAuth 1.0a is off for a client until somebody allows it.",
    fix: "Move the app to OAuth 2, or allow it for this client: valetkey client allow CLIENT oauth1.",
};

pub(super) const SIGNATURE_INVALID: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-SIGNATURE-INVALID",
    spec: "RFC 5849 §3.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.2",
    error: ErrorCode::SignatureInvalid,
    status: 401,
    answer: Answer::OAuthProblem,
    says: "The oauth_signature must be the one of this request under the secrets of this client and this token.",
    fix: "Compare the signature base string of the app with the one that the server expects; the first difference is the fault.",
};

pub(super) const TOKEN_UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-TOKEN-UNKNOWN",
    spec: "RFC 5849 §3.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.2",
    error: ErrorCode::TokenRejected,
    status: 401,
    answer: Answer::OAuthProblem,
    says: "The oauth_token must be one that this server issued for this step.",
    fix: "Send temporary credentials to the token endpoint and token credentials to the API, each unchanged.",
};

pub(super) const TOKEN_OTHER_CONSUMER: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-TOKEN-OTHER-CONSUMER",
    spec: "RFC 5849 §3.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.2",
    error: ErrorCode::TokenRejected,
    status: 401,
    answer: Answer::OAuthProblem,
    says: "The oauth_token must belong to the client that signed the request.",
    fix: "Sign with the consumer that the token was issued to.",
};

pub(super) const TOKEN_EXPIRED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-TOKEN-EXPIRED",
    spec: "RFC 5849 §3.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.2",
    error: ErrorCode::TokenExpired,
    status: 401,
    answer: Answer::OAuthProblem,
    says: "The credentials must not have expired, and the client must not have been retired from OAuth 1.0a.",
    fix: "Begin again with new temporary credentials, or move to OAuth 2 when the client is retired.",
};

pub(super) const TOKEN_REVOKED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-TOKEN-REVOKED",
    spec: "RFC 5849 §3.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.2",
    error: ErrorCode::TokenRevoked,
    status: 401,
    answer: Answer::OAuthProblem,
    says: "The access must not have been taken away.",
    fix: "Ask the person again, beginning with new temporary credentials.",
};

pub(super) const TOKEN_USED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-TOKEN-USED",
    spec: "RFC 5849 §2.3",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-2.3",
    error: ErrorCode::TokenUsed,
    status: 401,
    answer: Answer::OAuthProblem,
    says: "Temporary credentials give token credentials once.",
    fix: "Use the token credentials that the first answer gave; when they are lost, begin again.",
};

pub(super) const NOT_AUTHORIZED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-NOT-AUTHORIZED",
    spec: "RFC 5849 §2.3",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-2.3",
    error: ErrorCode::PermissionUnknown,
    status: 401,
    answer: Answer::OAuthProblem,
    says: "The person must have allowed the access before there are token credentials.",
    fix: "Send the person to the authorization page first, and wait for the verifier.",
};

pub(super) const VERIFIER_INVALID: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-VERIFIER-INVALID",
    spec: "RFC 5849 §2.3",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-2.3",
    error: ErrorCode::VerifierInvalid,
    status: 401,
    answer: Answer::OAuthProblem,
    says: "The oauth_verifier must be the one that the person brought back.",
    fix: "Send the oauth_verifier of the callback, or the one that the person types, unchanged.",
};

pub(super) const CALLBACK_UNREGISTERED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-CALLBACK-UNREGISTERED",
    spec: "RFC 5849 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-2.1",
    error: ErrorCode::ParameterRejected,
    status: 400,
    answer: Answer::OAuthProblem,
    says: "The oauth_callback must be oob, or the same, character by character, as a redirect URI that is registered for the client.",
    fix: "Register the callback that the app sends, or send the registered one unchanged.",
};

pub(super) const SCOPE_NOT_ALLOWED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-SCOPE-NOT-ALLOWED",
    spec: "RFC 5849 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-2.1",
    error: ErrorCode::ParameterRejected,
    status: 400,
    answer: Answer::OAuthProblem,
    says: "The scope of the request must be one that the client may ask for at an API.",
    fix: "Leave scope out, or ask for what the client is registered for.",
};

pub(super) const SCOPE_MISSING: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-SCOPE-MISSING",
    spec: "RFC 5849 §3.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.2",
    error: ErrorCode::PermissionDenied,
    status: 403,
    answer: Answer::OAuthProblem,
    says: "The token credentials must carry the scope that the resource needs.",
    fix: "Ask the person for that scope, beginning with new temporary credentials.",
};

pub(super) const OTHER_RESOURCE: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-OTHER-RESOURCE",
    spec: "RFC 5849 §3.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.2",
    error: ErrorCode::TokenRejected,
    status: 401,
    answer: Answer::OAuthProblem,
    says: "The request must go to an API that the token credentials are for.",
    fix: "Call the API that the person allowed, at the address that it is registered with.",
};

pub(super) const AUTHORIZE_TOKEN_UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-AUTHORIZE-TOKEN-UNKNOWN",
    spec: "RFC 5849 §2.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-2.2",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "The authorization page needs temporary credentials of this server that are fresh and that nobody has answered yet.",
    fix: "Go back to the app and begin again; the app asks for new temporary credentials each time.",
};

pub(super) const AUTHORIZE_DECLINED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-AUTHORIZE-DECLINED",
    spec: "RFC 5849 §2.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-2.2",
    error: ErrorCode::PermissionDenied,
    status: 303,
    answer: Answer::Redirect,
    says: "The person must allow the access.",
    fix: "Respect the answer; ask again only when the person starts it.",
};

pub(super) const VERIFY_REQUEST_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-OAUTH1-VERIFY-REQUEST-MALFORMED",
    spec: "RFC 5849 §3.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-3.2",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "Who asks about a signature must send the signature and a readable signature base string.",
    fix: "Send base_string and signature as a form; the resource-server crate does.",
};
