//! Rules: device authorization (RFC 8628), with the safeguards for cross-device flows.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const CODE_MISSING: RuleInfo = RuleInfo {
    id: "VK-DEVICE-CODE-MISSING",
    spec: "RFC 8628 §3.4",
    url: "https://www.rfc-editor.org/rfc/rfc8628#section-3.4",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "The device_code grant needs a device_code.",
    fix: "Send the device_code that the device authorization endpoint gave.",
};

pub(super) const CODE_UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-DEVICE-CODE-UNKNOWN",
    spec: "RFC 8628 §3.4",
    url: "https://www.rfc-editor.org/rfc/rfc8628#section-3.4",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "The device_code must be one that this server issued.",
    fix: "Send the device_code unchanged; when it is lost, begin again.",
};

pub(super) const CODE_OTHER_CLIENT: RuleInfo = RuleInfo {
    id: "VK-DEVICE-CODE-OTHER-CLIENT",
    spec: "RFC 8628 §3.4",
    url: "https://www.rfc-editor.org/rfc/rfc8628#section-3.4",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "The device_code must have been issued to the client that shows it.",
    fix: "Poll with the client_id that asked for the device_code.",
};

pub(super) const AUTHORIZATION_PENDING: RuleInfo = RuleInfo {
    id: "VK-DEVICE-AUTHORIZATION-PENDING",
    spec: "RFC 8628 §3.5",
    url: "https://www.rfc-editor.org/rfc/rfc8628#section-3.5",
    error: ErrorCode::AuthorizationPending,
    status: 400,
    answer: Answer::Json,
    says: "The person must have answered before there are tokens.",
    fix: "Wait for the interval and poll again.",
};

pub(super) const SLOW_DOWN: RuleInfo = RuleInfo {
    id: "VK-DEVICE-SLOW-DOWN",
    spec: "RFC 8628 §3.5",
    url: "https://www.rfc-editor.org/rfc/rfc8628#section-3.5",
    error: ErrorCode::SlowDown,
    status: 400,
    answer: Answer::Json,
    says: "A device must not poll more often than the interval allows.",
    fix: "Add five seconds to the interval, wait, and poll again.",
};

pub(super) const CODE_EXPIRED: RuleInfo = RuleInfo {
    id: "VK-DEVICE-CODE-EXPIRED",
    spec: "RFC 8628 §3.5",
    url: "https://www.rfc-editor.org/rfc/rfc8628#section-3.5",
    error: ErrorCode::ExpiredToken,
    status: 400,
    answer: Answer::Json,
    says: "A device_code must be used before it expires.",
    fix: "Begin again with a new request to the device authorization endpoint, when the person is there to answer it.",
};

pub(super) const ACCESS_DENIED: RuleInfo = RuleInfo {
    id: "VK-DEVICE-ACCESS-DENIED",
    spec: "RFC 8628 §3.5",
    url: "https://www.rfc-editor.org/rfc/rfc8628#section-3.5",
    error: ErrorCode::AccessDenied,
    status: 400,
    answer: Answer::Json,
    says: "The person must allow the access.",
    fix: "Respect the answer; ask again only when the person starts it.",
};

pub(super) const CODE_USED: RuleInfo = RuleInfo {
    id: "VK-DEVICE-CODE-USED",
    spec: "RFC 8628 §3.5",
    url: "https://www.rfc-editor.org/rfc/rfc8628#section-3.5",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "A device_code gives tokens once.",
    fix: "Use the tokens that the first answer gave; when they are lost, begin again.",
};

pub(super) const REQUESTS_THROTTLED: RuleInfo = RuleInfo {
    id: "VK-DEVICE-REQUESTS-THROTTLED",
    spec: "RFC 8628 §5.1",
    url: "https://www.rfc-editor.org/rfc/rfc8628#section-5.1",
    error: ErrorCode::TemporarilyUnavailable,
    status: 429,
    answer: Answer::Json,
    says: "An address may begin only so many device requests in a while.",
    fix: "Wait as long as Retry-After says, and begin a request only when a person asked for it.",
};

pub(super) const USER_CODE_UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-DEVICE-USER-CODE-UNKNOWN",
    spec: "RFC 8628 §3.3",
    url: "https://www.rfc-editor.org/rfc/rfc8628#section-3.3",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "The code must be one that a device shows now and that nobody has answered yet.",
    fix: "Check the code on the device; when it is too old, let the device make a new one.",
};

pub(super) const USER_CODE_THROTTLED: RuleInfo = RuleInfo {
    id: "VK-DEVICE-USER-CODE-THROTTLED",
    spec: "RFC 8628 §5.1",
    url: "https://www.rfc-editor.org/rfc/rfc8628#section-5.1",
    error: ErrorCode::TemporarilyUnavailable,
    status: 429,
    answer: Answer::Page,
    says: "An address with too many wrong codes is closed for a while.",
    fix: "Wait a while, then type the code that the device shows.",
};
