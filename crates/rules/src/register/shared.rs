//! Public clients that register the very same share one client, where the policy says so: an app that registers at every
//! start then costs one row. Its id is the hash of what was registered, so it is the same on every node; nobody gets a
//! registration access token for it, or one of its users could send the others' codes elsewhere.

use super::{Made, Method, Registration, metadata_of};
use valetkey_jose::b64;
use valetkey_jose::hash::sha256;
use valetkey_model::ClientId;
use valetkey_model::client::Authentication;
use valetkey_model::relying_party::Registered;
use valetkey_protocol::time::Timestamp;

/// Begins the id of each shared client.
const PREFIX: &str = "shared-";

/// The id that such a client has; `None` for one with a secret or a key, which is nobody else's.
#[must_use]
pub fn shared_id(registration: &Registration) -> Option<ClientId> {
    if registration.method != Method::None {
        return None;
    }
    let client = registration.clone().client(Made {
        id: ClientId::parse("shared").ok()?,
        authentication: Authentication::None,
        created_at: Timestamp(0),
        registered: Registered::default(),
    });
    let said = serde_json::to_vec(&metadata_of(&client)).ok()?;
    ClientId::parse(&format!("{PREFIX}{}", b64::encode_url(&sha256(&said)))).ok()
}
