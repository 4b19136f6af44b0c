//! What is wrong with a `[[provider]]` is told with its line; a whole one is read with its files.

use super::*;
use crate::config::{Settings, read};
use std::path::Path;

const LEAST: &str =
    "[server]\nissuer = \"https://id.example.com\"\n[store]\nfolder = \"data\"\n[[provider]]\n";
const CORNER: &str =
    "id = \"corner\"\nlabel = \"Corner\"\nissuer = \"https://corner.example\"\nclient_id = \"valetkey\"\n";
const HUB: &str = "id = \"hub\"\nlabel = \"Hub\"\nclient_id = \"valetkey\"\nclient_auth = \"none\"\n\
                   authorization_endpoint = \"https://hub.example/authorize\"\n\
                   token_endpoint = \"https://hub.example/token\"\n\
                   userinfo_endpoint = \"https://api.hub.example/user\"\n";

fn read_in(folder: &Path, provider: &str) -> Result<Settings, String> {
    let text = format!("{LEAST}{provider}");
    read(&folder.join("valetkey.toml"), &text).map_err(|problems| problems.to_string())
}

fn refused(provider: &str) -> String {
    read_in(Path::new("/nowhere"), provider).expect_err(provider)
}

fn secret_in(folder: &Path, name: &str, text: &[u8]) {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
fn a_provider_without_a_name_an_issuer_or_a_secret_is_refused() {
    for (provider, said) in [
        ("label = \"x\"\n", "issuer: is missing"),
        (
            CORNER,
            "client_secret_file: is missing; a provider without secrets",
        ),
        (
            &format!("{CORNER}client_secret_file = \"absent\"\n"),
            "client_secret_file: /nowhere/absent: ",
        ),
        (
            &format!("{CORNER}client_key_file = \"absent\"\n"),
            "client_key_file: /nowhere/absent: ",
        ),
        (
            &format!("{CORNER}client_key_file = \"a\"\nclient_secret_file = \"b\"\n"),
            "both there",
        ),
        (
            &format!("{CORNER}client_auth = \"password\"\n"),
            "client_auth: \"password\" is none of",
        ),
    ] {
        let text = refused(provider);
        assert!(
            text.contains("[provider] ") && text.contains(said),
            "{provider}: {text}"
        );
    }
}

#[test]
fn what_cannot_be_is_told_with_its_key() {
    let open = format!("{CORNER}client_auth = \"none\"\n");
    for (bad, said) in [
        ("scope = \"profile\"\n", "scope: needs openid"),
        (
            "claims = { subject = \"id\" }\n",
            "claims: is for a provider with endpoints",
        ),
        ("sign_up = \"everybody\"\n", "sign_up: \"everybody\" is none of"),
        ("sign_up = \"invited\"\n", "sign_up: goes by the verified address"),
        (
            "sign_up = [\"a.example\"]\n",
            "sign_up: goes by the verified address",
        ),
        (
            "sign_up = []\ntrust_email = true\n",
            "sign_up: is a list of domains",
        ),
        (
            "sign_up = [\"@a.example\"]\ntrust_email = true\n",
            "sign_up: is a list of domains",
        ),
        (
            "token_endpoint = \"https://corner.example/t\"\n",
            "authorization_endpoint: is missing; a provider without",
        ),
    ] {
        let text = refused(&format!("{open}{bad}"));
        assert!(text.contains(said), "{bad}: {text}");
    }
    let plain = open.replace("https://corner", "http://corner");
    assert!(
        refused(&plain).contains(":8: [provider] issuer: is an https address"),
        "{}",
        refused(&plain)
    );
    let odd = open.replace("\"corner\"", "\"Corner Shop\"");
    assert!(
        refused(&odd).contains(":6: [provider] id: is 1 to 32"),
        "{}",
        refused(&odd)
    );
    let secret = format!("{open}client_secret = \"hunter2\"\n");
    assert!(
        refused(&secret).contains("client_secret_file"),
        "{}",
        refused(&secret)
    );
    assert!(refused(&format!("{HUB}scope = \"openid\"\n")).contains("scope: has openid"));
}

#[test]
fn two_providers_of_one_name_are_refused() {
    let text = refused(&format!("{HUB}[[provider]]\n{HUB}"));
    assert!(text.contains("id: \"hub\" is there twice"), "{text}");
}

#[test]
fn a_provider_by_openid_connect_is_read_with_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    secret_in(folder.path(), "corner-secret", b"s3cret\n");
    let text = format!(
        "{CORNER}client_secret_file = \"corner-secret\"\nprompt = \"select_account\"\ntrust_email = true\n\
         sign_up = [\"example.com\"]\n"
    );
    let settings = read_in(folder.path(), &text).unwrap();
    let [corner] = settings.providers.as_slice() else {
        panic!("one provider");
    };
    assert_eq!((corner.id.as_str(), corner.label.as_str()), ("corner", "Corner"));
    assert!(matches!(&corner.kind, ProviderKind::OpenId { issuer } if issuer == "https://corner.example"));
    assert!(
        matches!(&corner.authentication, ClientAuthentication::SecretBasic(secret) if secret.expose() == "s3cret")
    );
    assert_eq!(corner.scope, "openid profile email");
    assert_eq!(corner.prompt.as_deref(), Some("select_account"));
    assert!(corner.trust_email && !corner.form_post);
    assert_eq!(corner.sign_up, SignUp::Domains(vec![String::from("example.com")]));
    assert!(!format!("{settings:?}").contains("s3cret"));
}

#[test]
fn a_provider_with_endpoints_and_names_of_its_own_is_read() {
    let text = format!(
        "{HUB}emails_endpoint = \"https://api.hub.example/emails\"\nclaims = {{ subject = \"id\", username = \"login\" }}\n"
    );
    let settings = read_in(Path::new("/nowhere"), &text).unwrap();
    let ProviderKind::OAuth2(hub) = &settings.providers[0].kind else {
        panic!("it has endpoints");
    };
    assert_eq!(hub.mapping.subject, "id");
    assert_eq!(hub.mapping.username.as_deref(), Some("login"));
    assert_eq!(hub.mapping.email.as_deref(), Some("email"), "OpenID's name");
    assert_eq!(hub.issuer, "https://hub.example/authorize");
    assert!(!hub.endpoints.sends_iss);
    assert_eq!(settings.providers[0].scope, "");
    let named = format!("{HUB}issuer = \"https://hub.example/login/oauth\"\n");
    let settings = read_in(Path::new("/nowhere"), &named).unwrap();
    let ProviderKind::OAuth2(hub) = &settings.providers[0].kind else {
        panic!("it has endpoints");
    };
    assert_eq!(hub.issuer, "https://hub.example/login/oauth");
    assert!(hub.endpoints.sends_iss, "whoever has a name must say it");
}

#[test]
fn a_private_key_of_any_kind_is_read_and_one_that_everybody_may_read_is_not() {
    let folder = tempfile::tempdir().unwrap();
    for alg in [Algorithm::ES256, Algorithm::ES384, Algorithm::Ed25519] {
        let key = SigningKey::generate(alg).unwrap();
        let body = data_encoding_base64(&key.to_pkcs8());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
        secret_in(folder.path(), "key.pem", pem.as_bytes());
        let settings = read_in(folder.path(), &format!("{CORNER}client_key_file = \"key.pem\"\n")).unwrap();
        let ClientAuthentication::PrivateKeyJwt(read) = &settings.providers[0].authentication else {
            panic!("by a key");
        };
        assert_eq!(read.public_jwk(), key.public_jwk());
    }
    secret_in(
        folder.path(),
        "key.pem",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    );
    let text = format!("{CORNER}client_key_file = \"key.pem\"\n");
    assert!(read_in(folder.path(), &text).unwrap_err().contains("is no RSA"));
    #[cfg(unix)]
    {
        let path = folder.path().join("key.pem");
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        assert!(read_in(folder.path(), &text).unwrap_err().contains("chmod o-rwx"));
    }
}

/// PEM wants the plain alphabet, and this crate has no encoder of its own.
fn data_encoding_base64(bytes: &[u8]) -> String {
    let url = valetkey_jose::b64::encode_url(bytes);
    let mut text = url.replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}
