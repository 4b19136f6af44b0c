//! What an operator relies on: keys that rotate, processes that share data, restarts, housekeeping, limits, and logs
//! that tell no secret.

mod busy;
mod housekeeping;
mod inspect;
mod issuer;
pub(crate) mod keys;
mod logged_flows;
mod logs;
mod metrics;
pub(crate) mod node;
mod nodes;
mod opaque;
mod proxies;
mod restart;
mod revoked;
mod stale;
mod tls;
mod two_nodes;

use std::time::Duration;
use valetkey_testkit::{App, Browser, Tokens};

/// How often, and how long apart, is looked: far longer than a node takes, however slow the machine is.
const LOOKS: u32 = 9_000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Asks again and again until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..LOOKS {
        if is_so().await {
            return;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    panic!("not so after a long time: {what}")
}

/// A person goes through the code flow.
pub(crate) async fn tokens(person: &Browser, app: &App, scope: &str) -> Tokens {
    let code = person.allows(&app.asks_for(scope)).await;
    app.redeems(&code).await.tokens()
}
