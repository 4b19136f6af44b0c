//! Where letters go out, and in whose name: what the operator says, checked.

use super::address::Mailbox;
use rustls::pki_types::{CertificateDer, ServerName};
use std::net::IpAddr;
use valetkey_protocol::secret::Secret;

/// Marks an [`SmtpPassword`].
#[derive(Debug, Clone, Copy)]
pub enum SmtpKind {}

/// The password for the mail server.
pub type SmtpPassword = Secret<SmtpKind>;

/// Everything about letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// The operator's mail server.
    pub smtp: SmtpSettings,
    /// The sender; its domain is also that of the `Message-ID` and of our greeting.
    pub from: Mailbox,
    /// Where answers go, when not to the sender.
    pub reply_to: Option<Mailbox>,
}

/// The mail server that takes letters from us (RFC 6409).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpSettings {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept secret.
    pub tls: SmtpTls,
    /// Who we are there.
    pub username: Option<String>,
    /// The password of that account.
    pub password: Option<SmtpPassword>,
    /// Trusted beside the usual authorities.
    pub extra_ca: Vec<CertificateDer<'static>>,
}

/// How the connection is kept secret (RFC 8314).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// TLS from the first byte.
    Implicit,
    /// The server has to offer STARTTLS, or nothing is sent (RFC 3207).
    StartTls,
    /// Plain text, for a server on this machine alone.
    None,
}

impl SmtpTls {
    /// The port that is usual for it.
    #[must_use]
    pub const fn usual_port(self) -> u16 {
        match self {
            Self::Implicit => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// The settings cannot be used. `key` is the key of `[mail]` that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("[mail] {key}: {why}")]
pub struct InvalidMailSettings {
    /// The key.
    pub key: &'static str,
    /// What is wrong, and how to write it.
    pub why: &'static str,
}

impl MailSettings {
    /// Checks what the types leave open.
    pub fn check(&self) -> Result<(), InvalidMailSettings> {
        let refuse = |key, why| Err(InvalidMailSettings { key, why });
        let smtp = &self.smtp;
        if ServerName::try_from(smtp.host.as_str()).is_err() {
            return refuse("smtp_host", "is not a host; write \"smtp.example.com\"");
        }
        if smtp.port == 0 {
            return refuse("smtp_port", "is a number from 1 to 65535");
        }
        if smtp.tls == SmtpTls::None && !is_loopback(&smtp.host) {
            return refuse(
                "tls",
                "\"none\" is for a mail server on this machine alone; use \"implicit\" or \"starttls\"",
            );
        }
        match (&smtp.username, &smtp.password) {
            (Some(username), _) if username.is_empty() || username.chars().any(char::is_control) => {
                refuse("username", "is one line of text")
            }
            (_, Some(password)) if password.expose().is_empty() => {
                refuse("password_file", "holds no password")
            }
            (Some(_), None) => refuse("password_file", "is missing; username needs it"),
            (None, Some(_)) => refuse("username", "is missing; password_file needs it"),
            _ => Ok(()),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
