//! TLS by the server itself: the certificate is used, and read again on SIGHUP.
//!
//! The certificates in `fixtures/` are self-signed for `localhost`; their keys protect nothing.

use crate::http::{Answer, connect, request};
use crate::support::{Home, Served, done, refused};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cli/fixtures")
        .join(name)
}

/// A server whose certificate files are copies in its folder.
fn home() -> Home {
    let home = Home::empty();
    home.write(
        "[server]\nissuer = \"https://localhost:8443\"\nlisten = \"127.0.0.1:0\"\nmanagement_listen = \"127.0.0.1:0\"\n\
         [tls]\ncertificate_file = \"cert.pem\"\nkey_file = \"key.pem\"\n[store]\nfolder = \"data\"\n",
    );
    install(&home, "localhost");
    home
}

fn install(home: &Home, name: &str) {
    std::fs::copy(fixture(&format!("{name}.key")), home.path("key.pem")).unwrap();
    std::fs::copy(fixture(&format!("{name}.pem")), home.path("cert.pem")).unwrap();
}

/// Asks, trusting this one certificate.
fn ask(address: SocketAddr, trusted: &str) -> Result<Answer, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(fixture(trusted)).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut session = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = connect(address);
    let mut stream = Stream::new(&mut session, &mut socket);
    stream.write_all(request("GET /.well-known/openid-configuration", &[], "").as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(Answer::parse(&text))
}

#[test]
fn the_server_speaks_tls_and_only_tls() {
    let home = home();
    let served = home.serve();
    let answer = ask(served.address, "localhost.pem").unwrap();
    assert_eq!(answer.json()["issuer"], "https://localhost:8443");
    assert!(
        ask(served.address, "renewed.pem").is_err(),
        "another certificate is not trusted"
    );
    let mut plain = connect(served.address);
    plain
        .write_all(request("GET /healthz", &[], "").as_bytes())
        .unwrap();
    let mut bytes = Vec::new();
    // A reset instead of an end is fine, too.
    let _ = plain.read_to_end(&mut bytes);
    assert!(
        !bytes.starts_with(b"HTTP/"),
        "{}",
        String::from_utf8_lossy(&bytes)
    );
}

fn hang_up(served: &mut Served, word: &str) {
    served.process.signal("HUP");
    served.process.line(|line| line.contains(word));
}

#[test]
fn a_renewed_certificate_is_used_after_sighup_and_a_broken_one_is_not() {
    let home = home();
    let mut served = home.serve();
    std::fs::write(home.path("cert.pem"), "nothing").unwrap();
    hang_up(&mut served, "the old certificate stays");
    assert!(ask(served.address, "localhost.pem").is_ok());
    install(&home, "renewed");
    hang_up(&mut served, "was read again");
    assert!(ask(served.address, "renewed.pem").is_ok());
    assert!(ask(served.address, "localhost.pem").is_err());
}

#[test]
fn a_key_that_does_not_fit_the_certificate_is_refused_at_the_start() {
    let home = home();
    done(home.admin(&["serve", "--check"]));
    std::fs::copy(fixture("renewed.key"), home.path("key.pem")).unwrap();
    for command in [&["serve"][..], &["serve", "--check"]] {
        let said = refused(home.admin(command));
        assert!(
            said.contains("[tls] the key does not fit the certificate"),
            "{said}"
        );
    }
    std::fs::remove_file(home.path("key.pem")).unwrap();
    let said = refused(home.admin(&["serve"]));
    assert!(said.contains("[tls]") && said.contains("key.pem"), "{said}");
}
