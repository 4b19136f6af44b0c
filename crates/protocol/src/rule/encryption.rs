//! Rules: what is encrypted for a client (OpenID Connect Core §10.2), wherever it goes out.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const AUTHORIZE_KEY_MISSING: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-ENCRYPTION-KEY-MISSING",
    spec: "OpenID Connect Core §10.2",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#Encryption",
    error: ErrorCode::InvalidRequest,
    status: 303,
    answer: Answer::Redirect,
    says: "A client that wants ID tokens encrypted must publish a key that fits before one can go through the browser.",
    fix: "Put a key with use enc and the registered alg into the jwks or behind the jwks_uri of the client.",
};

pub(super) const KEY_MISSING: RuleInfo = RuleInfo {
    id: "VK-CLIENT-ENCRYPTION-KEY-MISSING",
    spec: "OpenID Connect Core §10.2",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#Encryption",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "A client that wants answers encrypted must publish a key that fits the algorithm it registered.",
    fix: "Put a key with use enc and the registered alg into the jwks or behind the jwks_uri of the client.",
};
