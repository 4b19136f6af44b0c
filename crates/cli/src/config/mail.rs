//! `[mail]`: the mail server that takes our letters, and in whose name they go. Without the section no letter is sent.

use super::document::Checks;
use super::secret_file;
use super::section::{Key, Preset, Section};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use valetkey_server::mail::{MailSettings, Mailbox, Mailer, SmtpPassword, SmtpSettings, SmtpTls};

/// The keys of `[mail]`.
pub(super) const SECTION: Section = Section {
    name: "mail",
    repeated: false,
    about: "The mail server for letters to people: confirming addresses, new passwords, changes of an account. Without this \
            section none is sent.",
    keys: &[
        Key {
            name: "smtp_host",
            kind: "host",
            preset: Preset::Unset("\"smtp.example.com\""),
            meaning: "The mail server that takes our letters. The section needs it.",
        },
        Key {
            name: "smtp_port",
            kind: "port",
            preset: Preset::Unset("465"),
            meaning: "Its port. When absent 465, with `starttls` 587, with `none` 25.",
        },
        Key {
            name: "tls",
            kind: "implicit, starttls or none",
            preset: Preset::Unset("\"implicit\""),
            meaning: "`implicit`, also when absent, is TLS from the first byte; `starttls` sends nothing to a server that does \
                      not offer it; `none` is for a server on this machine alone.",
        },
        Key {
            name: "username",
            kind: "text",
            preset: Preset::Unset("\"valetkey\""),
            meaning: "The account there, when it wants one.",
        },
        Key {
            name: "password_file",
            kind: "file",
            preset: Preset::Unset("\"/etc/valetkey/smtp-password\""),
            meaning: "The file that holds its password, in one line; not open to everybody on the machine.",
        },
        Key {
            name: "from",
            kind: "mailbox",
            preset: Preset::Unset("\"Valetkey <no-reply@example.com>\""),
            meaning: "The sender. The section needs it.",
        },
        Key {
            name: "reply_to",
            kind: "mailbox",
            preset: Preset::Unset("\"Help <help@example.com>\""),
            meaning: "Where people's answers go, when not to the sender.",
        },
        Key {
            name: "extra_ca_file",
            kind: "file",
            preset: Preset::Unset("\"/etc/valetkey/mail-ca.pem\""),
            meaning: "Certificates, in PEM, that are trusted for the mail server beside the usual authorities.",
        },
    ],
};

/// `[mail]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    smtp_host: Option<String>,
    smtp_port: Option<u16>,
    tls: Option<String>,
    username: Option<String>,
    password_file: Option<String>,
    from: Option<String>,
    reply_to: Option<String>,
    extra_ca_file: Option<String>,
}

/// Checks `[mail]`. The files are read here, so that a missing one is known before anything starts.
pub(super) fn check(raw: &Raw, checks: &mut Checks) -> Option<MailSettings> {
    if !raw.is_there() {
        return None;
    }
    let tls = tls(raw, checks);
    let password = password(raw, checks);
    let extra_ca = extra_ca(raw, checks);
    let from = mailbox(raw.from.as_deref(), "from", checks);
    let reply_to = mailbox(raw.reply_to.as_deref(), "reply_to", checks);
    if raw.from.is_none() {
        checks.refuse(
            "mail",
            "from",
            "is missing; write \"Valetkey <no-reply@example.com>\"",
        );
    }
    let Some(host) = raw.smtp_host.clone() else {
        checks.refuse(
            "mail",
            "smtp_host",
            "is missing; name the mail server, as \"smtp.example.com\"",
        );
        return None;
    };
    // What cannot be read has told its problem already.
    let settings = MailSettings {
        smtp: SmtpSettings {
            host,
            port: raw.smtp_port.unwrap_or(tls?.usual_port()),
            tls: tls?,
            username: raw.username.clone(),
            password: password?,
            extra_ca: extra_ca?,
        },
        from: from?,
        reply_to,
    };
    if let Err(invalid) = Mailer::new(&settings) {
        checks.refuse("mail", invalid.key, invalid.why);
        return None;
    }
    Some(settings)
}

impl Raw {
    /// Whether the section says anything.
    pub(super) fn is_there(&self) -> bool {
        let texts = [
            &self.smtp_host,
            &self.tls,
            &self.username,
            &self.password_file,
            &self.from,
            &self.reply_to,
            &self.extra_ca_file,
        ];
        self.smtp_port.is_some() || texts.iter().any(|text| text.is_some())
    }
}

fn tls(raw: &Raw, checks: &mut Checks) -> Option<SmtpTls> {
    match raw.tls.as_deref() {
        None | Some("implicit") => Some(SmtpTls::Implicit),
        Some("starttls") => Some(SmtpTls::StartTls),
        Some("none") => Some(SmtpTls::None),
        Some(other) => {
            let why = format!("{other:?} is none of \"implicit\", \"starttls\" and \"none\"");
            checks.refuse("mail", "tls", why);
            None
        }
    }
}

/// `None` when the file cannot be used.
fn password(raw: &Raw, checks: &mut Checks) -> Option<Option<SmtpPassword>> {
    let Some(written) = &raw.password_file else {
        return Some(None);
    };
    let path = checks.path(written);
    match secret_file::read(&path) {
        Ok(line) => Some(Some(SmtpPassword::new(line.as_str()))),
        Err(why) => {
            checks.refuse("mail", "password_file", format!("{}: {why}", path.display()));
            None
        }
    }
}

/// `None` when the file cannot be used.
fn extra_ca(raw: &Raw, checks: &mut Checks) -> Option<Vec<CertificateDer<'static>>> {
    let Some(written) = &raw.extra_ca_file else {
        return Some(Vec::new());
    };
    let path = checks.path(written);
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&path).and_then(Iterator::collect);
    let why = match read {
        Ok(certificates) if !certificates.is_empty() => return Some(certificates),
        Ok(_) => String::from("it holds no certificate in PEM"),
        Err(error) => error.to_string(),
    };
    checks.refuse("mail", "extra_ca_file", format!("{}: {why}", path.display()));
    None
}

fn mailbox(written: Option<&str>, key: &str, checks: &mut Checks) -> Option<Mailbox> {
    match written?.parse() {
        Ok(mailbox) => Some(mailbox),
        Err(_) => {
            let why = "is not an address; write \"Valetkey <no-reply@example.com>\"";
            checks.refuse("mail", key, why);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Settings, read};
    use std::path::Path;

    const LEAST: &str = "[server]\nissuer = \"https://id.example.com\"\n[store]\nfolder = \"data\"\n[mail]\n";
    const MAIL: &str = "smtp_host = \"smtp.example.com\"\nfrom = \"Photos <no-reply@example.com>\"\n";

    fn read_in(folder: &Path, mail: &str) -> Result<Settings, String> {
        let text = format!("{LEAST}{mail}");
        read(&folder.join("valetkey.toml"), &text).map_err(|problems| problems.to_string())
    }

    fn refused(mail: &str) -> String {
        read_in(Path::new("/nowhere"), mail).expect_err(mail)
    }

    #[test]
    fn a_mail_server_without_host_or_sender_is_refused() {
        let said = refused("username = \"a\"\n");
        assert!(said.contains("[mail] smtp_host: is missing"), "{said}");
        assert!(said.contains("[mail] from: is missing"), "{said}");
    }

    #[test]
    fn a_password_never_leaves_this_machine_without_tls() {
        let said = refused(&format!("{MAIL}tls = \"none\"\n"));
        assert!(
            said.contains(":8: [mail] tls: \"none\" is for a mail server on this machine alone"),
            "{said}"
        );
    }

    #[test]
    fn what_cannot_be_is_told_with_its_key() {
        for (bad, word) in [
            ("tls = \"ssl\"\n", "tls: \"ssl\" is none of"),
            ("password_file = \"absent\"\n", "password_file: /nowhere/absent: "),
            ("extra_ca_file = \"absent\"\n", "extra_ca_file: /nowhere/absent: "),
            (
                "username = \"valetkey\"\n",
                "password_file: is missing; username needs it",
            ),
            ("reply_to = \"nobody\"\n", "reply_to: is not an address"),
            ("smtp_port = 0\n", "smtp_port: is a number"),
        ] {
            let said = refused(&format!("{MAIL}{bad}"));
            assert!(said.contains(&format!("[mail] {word}")), "{bad}: {said}");
        }
        let said = refused("smtp_host = \"smtp.example.com\"\nfrom = \"a@b.example\\nBcc: c@d.example\"\n");
        assert!(said.contains("[mail] from: is not an address"), "{said}");
        assert!(refused(&format!("{MAIL}password = \"hunter2\"\n")).contains("password_file"));
    }

    #[test]
    fn an_absent_section_sends_nothing() {
        assert!(read_in(Path::new("/nowhere"), "").unwrap().mail.is_none());
    }

    #[test]
    fn a_whole_section_is_read_with_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("smtp-password");
        std::fs::write(&secret, "hunter2-hunter2\n").unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let ca = include_str!("../../tests/cli/fixtures/localhost.pem");
        std::fs::write(folder.path().join("ca.pem"), ca).unwrap();
        let more = "tls = \"starttls\"\nusername = \"valetkey\"\npassword_file = \"smtp-password\"\n\
                    reply_to = \"help@example.com\"\nextra_ca_file = \"ca.pem\"\n";
        let settings = read_in(folder.path(), &format!("{MAIL}{more}")).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        let mail = settings.mail.unwrap();
        assert_eq!(
            (mail.smtp.host.as_str(), mail.smtp.port),
            ("smtp.example.com", 587)
        );
        assert_eq!(mail.smtp.tls, SmtpTls::StartTls);
        assert_eq!(mail.smtp.password.unwrap().expose(), "hunter2-hunter2");
        assert_eq!(mail.smtp.extra_ca.len(), 1);
        assert_eq!(mail.from.name.as_deref(), Some("Photos"));
        assert_eq!(mail.reply_to.unwrap().address.to_string(), "help@example.com");
        let default = read_in(folder.path(), MAIL).unwrap().mail.unwrap();
        assert_eq!((default.smtp.port, default.smtp.tls), (465, SmtpTls::Implicit));
        std::fs::write(folder.path().join("ca.pem"), "nothing").unwrap();
        let said = read_in(folder.path(), &format!("{MAIL}extra_ca_file = \"ca.pem\"\n")).unwrap_err();
        assert!(said.contains("holds no certificate"), "{said}");
    }
}
