//! The configuration file: what is refused is told with its file and a line of it, what is read can be served, an unknown
//! section never passes, and the password of a database is shown by nothing.
#![no_main]

#[path = "../../crates/cli/src/config/mod.rs"]
#[expect(dead_code, unused_imports, reason = "only reading is called")]
mod config;

/// The pages about the configuration break lines by it; they are not written here.
mod output {
    pub fn wrapped(text: &str, _: usize) -> Vec<String> {
        vec![text.to_owned()]
    }
}

use config::{ConfigError, Settings, load};
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Stands in the URL of a database.
const PASSWORD: &str = "kQ7-vXw2-pZ9d";

fn file() -> &'static PathBuf {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("valetkey-fuzz-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        folder.join("valetkey.toml")
    })
}

fn read(text: impl AsRef<[u8]>) -> Result<Settings, ConfigError> {
    std::fs::write(file(), text).expect("the file can be written");
    load(file())
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return assert!(matches!(read(data), Err(ConfigError::Unreadable { .. })));
    };
    match read(text) {
        Ok(settings) => {
            can_be_served(&settings);
            let again = read(text).expect("it was read");
            assert_eq!(format!("{settings:?}"), format!("{again:?}"));
            let more = read(format!("{text}\n[no-such-section]\n"));
            assert!(more.is_err_and(|error| error.to_string().contains("\"no-such-section\"")));
        }
        Err(ConfigError::Refused(problems)) => told(text, &problems.to_string()),
        Err(other) => panic!("{other}"),
    }
    let url = format!("[store]\nurl = \"postgres://valetkey:{PASSWORD}@db.example/valetkey");
    for text in [format!("{url}\"\n{text}"), format!("{url}{text}")] {
        let shown = match read(text) {
            Ok(settings) => format!("{settings:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!shown.contains(PASSWORD), "{shown}");
    }
});

/// Every problem begins with the file's name; where a line is named, it is one of the file.
fn told(text: &str, problems: &str) {
    let name = file().display().to_string();
    assert!(problems.starts_with(&name), "{problems}");
    for problem in problems.lines().filter_map(|line| line.strip_prefix(&name)) {
        let rest = problem.strip_prefix(':').expect("a colon follows the file");
        let (line, what) = rest.split_once(": ").unwrap_or(("", rest));
        assert!(!what.trim().is_empty(), "{problems}");
        if let Ok(line) = line.parse::<usize>() {
            assert!((1..=text.split('\n').count()).contains(&line), "{problems}");
        }
    }
}

fn can_be_served(settings: &Settings) {
    let (server, policy) = (&settings.server, &settings.policy);
    let issuer = server.issuer_text();
    assert_eq!(policy.issuer, issuer);
    assert!(issuer.starts_with("https://") || issuer.starts_with("http://"));
    assert!(!issuer.contains(['?', '#', '@']) && !issuer.ends_with('/'));
    assert!(server.connections >= 16 && server.idle_seconds >= 1);
    for seconds in [
        policy.code_ttl_seconds,
        policy.access_token_ttl_seconds,
        policy.id_token_ttl_seconds,
        policy.refresh_idle_ttl_seconds,
        policy.grant_ttl_seconds,
        policy.session_ttl_seconds,
        policy.interaction_ttl_seconds,
        policy.device_code_ttl_seconds,
        policy.login_window_seconds,
    ] {
        assert!(seconds > 0);
    }
    for resource in &policy.resources {
        assert!(!resource.scopes.contains_key("openid"), "{resource:?}");
        assert!(
            resource
                .access_token_ttl_seconds
                .is_none_or(|seconds| seconds > 0)
        );
    }
    for provider in &settings.providers {
        assert_eq!(provider.check(), Ok(()));
    }
}
