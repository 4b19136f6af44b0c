//! The URL, and that its password is told to nobody.

use super::*;
use tokio_postgres::config::{Host, SslMode};

fn read(url: &str) -> Result<Config, OpenError> {
    config(url, &PostgresOptions::default())
}

#[test]
fn only_urls_of_postgresql_are_read() {
    for refused in [
        "",
        "localhost",
        "host=localhost user=valetkey",
        "mysql://localhost/valetkey",
        "postgres://valetkey@localhost:port/valetkey",
        "postgres://valetkey@localhost/valetkey?sslmode=maybe",
        "postgres://valetkey@localhost/valetkey?nonsense=1",
    ] {
        assert!(matches!(read(refused), Err(OpenError::Url)), "{refused}");
    }
    for accepted in ["postgres://valetkey@localhost/valetkey", "postgresql://localhost"] {
        assert!(read(accepted).is_ok(), "{accepted}");
    }
}

#[test]
fn tls_is_as_the_url_says() {
    for (setting, mode) in [
        ("", SslMode::Prefer),
        ("?sslmode=disable", SslMode::Disable),
        ("?sslmode=prefer", SslMode::Prefer),
        ("?sslmode=require", SslMode::Require),
        ("?sslmode=verify-full", SslMode::Require),
        (
            "?application_name=x&sslmode=verify-full&connect_timeout=3",
            SslMode::Require,
        ),
    ] {
        let config = read(&format!("postgres://localhost/valetkey{setting}")).unwrap();
        assert_eq!(config.get_ssl_mode(), mode, "{setting}");
    }
}

#[test]
fn a_unix_socket_and_several_hosts_are_understood() {
    let config = read("postgres:///valetkey?host=/run/postgresql&user=valetkey").unwrap();
    assert_eq!(config.get_hosts(), [Host::Unix("/run/postgresql".into())]);
    let config = read("postgres://a,b:5433/valetkey?target_session_attrs=read-write").unwrap();
    assert_eq!(config.get_hosts().len(), 2);
    assert_eq!(config.get_application_name(), Some("valetkey"));
}

/// A standby would answer what was so a moment ago, and take no change.
#[test]
fn of_several_hosts_the_one_is_taken_that_takes_writes_unless_the_url_says_otherwise() {
    for (url, taken) in [
        ("postgres://a,b/valetkey", TargetSessionAttrs::ReadWrite),
        ("postgres://a:5432,b:5433/valetkey", TargetSessionAttrs::ReadWrite),
        (
            "postgres://a,b/valetkey?target_session_attrs=read-only",
            TargetSessionAttrs::ReadOnly,
        ),
        ("postgres://a/valetkey", TargetSessionAttrs::Any),
    ] {
        assert_eq!(read(url).unwrap().get_target_session_attrs(), taken, "{url}");
    }
}

#[test]
fn a_connection_to_a_host_that_fell_silent_is_closed_within_the_time_of_a_verb() {
    let config = read("postgres://a/valetkey").unwrap();
    let limit = PostgresOptions::default().verb_timeout;
    assert_eq!(config.get_tcp_user_timeout(), Some(&limit));
    assert!(config.get_keepalives());
    let asked = config.get_keepalives_interval().unwrap() * config.get_keepalives_retries().unwrap();
    assert!(config.get_keepalives_idle() + asked <= limit);
}

#[test]
fn how_long_silence_is_borne_is_as_the_url_says() {
    let config = read(
        "postgres://a/valetkey?tcp_user_timeout=61&keepalives_idle=62&keepalives_interval=63&keepalives_retries=64",
    )
    .unwrap();
    assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(61)));
    assert_eq!(config.get_keepalives_idle(), Duration::from_secs(62));
    assert_eq!(config.get_keepalives_interval(), Some(Duration::from_secs(63)));
    assert_eq!(config.get_keepalives_retries(), Some(64));
    assert!(
        !read("postgres://a/valetkey?keepalives=0")
            .unwrap()
            .get_keepalives()
    );
}

#[tokio::test]
async fn the_password_is_in_no_error() {
    for url in [
        "postgres://valetkey:hunter2@127.0.0.1:1/valetkey",
        "postgres://valetkey:hunter2@127.0.0.1:1/valetkey?sslmode=hunter2",
        "postgres://valetkey:hun?hunter2=hunter2@127.0.0.1:1/valetkey",
        "postgres://valetkey:hunter2@hunter2@127.0.0.1:1/valetkey",
        "hunter2",
    ] {
        let options = PostgresOptions::default();
        let error = crate::PostgresStore::open(url, options).await.unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn certificates_that_are_none_are_refused() {
    for pem in [
        "",
        "x",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let made = tls::connector(Some(pem.as_bytes()));
        assert!(matches!(made, Err(OpenError::Certificates(_))), "{pem}");
    }
    assert!(tls::connector(None).is_ok());
}

/// tokio-postgres logs the values of statements when it is asked to tell everything.
#[test]
fn no_value_of_a_statement_is_told() {
    use crate::columns::params;
    let values = params!["hunter2", Some(b"hunter2".as_slice()), 7_i64, None::<bool>];
    assert_eq!(format!("{values:?}"), "[text, bytea, int8, bool]");
}
