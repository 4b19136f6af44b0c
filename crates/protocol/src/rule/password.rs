//! Rules: the password grant (RFC 6749 §4.3), which RFC 9700 §2.4 says must not be used.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const MISSING: RuleInfo = RuleInfo {
    id: "VK-PASSWORD-MISSING",
    spec: "RFC 6749 §4.3.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.3.2",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "The password grant needs a username and a password.",
    fix: "Send username and password, or better: use the authorization code grant, where the app never sees the password.",
};

pub(super) const CREDENTIALS_WRONG: RuleInfo = RuleInfo {
    id: "VK-PASSWORD-CREDENTIALS-WRONG",
    spec: "RFC 6749 §4.3.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.3.2",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "The username and the password must be right.",
    fix: "Check what the person typed; nothing says which of the two is wrong.",
};

pub(super) const THROTTLED: RuleInfo = RuleInfo {
    id: "VK-PASSWORD-THROTTLED",
    spec: "RFC 6749 §4.3.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.3.2",
    error: ErrorCode::TemporarilyUnavailable,
    status: 429,
    answer: Answer::Json,
    says: "A username or an address with too many failed sign-ins is closed for a while, whichever way the password comes.",
    fix: "Wait as long as Retry-After says; then try again with the right password.",
};

pub(super) const SECOND_FACTOR: RuleInfo = RuleInfo {
    id: "VK-PASSWORD-SECOND-FACTOR",
    spec: "RFC 9700 §2.4",
    url: "https://www.rfc-editor.org/rfc/rfc9700#section-2.4",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "A person with a second factor signs in on the pages of the server, never by a password in the hands of an app.",
    fix: "Use the authorization code grant: the password grant can carry no second factor.",
};
