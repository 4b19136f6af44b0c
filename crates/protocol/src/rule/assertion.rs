//! Rules: client authentication by a signed assertion, `client_secret_jwt` and `private_key_jwt` (RFC 7523 §3).

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const TYPE_UNSUPPORTED: RuleInfo = RuleInfo {
    id: "VK-CLIENT-ASSERTION-TYPE-UNSUPPORTED",
    spec: "RFC 7523 §2.2",
    url: "https://www.rfc-editor.org/rfc/rfc7523#section-2.2",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "The client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer, beside a client_assertion.",
    fix: "Send client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer together with client_assertion.",
};

pub(super) const MALFORMED: RuleInfo = RuleInfo {
    id: "VK-CLIENT-ASSERTION-MALFORMED",
    spec: "RFC 7523 §3",
    url: "https://www.rfc-editor.org/rfc/rfc7523#section-3",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "The client_assertion must be one signed JWT with the claims iss, sub, aud, exp and jti.",
    fix: "Build the assertion with a JWT library, and set iss, sub, aud, exp and jti.",
};

pub(super) const ALGORITHM: RuleInfo = RuleInfo {
    id: "VK-CLIENT-ASSERTION-ALGORITHM",
    spec: "RFC 7523 §3",
    url: "https://www.rfc-editor.org/rfc/rfc7523#section-3",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "The assertion must be signed with an algorithm that fits the method and the key that the client is registered for.",
    fix: "For client_secret_jwt use HS256; for private_key_jwt the algorithm of the registered key, as ES256, Ed25519, RS256 or PS256.",
};

pub(super) const KEY_UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-CLIENT-ASSERTION-KEY-UNKNOWN",
    spec: "RFC 7523 §3",
    url: "https://www.rfc-editor.org/rfc/rfc7523#section-3",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "The assertion must be signed by a key that is registered for the client.",
    fix: "Register the public key of the client, or sign with the one that is registered; when the header has a kid, it must be the one of that key.",
};

pub(super) const SIGNATURE: RuleInfo = RuleInfo {
    id: "VK-CLIENT-ASSERTION-SIGNATURE",
    spec: "RFC 7523 §3",
    url: "https://www.rfc-editor.org/rfc/rfc7523#section-3",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "The signature of the assertion must verify.",
    fix: "Sign with the private key whose public half is registered, or with the secret of this client, and send the JWT unchanged.",
};

pub(super) const SUBJECT: RuleInfo = RuleInfo {
    id: "VK-CLIENT-ASSERTION-SUBJECT",
    spec: "RFC 7523 §3",
    url: "https://www.rfc-editor.org/rfc/rfc7523#section-3",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "The claims iss and sub of the assertion must both be the client_id.",
    fix: "Set iss and sub to the client_id; a client_id in the body must be the same.",
};

pub(super) const AUDIENCE: RuleInfo = RuleInfo {
    id: "VK-CLIENT-ASSERTION-AUDIENCE",
    spec: "RFC 7523 §3",
    url: "https://www.rfc-editor.org/rfc/rfc7523#section-3",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "The audience of the assertion must be this authorization server: its issuer identifier alone, or where the server is not strict its token endpoint.",
    fix: "Set aud to the issuer exactly as it stands in the metadata.",
};

pub(super) const EXPIRED: RuleInfo = RuleInfo {
    id: "VK-CLIENT-ASSERTION-EXPIRED",
    spec: "RFC 7523 §3",
    url: "https://www.rfc-editor.org/rfc/rfc7523#section-3",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "The assertion must be valid now, and not for longer than the server allows.",
    fix: "Make a new assertion for each request with exp about one minute ahead, and check the clock of the machine.",
};

pub(super) const REPLAYED: RuleInfo = RuleInfo {
    id: "VK-CLIENT-ASSERTION-REPLAYED",
    spec: "RFC 7523 §3",
    url: "https://www.rfc-editor.org/rfc/rfc7523#section-3",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "An assertion may be used once: its jti must be new.",
    fix: "Make a new assertion with a random jti for each request, also when a request is repeated.",
};
