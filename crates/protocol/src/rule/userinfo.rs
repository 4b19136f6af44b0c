//! Rules: the userinfo endpoint (OpenID Connect Core §5.3).

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const TOKEN_INVALID: RuleInfo = RuleInfo {
    id: "VK-USERINFO-TOKEN-INVALID",
    spec: "OpenID Connect Core §5.3.3",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#UserInfoError",
    error: ErrorCode::InvalidToken,
    status: 401,
    answer: Answer::Challenge,
    says: "The access token must be one that this server issued for a person, not expired and not revoked.",
    fix: "Send the access token of the last token response as a Bearer token; when it is over, refresh it.",
};

pub(super) const SCOPE_MISSING: RuleInfo = RuleInfo {
    id: "VK-USERINFO-SCOPE-MISSING",
    spec: "OpenID Connect Core §5.3",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#UserInfo",
    error: ErrorCode::InsufficientScope,
    status: 403,
    answer: Answer::Challenge,
    says: "The access token must carry the scope openid.",
    fix: "Ask for the scope openid in the authorization request.",
};
