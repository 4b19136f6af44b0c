//! Rules: the revocation endpoint (RFC 7009 §2).

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const TOKEN_MISSING: RuleInfo = RuleInfo {
    id: "VK-REVOKE-TOKEN-MISSING",
    spec: "RFC 7009 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc7009#section-2.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "The revocation request must carry the token.",
    fix: "Send the access token or the refresh token as token in the form body.",
};

pub(super) const OTHER_CLIENT: RuleInfo = RuleInfo {
    id: "VK-REVOKE-OTHER-CLIENT",
    spec: "RFC 7009 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc7009#section-2.1",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "A token must be revoked by the client that it was issued to.",
    fix: "Use the client_id that got the token.",
};
