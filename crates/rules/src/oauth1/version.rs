//! `oauth_version` (RFC 5849 §3.1): may be left out; there is one.

use crate::shown::shown_or_none;
use valetkey_protocol::oauth1::Protocol;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

pub(super) fn one_zero(protocol: &Protocol, trail: &mut Trail) -> Result<(), Refusal> {
    let version = protocol.version.as_deref();
    trail.require(
        Rule::OAuth1VersionUnsupported,
        matches!(version, None | Some("1.0")),
        || ("1.0".into(), shown_or_none(version)),
    )
}
