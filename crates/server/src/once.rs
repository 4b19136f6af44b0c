//! What may be shown once: the `jti` of a client assertion (RFC 7523 §3), the nonce of a signed OAuth 1.0a request
//! (RFC 5849 §3.3). The store remembers it for every node; when two show the same, one of them comes first.

use crate::call::{Call, Failure};
use valetkey_rules::once::Once;

/// Remembers it, or refuses by the rule that it names. Called after the signature was found good: nobody else may fill
/// the store.
pub(crate) async fn first_time(call: &mut Call<'_>, once: &Once) -> Result<(), Failure> {
    let is_first = call
        .app
        .store
        .insert_nonce_once(&once.key, once.expires_at)
        .await?;
    if !is_first {
        return Err(call.trail.refuse(once.refusal()).into());
    }
    call.trail.passed(once.rule);
    Ok(())
}
