//! What the server counts (Prometheus text format), served on the management router. Labels hold endpoints
//! and rules, never anything a stranger chose.

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use valetkey_protocol::rule::Rule;

/// The counters and gauges.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    refusals: Family<RuleLabel, Counter>,
    tokens: Family<GrantTypeLabel, Counter>,
    logins: Family<OutcomeLabel, Counter>,
    deliveries: Family<DeliveryLabels, Counter>,
    deliveries_waiting: Gauge,
    password_queue: Gauge,
    connections: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    endpoint: String,
    status: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RuleLabel {
    rule: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GrantTypeLabel {
    grant_type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    kind: &'static str,
    outcome: &'static str,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("valetkey"),
            requests: Family::default(),
            refusals: Family::default(),
            tokens: Family::default(),
            logins: Family::default(),
            deliveries: Family::default(),
            deliveries_waiting: Gauge::default(),
            password_queue: Gauge::default(),
            connections: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "requests",
            "Requests by endpoint and status",
            metrics.requests.clone(),
        );
        registry.register("refusals", "Refused requests by rule", metrics.refusals.clone());
        registry.register(
            "tokens_issued",
            "Token responses by grant type",
            metrics.tokens.clone(),
        );
        registry.register("logins", "Sign-ins by outcome", metrics.logins.clone());
        registry.register(
            "deliveries",
            "Tries to deliver a logout token or a letter, by outcome",
            metrics.deliveries.clone(),
        );
        registry.register(
            "deliveries_waiting",
            "Logout tokens and letters that wait to be delivered",
            metrics.deliveries_waiting.clone(),
        );
        registry.register(
            "password_queue",
            "Passwords that wait to be checked",
            metrics.password_queue.clone(),
        );
        registry.register(
            "open_connections",
            "Open connections",
            metrics.connections.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// One request was answered. `endpoint` is the route, not the path that was asked for.
    pub fn request(&self, endpoint: &str, status: u16) {
        let labels = RequestLabels {
            endpoint: endpoint.to_owned(),
            status: u32::from(status),
        };
        self.requests.get_or_create(&labels).inc();
    }

    /// One request was refused.
    pub fn refusal(&self, rule: Rule) {
        self.refusals.get_or_create(&RuleLabel { rule: rule.id() }).inc();
    }

    /// One token response went out.
    pub fn tokens(&self, grant_type: &'static str) {
        self.tokens.get_or_create(&GrantTypeLabel { grant_type }).inc();
    }

    /// One sign-in was tried.
    pub fn login(&self, outcome: &'static str) {
        self.logins.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// One delivery was tried.
    pub fn delivery(&self, kind: &'static str, outcome: &'static str) {
        self.deliveries
            .get_or_create(&DeliveryLabels { kind, outcome })
            .inc();
    }

    /// So many deliveries wait.
    pub fn deliveries_waiting(&self, count: u64) {
        self.deliveries_waiting
            .set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// How many connections are open; the accept loop keeps it.
    #[must_use]
    pub fn connections(&self) -> Gauge {
        self.connections.clone()
    }

    /// The whole page.
    #[must_use]
    pub fn render(&self, passwords_waiting: usize) -> String {
        self.password_queue
            .set(i64::try_from(passwords_waiting).unwrap_or(i64::MAX));
        let mut page = String::new();
        // Writing to a String cannot fail.
        let _ = text::encode(&mut page, &self.registry);
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_tells_what_was_counted() {
        let metrics = Metrics::default();
        metrics.request("/token", 200);
        metrics.refusal(Rule::CodePkceMismatch);
        metrics.tokens("refresh_token");
        metrics.login("wrong");
        metrics.delivery("logout", "postponed");
        metrics.deliveries_waiting(2);
        let page = metrics.render(3);
        for line in [
            "valetkey_requests_total{endpoint=\"/token\",status=\"200\"} 1",
            "valetkey_refusals_total{rule=\"VK-CODE-PKCE-MISMATCH\"} 1",
            "valetkey_tokens_issued_total{grant_type=\"refresh_token\"} 1",
            "valetkey_logins_total{outcome=\"wrong\"} 1",
            "valetkey_deliveries_total{kind=\"logout\",outcome=\"postponed\"} 1",
            "valetkey_deliveries_waiting 2",
            "valetkey_password_queue 3",
        ] {
            assert!(page.contains(line), "{line} in {page}");
        }
    }
}
