//! Clients that registered themselves and that nobody has used for long are forgotten, or the table would fill with them.

use crate::context::Context;

/// Forgets at most so many.
pub(crate) async fn forget(app: &Context, rows: u32) {
    let kept_for = app.policy().registration.unused_ttl_seconds;
    if kept_for == 0 {
        return;
    }
    let before = app.now().plus_seconds(-kept_for);
    match app.store.forget_unused_clients(before, rows).await {
        Ok(0) => {}
        Ok(clients) => {
            app.clients.forget();
            tracing::info!(clients, "unused clients were forgotten");
        }
        Err(error) => tracing::warn!(%error, "unused clients cannot be forgotten"),
    }
}
