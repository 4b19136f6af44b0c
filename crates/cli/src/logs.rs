//! Logs, to standard error: JSON lines for `serve`, a few words for `dev`. `VALETKEY_LOG` goes before the level.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The environment variable with a filter, as `warn,valetkey_server=debug`.
const VARIABLE: &str = "VALETKEY_LOG";

/// One JSON object a line.
pub(crate) fn json(level: LevelFilter) {
    let logs = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false);
    // Fails only when logs were set up before, which nothing here does.
    let _ = logs
        .with_env_filter(filter(level))
        // Telling that a line cannot be written, on a full disk, would panic.
        .log_internal_errors(false)
        .with_writer(std::io::stderr)
        .try_init();
}

/// For people; only what needs their attention.
pub(crate) fn plain() {
    let logs = tracing_subscriber::fmt().with_target(false).with_ansi(false);
    let _ = logs
        .with_env_filter(filter(LevelFilter::WARN))
        .log_internal_errors(false)
        .with_writer(std::io::stderr)
        .try_init();
}

fn filter(level: LevelFilter) -> EnvFilter {
    EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::default().add_directive(level.into()))
}
