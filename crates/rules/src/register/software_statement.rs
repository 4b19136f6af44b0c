//! A software statement is somebody else's word for a client (RFC 7591 §2.3). Nobody's word counts here, and to leave it
//! unread would let the client believe that it does.

use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

pub(super) fn refused(asked: &ClientMetadata, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(
        Rule::RegisterSoftwareStatement,
        asked.software_statement.is_none(),
        || ("no software_statement".into(), "one".into()),
    )
}
