//! Logs: JSON lines on stdout for `serve`, a few words on stderr for everything else. `VALETKEY_LOG` sets the level
//! (as `info` or `valetkey_server=debug`).

use tracing_subscriber::EnvFilter;

const VARIABLE: &str = "VALETKEY_LOG";

/// For `serve`.
pub(crate) fn json() {
    let started = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_env_filter(filter("info"))
        .with_writer(std::io::stdout)
        .try_init();
    report(started);
}

/// For the development server.
pub(crate) fn plain() {
    let started = tracing_subscriber::fmt()
        .with_target(false)
        .with_env_filter(filter("warn"))
        .with_writer(std::io::stderr)
        .try_init();
    report(started);
}

fn filter(default: &str) -> EnvFilter {
    EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(default))
}

fn report(started: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = started {
        crate::output::complain(&format!("valetkey: no logs: {error}"));
    }
}
