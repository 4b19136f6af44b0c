//! Rules: what OpenID Connect adds to the authorization endpoint (Core §3, §5.5), and request objects (Core §6, RFC 9101).
//! A request object that cannot be trusted is refused at the redirect URI that stands beside it, where that is registered.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const RESPONSE_TYPE_NOT_REGISTERED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-RESPONSE-TYPE-NOT-REGISTERED",
    spec: "OpenID Connect Registration §2",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
    error: ErrorCode::UnauthorizedClient,
    status: 303,
    answer: Answer::Redirect,
    says: "A client that has registered response types must use one of them.",
    fix: "Send one of the response types of the client's registration, or add this one to it.",
};

pub(super) const SCOPE_OPENID_MISSING: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-SCOPE-OPENID-MISSING",
    spec: "OpenID Connect Core §3.1.2.1",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest",
    error: ErrorCode::InvalidScope,
    status: 303,
    answer: Answer::Redirect,
    says: "A request for an ID token must have openid in its scope.",
    fix: "Add openid to the scope, or leave id_token out of the response type.",
};

pub(super) const NONCE_MISSING: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-NONCE-MISSING",
    spec: "OpenID Connect Core §3.2.2.1",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#ImplicitAuthRequest",
    error: ErrorCode::InvalidRequest,
    status: 303,
    answer: Answer::Redirect,
    says: "A request for an ID token through the browser must carry a nonce.",
    fix: "Make a random nonce for each request, keep it in the browser's session, and compare it with the one in the ID token.",
};

pub(super) const REGISTRATION_UNSUPPORTED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-REGISTRATION-UNSUPPORTED",
    spec: "OpenID Connect Core §3.1.2.6",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#AuthError",
    error: ErrorCode::RegistrationNotSupported,
    status: 303,
    answer: Answer::Redirect,
    says: "The parameter registration, which is for self-issued providers, is not supported here.",
    fix: "Register the client before, at the registration endpoint or by the operator, and leave registration out.",
};

pub(super) const CLAIMS_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-CLAIMS-MALFORMED",
    spec: "OpenID Connect Core §5.5",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#ClaimsParameter",
    error: ErrorCode::InvalidRequest,
    status: 303,
    answer: Answer::Redirect,
    says: "The parameter claims must be a JSON object with userinfo and id_token, in which each claim is null or an object.",
    fix: "Send claims as in {'id_token':{'auth_time':{'essential':true}}}, with double quotes, URL-encoded once.",
};

pub(super) const ACR_UNMET: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-ACR-UNMET",
    spec: "OpenID Connect Core §5.5.1.1",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#acrSemantics",
    error: ErrorCode::UnmetAuthenticationRequirements,
    status: 303,
    answer: Answer::Redirect,
    says: "When the client asks for acr as an essential claim, the person must be able to sign in as surely as one of its values says.",
    fix: "Ask the person to add a second factor or a passkey to their account, or ask for acr as a voluntary claim; acr_values_supported lists the values.",
};

pub(super) const OBJECT_TWICE: RuleInfo = RuleInfo {
    id: "VK-REQUEST-OBJECT-TWICE",
    spec: "OpenID Connect Core §6.2",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#RequestUriParameter",
    error: ErrorCode::InvalidRequest,
    status: 303,
    answer: Answer::Redirect,
    says: "A request must not carry both request and request_uri.",
    fix: "Send the request object itself or its address, not both.",
};

pub(super) const OBJECT_REQUIRED: RuleInfo = RuleInfo {
    id: "VK-REQUEST-OBJECT-REQUIRED",
    spec: "RFC 9101 §10.5",
    url: "https://www.rfc-editor.org/rfc/rfc9101#section-10.5",
    error: ErrorCode::InvalidRequest,
    status: 303,
    answer: Answer::Redirect,
    says: "A client that is registered with require_signed_request_object must send a signed request object.",
    fix: "Put the parameters into a JWT that the client signs, and send it as request.",
};

pub(super) const OBJECT_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-REQUEST-OBJECT-MALFORMED",
    spec: "RFC 9101 §4",
    url: "https://www.rfc-editor.org/rfc/rfc9101#section-4",
    error: ErrorCode::InvalidRequestObject,
    status: 303,
    answer: Answer::Redirect,
    says: "A request object must be one signed JWT, not encrypted, whose claims are parameters of an authorization request, without request and request_uri.",
    fix: "Build the request object with a JWT library: texts as strings, max_age as a number, claims as an object.",
};

pub(super) const OBJECT_UNSIGNED: RuleInfo = RuleInfo {
    id: "VK-REQUEST-OBJECT-UNSIGNED",
    spec: "RFC 9101 §10.5",
    url: "https://www.rfc-editor.org/rfc/rfc9101#section-10.5",
    error: ErrorCode::InvalidRequestObject,
    status: 303,
    answer: Answer::Redirect,
    says: "A request object must be signed; the algorithm none is refused.",
    fix: "Sign the request object with a key of the client, or send the parameters one by one.",
};

pub(super) const OBJECT_SIGNATURE_INVALID: RuleInfo = RuleInfo {
    id: "VK-REQUEST-OBJECT-SIGNATURE-INVALID",
    spec: "RFC 9101 §6.2",
    url: "https://www.rfc-editor.org/rfc/rfc9101#section-6.2",
    error: ErrorCode::InvalidRequestObject,
    status: 303,
    answer: Answer::Redirect,
    says: "A request object must be signed by a key of the client, with the algorithm that is registered for it where one is.",
    fix: "Sign with the private key whose public half is in the client's jwks or at its jwks_uri, and set kid to the name of that key.",
};

pub(super) const OBJECT_EXPIRED: RuleInfo = RuleInfo {
    id: "VK-REQUEST-OBJECT-EXPIRED",
    spec: "RFC 7519 §4.1.4",
    url: "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4",
    error: ErrorCode::InvalidRequestObject,
    status: 303,
    answer: Answer::Redirect,
    says: "A request object that has exp or nbf must be valid now.",
    fix: "Make a new request object for each request, and check the clock of the machine.",
};

pub(super) const OBJECT_MISMATCH: RuleInfo = RuleInfo {
    id: "VK-REQUEST-OBJECT-MISMATCH",
    spec: "OpenID Connect Core §6.1",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#RequestObject",
    error: ErrorCode::InvalidRequestObject,
    status: 303,
    answer: Answer::Redirect,
    says: "The client_id and response_type beside a request object must be those inside it, and its iss must be the client_id.",
    fix: "Send client_id as a parameter too, and response_type if at all, with the values that stand in the request object.",
};

pub(super) const OBJECT_AUDIENCE: RuleInfo = RuleInfo {
    id: "VK-REQUEST-OBJECT-AUDIENCE",
    spec: "RFC 9101 §4",
    url: "https://www.rfc-editor.org/rfc/rfc9101#section-4",
    error: ErrorCode::InvalidRequestObject,
    status: 303,
    answer: Answer::Redirect,
    says: "A request object that has an audience must name this authorization server by its issuer identifier.",
    fix: "Set aud to the issuer exactly as it stands in the metadata.",
};

pub(super) const URI_UNREGISTERED: RuleInfo = RuleInfo {
    id: "VK-REQUEST-URI-UNREGISTERED",
    spec: "OpenID Connect Core §6.2",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#RequestUriParameter",
    error: ErrorCode::InvalidRequestUri,
    status: 303,
    answer: Answer::Redirect,
    says: "A request_uri must be https and, but for its fragment, the same character by character as one that is registered for the client.",
    fix: "Register the address of the request object in request_uris, or send the request object itself as request.",
};

pub(super) const URI_UNREADABLE: RuleInfo = RuleInfo {
    id: "VK-REQUEST-URI-UNREADABLE",
    spec: "RFC 9101 §5.2.3",
    url: "https://www.rfc-editor.org/rfc/rfc9101#section-5.2.3",
    error: ErrorCode::InvalidRequestUri,
    status: 303,
    answer: Answer::Redirect,
    says: "The server must be able to fetch the request object from its request_uri: a public address, no redirect, at most 64 KiB.",
    fix: "Open the request_uri from another network, and see that it answers 200 with the request object, quickly and without a redirect.",
};

pub(super) const URI_TOO_OFTEN: RuleInfo = RuleInfo {
    id: "VK-REQUEST-URI-TOO-OFTEN",
    spec: "RFC 9101 §10.4.1",
    url: "https://www.rfc-editor.org/rfc/rfc9101#section-10.4.1",
    error: ErrorCode::TemporarilyUnavailable,
    status: 303,
    answer: Answer::Redirect,
    says: "Request objects must not be fetched more often in a minute than the server does it for one client, and for one network address.",
    fix: "Try again after a minute; add the hash of the request object to its request_uri as a fragment, so that it is kept, or send the request object itself as request.",
};
