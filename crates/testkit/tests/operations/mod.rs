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
mod tls;
mod two_nodes;

use valetkey_testkit::{App, Browser, Tokens};

/// A person goes through the code flow.
pub(crate) async fn tokens(person: &Browser, app: &App, scope: &str) -> Tokens {
    let code = person.allows(&app.asks_for(scope)).await;
    app.redeems(&code).await.tokens()
}
