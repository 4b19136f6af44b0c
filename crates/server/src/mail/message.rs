//! A letter as it goes over the wire (RFC 5322, RFC 2046 §5.1.4): headers in ASCII, the text, and the HTML beside it.

use super::address::{Address, Mailbox};
use super::encoding::{header_text, phrase, quoted_printable};
use super::{Letter, MailError};
use valetkey_jose::{b64, hash};
use valetkey_protocol::time::Timestamp;

/// `=_` cannot stand in a quoted-printable body, so no text can end its part (RFC 2045 §6.7).
const BOUNDARY: &str = "=_valetkey_alternative";
const SUBJECT_CHARACTERS: usize = 200;

/// Writes the message.
pub(super) fn compose(
    from: &Mailbox,
    reply_to: Option<&Mailbox>,
    to: &Address,
    letter: &Letter,
    now: Timestamp,
) -> Result<String, MailError> {
    let subject = letter.subject.as_str();
    if subject.chars().any(char::is_control) || subject.chars().count() > SUBJECT_CHARACTERS {
        return Err(MailError::Unsendable("its subject is not one short line"));
    }
    let mut out = String::new();
    let mut header = |name: &str, value: &str| {
        out.push_str(name);
        out.push_str(": ");
        out.push_str(value);
        out.push_str("\r\n");
    };
    header("Date", &date(now)?);
    header("From", &written(from));
    if let Some(reply_to) = reply_to {
        header("Reply-To", &written(reply_to));
    }
    header("To", &to.to_string());
    header("Subject", &header_text(subject));
    header("Message-ID", &message_id(letter, from.address.domain())?);
    // Nobody is to answer it by machine (RFC 3834 §5).
    header("Auto-Submitted", "auto-generated");
    header("MIME-Version", "1.0");
    match &letter.html {
        None => part(&mut out, "plain", &letter.text),
        Some(html) => {
            header(
                "Content-Type",
                &format!("multipart/alternative;\r\n boundary=\"{BOUNDARY}\""),
            );
            for (kind, body) in [("plain", &letter.text), ("html", html)] {
                out.push_str(&format!("\r\n--{BOUNDARY}\r\n"));
                part(&mut out, kind, body);
            }
            out.push_str(&format!("\r\n--{BOUNDARY}--\r\n"));
        }
    }
    Ok(out)
}

fn part(out: &mut String, kind: &str, body: &str) {
    out.push_str(&format!(
        "Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    ));
    out.push_str(&quoted_printable(body));
}

fn written(mailbox: &Mailbox) -> String {
    match &mailbox.name {
        // The address on a line of its own, because a name may fill one.
        Some(name) => format!("{}\r\n <{}>", phrase(name), mailbox.address),
        None => mailbox.address.to_string(),
    }
}

fn date(now: Timestamp) -> Result<String, MailError> {
    let moment =
        jiff::Timestamp::from_second(now.0).map_err(|_| MailError::Unsendable("its date is none"))?;
    Ok(moment.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string())
}

/// Made from the letter alone, so that sending it again does not make it another one. The links in a letter hold 256 secret
/// bits, so nothing can be learnt from the hash.
fn message_id(letter: &Letter, domain: &str) -> Result<String, MailError> {
    let text = serde_json::to_vec(letter).map_err(|_| MailError::Unsendable("it cannot be written"))?;
    Ok(format!("<{}@{domain}>", b64::encode_url(&hash::sha256(&text))))
}
