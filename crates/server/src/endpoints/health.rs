//! Whether the server lives (`/healthz`), whether it can work (`/readyz`), and what it counted (`/metrics`).

use crate::context::App;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// The process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// The store reads and writes, and changes of clients and keys are followed.
pub(crate) async fn ready(State(app): State<App>) -> Response {
    let probe = || async {
        let answer = app.store.ready().await;
        answer
            .inspect_err(|error| tracing::warn!(%error, "the store is not ready"))
            .is_ok()
    };
    let says = if !app.readiness.check(probe).await {
        "the store is not ready\n"
    } else if app.followed.is_close().is_err() {
        "changes of clients and keys cannot be followed\n"
    } else {
        return "ready\n".into_response();
    };
    (StatusCode::SERVICE_UNAVAILABLE, says).into_response()
}

/// Each look at the store costs a durable write, and anybody may ask: so there is one look at a time, and all who
/// ask meanwhile share the next one.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    begun: AtomicU64,
    latest: Mutex<Look>,
}

#[derive(Debug, Default)]
struct Look {
    number: u64,
    is_ready: bool,
}

impl Readiness {
    /// What a look says that began after this was called.
    async fn check<F: Future<Output = bool>>(&self, probe: impl FnOnce() -> F) -> bool {
        let begun_before = self.begun.load(Ordering::Acquire);
        let mut latest = self.latest.lock().await;
        if latest.number <= begun_before {
            let number = self.begun.fetch_add(1, Ordering::AcqRel).saturating_add(1);
            let is_ready = probe().await;
            *latest = Look { number, is_ready };
        }
        latest.is_ready
    }
}

/// The counters.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match app.store.count_deliveries(app.now()).await {
        Ok(count) => app.metrics.deliveries_waiting(count),
        Err(error) => tracing::warn!(%error, "what waits to be delivered cannot be counted"),
    }
    let page = app.metrics.render(app.passwords.waiting());
    ([(header::CONTENT_TYPE, content_type)], page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn a_crowd_that_asks_at_once_costs_two_looks() {
        let readiness = Arc::new(Readiness::default());
        let (looks, gate) = (Arc::new(AtomicU64::new(0)), Arc::new(Semaphore::new(0)));
        let mut crowd = Vec::new();
        for _ in 0..100 {
            let (readiness, looks, gate) = (readiness.clone(), looks.clone(), gate.clone());
            crowd.push(tokio::spawn(async move {
                let probe = || async {
                    looks.fetch_add(1, Ordering::AcqRel);
                    gate.acquire().await.unwrap().forget();
                    true
                };
                readiness.check(probe).await
            }));
            // The first one looks, and is held at it; the others come meanwhile.
            tokio::task::yield_now().await;
        }
        gate.add_permits(100);
        for one in crowd {
            assert!(one.await.unwrap());
        }
        assert_eq!(looks.load(Ordering::Acquire), 2);
    }

    #[tokio::test]
    async fn whoever_asks_later_is_told_what_is_then() {
        let readiness = Readiness::default();
        for is_ready in [true, false, true] {
            assert_eq!(readiness.check(|| async move { is_ready }).await, is_ready);
        }
    }
}
