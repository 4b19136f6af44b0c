//! The table of keys, the raw stage and the settings say the same; mistakes are told with their line and a way out.

use super::section::Preset;
use super::*;
use valetkey_model::client::SigningAlg;
use valetkey_rules::policy::TokenFormat;

const LEAST: &str = "[server]\nissuer = \"https://id.example.com\"\n[store]\nfolder = \"data\"\n";

pub(super) fn read_text(text: &str) -> Result<Settings, String> {
    read(Path::new("/etc/valetkey/valetkey.toml"), text).map_err(|problems| problems.to_string())
}

pub(super) fn refused(text: &str) -> String {
    read_text(text).expect_err(text)
}

/// The least file with more sections.
pub(super) fn with(more: &str) -> String {
    format!("{LEAST}{more}")
}

#[test]
fn a_mistyped_key_is_told_with_file_line_section_and_the_key_that_was_meant() {
    let said = refused("[server]\nisuer = \"https://id.example.com\"\n");
    assert_eq!(
        said,
        "/etc/valetkey/valetkey.toml:2: [server] has no key \"isuer\": did you mean \"issuer\"?"
    );
}

#[test]
fn every_mistyped_key_is_told_at_once() {
    let said = refused(&with(
        "[token]\nx = 1\n[login]\nwindow_second = 5\n[[resource]]\nname = \"a\"\nscops = {}\n",
    ));
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(
        said.contains(":5: no section is called \"token\": did you mean [tokens]?"),
        "{said}"
    );
    assert!(
        said.contains(":8: [login] has no key \"window_second\": did you mean \"window_seconds\"?"),
        "{said}"
    );
    assert!(
        said.contains(":11: [[resource]] has no key \"scops\": did you mean \"scopes\"?"),
        "{said}"
    );
}

#[test]
fn a_key_in_the_wrong_section_is_told_where_it_belongs() {
    let said = refused(&with("code_ttl_seconds = 30\n"));
    assert!(
        said.contains(":5: [store] has no key \"code_ttl_seconds\": it belongs to [tokens]"),
        "{said}"
    );
}

#[test]
fn a_key_that_is_near_nothing_is_told_the_keys_there_are() {
    let said = refused(&with("[tls]\ncolour = 1\n"));
    assert!(said.contains("its keys are certificate_file, key_file"), "{said}");
    let said = refused(&with("[storage]\n"));
    assert!(
        said.contains(":5: no section is called \"storage\": did you mean [store]?"),
        "{said}"
    );
}

#[test]
fn a_plain_http_issuer_is_refused_unless_it_is_loopback() {
    let said = refused(&LEAST.replace("https://id.example.com", "http://id.example.com"));
    assert!(
        said.contains(":2: [server] issuer:") && said.contains("plain http"),
        "{said}"
    );
    let local = read_text(&LEAST.replace("https://id.example.com", "http://localhost:8080")).unwrap();
    assert_eq!(local.server.issuer_text(), "http://localhost:8080");
}

#[test]
fn an_issuer_that_apps_could_write_in_two_ways_is_refused() {
    for bad in [
        "https://id.example.com/",
        "https://ID.example.com",
        "https://id.example.com:443",
        "https://id.example.com?a=b",
        "https://id.example.com#a",
        "https://user@id.example.com",
        "ftp://id.example.com",
        "id.example.com",
        "",
    ] {
        let said = refused(&LEAST.replace("https://id.example.com", bad));
        assert!(said.contains("[server] issuer:"), "{bad}: {said}");
    }
}

#[test]
fn plain_http_leaves_the_machine_only_towards_a_named_proxy() {
    let open = LEAST.replace("[store]", "listen = \"0.0.0.0:8080\"\n[store]");
    let said = refused(&open);
    assert!(
        said.contains("[server] listen: 0.0.0.0:8080") && said.contains("[tls]"),
        "{said}"
    );
    assert!(read_text(&format!("{open}[proxy]\ntrusted = [\"10.0.0.0/8\"]\n")).is_ok());
    assert!(
        read_text(&format!(
            "{open}[tls]\ncertificate_file = \"a\"\nkey_file = \"b\"\n"
        ))
        .is_ok()
    );
    let local = open.replace("https://id.example.com", "http://localhost:8080");
    assert!(refused(&format!("{local}[proxy]\ntrusted = [\"10.0.0.0/8\"]\n")).contains("[server] listen:"));
}

#[test]
fn half_a_certificate_is_refused() {
    assert!(refused(&with("[tls]\nkey_file = \"b\"\n")).contains("certificate_file: is missing"));
    assert!(refused(&with("[tls]\ncertificate_file = \"b\"\n")).contains("key_file: is missing"));
}

#[test]
fn values_outside_their_limits_are_refused() {
    for (bad, word) in [
        ("[tokens]\ncode_ttl_seconds = 601\n", "code_ttl_seconds"),
        (
            "[tokens]\naccess_token_ttl_seconds = 0\n",
            "access_token_ttl_seconds",
        ),
        ("[login]\nfailures_per_user = 0\n", "failures_per_user"),
        (
            "[login]\npassword_min_characters = 3\n",
            "password_min_characters",
        ),
        (
            "[device]\ndevice_code_ttl_seconds = 86400\n",
            "device_code_ttl_seconds",
        ),
        ("[device]\ninterval_seconds = 0\n", "interval_seconds"),
        (
            "[device]\nwrong_codes_per_address = 0\n",
            "wrong_codes_per_address",
        ),
        ("[client_assertions]\naudience = \"isuer\"\n", "audience"),
        (
            "[client_assertions]\nclock_leeway_seconds = -1\n",
            "clock_leeway_seconds",
        ),
        (
            "[oauth1]\ntimestamp_window_seconds = 86400\n",
            "timestamp_window_seconds",
        ),
        ("[oauth1]\ntemporary_ttl_seconds = 1\n", "temporary_ttl_seconds"),
        ("[log]\nlevel = \"loud\"\n", "level"),
        ("[brand]\naccent = \"blue\"\n", "accent"),
        ("[brand]\nlogo_file = \"/nowhere/logo.svg\"\n", "logo_file"),
        ("[proxy]\ntrusted = [\"10.0.0.0/33\"]\n", "trusted"),
    ] {
        let said = refused(&with(bad));
        assert!(
            said.contains(&format!("] {word}: ")) && said.contains(":6:"),
            "{bad}: {said}"
        );
    }
}

#[test]
fn what_stands_in_the_sections_of_devices_assertions_and_oauth1_is_decided_by() {
    let said = refused(&with("[client_assertions]\naudience = \"isuer\"\n"));
    assert!(said.contains("did you mean \"issuer\"?"), "{said}");
    let policy = read_text(&with(
        "[device]\ndevice_code_ttl_seconds = 120\ninterval_seconds = 7\nrequests_per_address = 3\nwrong_codes_per_address = 4\n\
         [client_assertions]\naudience = \"issuer\"\nlongest_ttl_seconds = 61\nclock_leeway_seconds = 2\n\
         [oauth1]\ntimestamp_window_seconds = 62\ntemporary_ttl_seconds = 63\n",
    ))
    .unwrap()
    .policy;
    assert_eq!(
        (policy.device_code_ttl_seconds, policy.device_interval_seconds),
        (120, 7)
    );
    assert_eq!(
        (
            policy.device_requests_per_address,
            policy.device_wrong_codes_per_address
        ),
        (3, 4)
    );
    assert!(policy.assertion_audience_issuer_only);
    assert_eq!(
        (policy.assertion_ttl_seconds, policy.clock_leeway_seconds),
        (61, 2)
    );
    assert_eq!(
        (
            policy.oauth1_timestamp_window_seconds,
            policy.oauth1_temporary_ttl_seconds
        ),
        (62, 63)
    );
    assert!(!read_text(LEAST).unwrap().policy.assertion_audience_issuer_only);
}

#[test]
fn a_value_of_the_wrong_type_is_shown_where_it_stands() {
    let said = refused(&with("[tokens]\ncode_ttl_seconds = \"60\"\n"));
    assert!(
        said.contains("line 6") && said.contains("code_ttl_seconds"),
        "{said}"
    );
    assert!(refused("[server\n").contains("line 1"));
    assert!(refused("server = 1\n").contains(":1: write it as a section: [server]"));
}

#[test]
fn the_tokens_of_an_api_are_signed_by_es256_or_by_rs256_and_by_nothing_else() {
    let api = |alg: &str| {
        with(&format!(
            "[[resource]]\nindicator = \"https://photos.example\"\nname = \"Photos\"\n{alg}scopes = {{ \"photos.read\" = \"See your photos\" }}\n"
        ))
    };
    for bad in ["none", "HS256", "ES384", "rs256", ""] {
        for format in ["", "token_format = \"opaque\"\n"] {
            let said = refused(&api(&format!("{format}token_signing_alg = \"{bad}\"\n")));
            assert!(
                said.contains("token_signing_alg") && said.contains("signs no access token"),
                "{said}"
            );
        }
    }
    for (alg, expected) in [
        ("", SigningAlg::ES256),
        ("token_signing_alg = \"ES256\"\n", SigningAlg::ES256),
        ("token_signing_alg = \"RS256\"\n", SigningAlg::RS256),
    ] {
        let settings = read_text(&api(alg)).unwrap();
        assert_eq!(
            settings.policy.resources[0].token_format,
            TokenFormat::Jwt(expected)
        );
    }
}

#[test]
fn an_api_without_scope_or_with_another_meaning_of_a_scope_is_refused() {
    let photos = "[[resource]]\nindicator = \"https://photos.example\"\nname = \"Photos\"\nscopes = { \"photos.read\" = \"See your photos\" }\n";
    let settings = read_text(&with(photos)).unwrap();
    assert_eq!(settings.policy.resources.len(), 1);
    let said = refused(&with(&format!("{photos}{photos}")));
    assert!(said.contains("is there twice"), "{said}");
    let frames = photos.replace("photos.example", "frames.example");
    let other = frames.replace("See your photos", "Delete your photos");
    let twice = refused(&with(&format!("{photos}{other}")));
    assert!(
        twice.contains("means something else already: \"See your photos\""),
        "{twice}"
    );
    let shared = read_text(&with(&format!("{photos}{frames}"))).unwrap();
    assert_eq!(shared.policy.resources.len(), 2);
    assert!(said.contains(":10: [resource] indicator:"), "{said}");
    assert!(refused(&with(&photos.replace("scopes", "# scopes"))).contains("scopes: is missing"));
    assert!(refused(&with(&photos.replace("photos.read", "photos read"))).contains("is not one scope word"));
    let openid = photos
        .replace("photos.read", "openid")
        .replace("See your photos", "Know who you are");
    assert!(refused(&with(&openid)).contains("a scope of OpenID Connect"));
}

#[test]
fn paths_count_from_the_folder_of_the_file() {
    let settings = read_text(&with("[keys]\nmaster_key_file = \"../secret/master.key\"\n")).unwrap();
    assert_eq!(settings.storage.data, Data::Folder("/etc/valetkey/data".into()));
    assert_eq!(
        settings.storage.master_key_file,
        Path::new("/etc/valetkey/../secret/master.key")
    );
    let settings = read_text(LEAST).unwrap();
    assert_eq!(
        settings.storage.master_key_file,
        Path::new("/etc/valetkey/master.key")
    );
}

#[test]
fn every_key_of_the_table_can_be_written_and_every_key_that_can_be_written_is_in_the_table() {
    for section in SECTIONS {
        // serde names every key that it knows when it meets one that it does not.
        let text = format!("{}\n\"no such key\" = 1\n", section.heading());
        let error = toml::from_str::<Raw>(&text).unwrap_err().to_string();
        let (_, known) = error.split_once("expected").expect(&error);
        let mut known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        let mut table: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
        known.sort_unstable();
        table.sort_unstable();
        assert_eq!(known, table, "{}", section.heading());
    }
}

#[test]
fn the_defaults_of_the_table_are_the_defaults_of_the_settings() {
    let mut text = String::from(LEAST);
    for section in SECTIONS.iter().filter(|section| !section.repeated) {
        let defaults: String = section
            .keys
            .iter()
            .filter_map(|key| match key.preset {
                Preset::Is(value) => Some(format!("{} = {value}\n", key.name)),
                _ => None,
            })
            .collect();
        let heading = format!("{}\n", section.heading());
        if text.contains(&heading) {
            text = text.replace(&heading, &format!("{heading}{defaults}"));
        } else {
            text.push_str(&format!("{heading}{defaults}"));
        }
    }
    let (written, absent) = (read_text(&text).unwrap(), read_text(LEAST).unwrap());
    assert_eq!(format!("{written:?}"), format!("{absent:?}"));
}

#[test]
fn the_example_file_is_read_and_names_every_key() {
    let example = reference::example();
    let settings = read_text(&example).unwrap();
    assert_eq!(settings.server.issuer_text(), "https://id.example.com");
    for section in SECTIONS {
        for key in section.keys {
            let (set, shown) = (format!("\n{} = ", key.name), format!("\n# {} = ", key.name));
            assert!(example.contains(&set) || example.contains(&shown), "{}", key.name);
        }
    }
}

#[test]
fn the_example_file_can_be_used_with_every_key_switched_on() {
    let folder = tempfile::tempdir().unwrap();
    let logo = folder.path().join("logo.svg");
    std::fs::write(&logo, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
    let all: String = reference::example()
        .lines()
        .filter(|line| !line.starts_with("##"))
        .map(|line| line.strip_prefix("# ").unwrap_or(line))
        // The other ways to say where the data is.
        .filter(|line| !line.starts_with("url = ") && !line.starts_with("url_file = "))
        .map(|line| format!("{line}\n"))
        .collect();
    let all = mail_files(&folder, &all);
    let settings = read_text(&all.replace("/etc/valetkey/logo.svg", logo.to_str().unwrap())).unwrap();
    assert!(settings.tls.is_some());
    assert_eq!(settings.policy.resources.len(), 1);
    assert_eq!(settings.policy.resources[0].access_token_ttl_seconds, Some(120));
    assert!(settings.brand.logo.is_some());
    assert!(settings.mail.is_some());
    assert_eq!(settings.providers.len(), 1);
}

/// Makes the files that the examples of `[mail]`, `[outbound]` and `[[provider]]` name, and names them where they are.
fn mail_files(folder: &tempfile::TempDir, text: &str) -> String {
    let secret = folder.path().join("smtp-password");
    let ca = folder.path().join("mail-ca.pem");
    std::fs::write(&secret, "secret").unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::write(&ca, include_str!("../../tests/cli/fixtures/localhost.pem")).unwrap();
    text.replace("/etc/valetkey/smtp-password", secret.to_str().unwrap())
        .replace("/etc/valetkey/corner-secret", secret.to_str().unwrap())
        .replace("/etc/valetkey/mail-ca.pem", ca.to_str().unwrap())
        .replace("/etc/valetkey/company-ca.pem", ca.to_str().unwrap())
}
