//! Where the data is: exactly one place, and a URL whose password is told to nobody.

use super::*;
use crate::config::Settings;
use std::path::Path;

const SERVER: &str = "[server]\nissuer = \"https://id.example.com\"\n";
const URL: &str = "postgres://valetkey:hush-hush@db.example/valetkey?sslmode=require";

fn read(store: &str, environment: Option<&str>) -> Result<Settings, String> {
    let url = environment.map(|url| Zeroizing::new(url.to_owned()));
    let text = format!("{SERVER}[store]\n{store}");
    let read = crate::config::read_with(Path::new("/etc/valetkey/valetkey.toml"), &text, url);
    read.map_err(|problems| problems.to_string())
}

fn refused(store: &str, environment: Option<&str>) -> String {
    let said = read(store, environment).expect_err(store);
    assert!(!said.contains("hush-hush"), "{said}");
    said
}

fn postgres(settings: &Settings) -> Postgres {
    assert!(!format!("{settings:?}").contains("hush-hush"));
    match &settings.storage.data {
        Data::Postgres(postgres) => postgres.clone(),
        Data::Folder(folder) => panic!("{}", folder.display()),
    }
}

#[test]
fn a_store_in_two_places_or_in_none_is_refused() {
    let (folder, file) = ("folder = \"data\"\n", "url_file = \"url\"\n");
    let url = format!("url = \"{URL}\"\n");
    for two in [
        format!("{folder}{url}"),
        format!("{folder}{file}"),
        format!("{url}{file}"),
        format!("{folder}{url}{file}"),
    ] {
        for environment in [None, Some(URL)] {
            assert!(refused(&two, environment).contains("only one of them may be there"));
        }
    }
    let both = refused(folder, Some(URL));
    assert!(
        both.contains(":4: [store] folder:") && both.contains("VALETKEY_STORE_URL"),
        "{both}"
    );
    assert!(refused("", None).contains("or the url of a PostgreSQL database"));
    assert!(refused("folder = \"\"\n", None).contains("is missing"));
}

#[test]
fn what_is_no_url_of_postgresql_is_refused_and_never_shown() {
    for bad in ["mysql://u:hush-hush@h/d", "db.example hush-hush", ""] {
        assert!(refused(&format!("url = \"{bad}\"\n"), None).contains("[store] url: is not the URL"));
        assert!(refused("", Some(bad)).contains("VALETKEY_STORE_URL: is not the URL"));
    }
}

#[test]
fn not_even_a_line_that_is_no_toml_shows_the_password() {
    let said = refused(&format!("url = \"{URL}\n"), None);
    assert!(said.contains("postgres://..@db.example"), "{said}");
    refused(&format!("url = [\"{URL}\"]\n"), None);
}

#[test]
fn the_url_comes_from_the_environment_or_the_file_or_a_file_of_its_own() {
    let other = URL.replace("db.example", "other.example");
    let written =
        format!("url = \"{other}\"\npool_size = 3\ntransaction_pooling = true\nca_file = \"ca.pem\"\n");
    let in_file = postgres(&read(&written, None).unwrap());
    assert_eq!(in_file.url.reveal(), other);
    assert_eq!((in_file.pool_size, in_file.transaction_pooling), (3, true));
    assert_eq!(in_file.ca_file, Some("/etc/valetkey/ca.pem".into()));
    assert_eq!(postgres(&read(&written, Some(URL)).unwrap()).url.reveal(), URL);

    let by_environment = postgres(&read("", Some(URL)).unwrap());
    assert_eq!(
        (by_environment.pool_size, by_environment.transaction_pooling),
        (16, false)
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("url");
    std::fs::write(&path, format!("{URL}\n")).unwrap();
    let named = format!("url_file = {:?}\n", path.display().to_string());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(refused(&named, None).contains("chmod o-rwx"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    }
    assert_eq!(postgres(&read(&named, None).unwrap()).url.reveal(), URL);
    assert!(refused("url_file = \"/nowhere/url\"\n", None).contains("/nowhere/url"));
}

#[test]
fn a_pool_of_no_size_is_refused() {
    let url = format!("url = \"{URL}\"\n");
    for size in ["0", "-1", "1001"] {
        assert!(refused(&format!("{url}pool_size = {size}\n"), None).contains("[store] pool_size:"));
    }
}
