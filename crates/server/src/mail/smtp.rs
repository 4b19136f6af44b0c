//! One delivery: connect, make the connection secret, sign in, hand the letter over. The protocol itself is lettre's.
//!
//! A 5xx reply to the letter is final for the letter. Before the letter it says something of us or of the server, and the
//! letter can wait until that is set right.

use super::MailError;
use super::address::Address;
use super::settings::{InvalidMailSettings, SmtpPassword, SmtpSettings, SmtpTls};
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, response::Severity};
use std::error::Error as _;

/// The operator's mail server.
#[derive(Clone)]
pub(super) struct Relay {
    host: String,
    port: u16,
    hello: ClientId,
    tls: Option<TlsParameters>,
    starttls: bool,
    account: Option<(String, SmtpPassword)>,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// What was being done when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Connect,
    SignIn,
    Letter,
}

impl Relay {
    /// `domain` is how we greet.
    pub(super) fn new(settings: &SmtpSettings, domain: &str) -> Result<Self, InvalidMailSettings> {
        let tls = match settings.tls {
            SmtpTls::None => None,
            SmtpTls::Implicit | SmtpTls::StartTls => {
                Some(tls(settings).map_err(|_| InvalidMailSettings {
                    key: "extra_ca_file",
                    why: "holds a certificate that cannot be used",
                })?)
            }
        };
        let account = settings.username.clone().zip(settings.password.clone());
        Ok(Self {
            host: settings.host.clone(),
            port: settings.port,
            hello: ClientId::Domain(domain.to_owned()),
            tls,
            starttls: settings.tls == SmtpTls::StartTls,
            account,
        })
    }

    /// Delivers one message; the connection is for saying goodbye.
    pub(super) async fn deliver(
        &self,
        from: &Address,
        to: &Address,
        message: &[u8],
    ) -> Result<AsyncSmtpConnection, MailError> {
        let unsendable = || MailError::Unsendable("its address is none");
        let envelope = envelope(from, to).ok_or_else(unsendable)?;
        let mut connection = self.connect().await?;
        if let Some((username, password)) = &self.account {
            let credentials = Credentials::new(username.clone(), password.expose().to_owned());
            connection
                .auth(DEFAULT_MECHANISMS, &credentials)
                .await
                .map_err(|error| told(&error, Phase::SignIn))?;
        }
        connection
            .send(&envelope, message)
            .await
            .map_err(|error| told(&error, Phase::Letter))?;
        Ok(connection)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, MailError> {
        let at_once = self.tls.clone().filter(|_| !self.starttls);
        let server = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, None, &self.hello, at_once, None)
            .await
            .map_err(|error| told(&error, Phase::Connect))?;
        if let Some(tls) = self.tls.clone().filter(|_| self.starttls) {
            if !connection.can_starttls() {
                return Err(MailError::Insecure);
            }
            connection
                .starttls(tls, &self.hello)
                .await
                .map_err(|error| told(&error, Phase::Connect))?;
        }
        Ok(connection)
    }
}

fn tls(settings: &SmtpSettings) -> Result<TlsParameters, Error> {
    let mut builder =
        TlsParameters::builder(settings.host.clone()).certificate_store(CertificateStore::WebpkiRoots);
    for certificate in &settings.extra_ca {
        builder = builder.add_root_certificate(Certificate::from_der(certificate.to_vec())?);
    }
    builder.build()
}

fn envelope(from: &Address, to: &Address) -> Option<Envelope> {
    let plain = |address: &Address| lettre::Address::new(address.local(), address.domain()).ok();
    Envelope::new(Some(plain(from)?), vec![plain(to)?]).ok()
}

/// The failure in our words. The server's own words may name the person, so they are left behind.
fn told(error: &Error, phase: Phase) -> MailError {
    if let Some(code) = error.status() {
        let is_final = code.severity == Severity::PermanentNegativeCompletion;
        let code = u16::from(code);
        // 530 and 535 ask for another sign-in at whatever command they come (RFC 4954 §6).
        return match phase {
            _ if !is_final => MailError::Later { code },
            Phase::SignIn => MailError::SignIn,
            _ if matches!(code, 530 | 535) => MailError::SignIn,
            Phase::Connect => MailError::NotServed { code },
            Phase::Letter => MailError::Refused { code },
        };
    }
    match phase {
        _ if error.is_tls() || is_of_tls(error) => MailError::Insecure,
        _ if error.is_timeout() => MailError::Deadline,
        Phase::SignIn if error.is_client() => MailError::SignIn,
        Phase::Connect if !error.is_response() => MailError::Unreachable,
        _ => MailError::BrokenOff,
    }
}

/// Whether rustls made the error: it travels inside an I/O error, inside lettre's.
fn is_of_tls(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let inside = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        if error.is::<rustls::Error>() || inside.is_some_and(|inside| inside.is::<rustls::Error>()) {
            return true;
        }
        cause = error.source();
    }
    false
}
