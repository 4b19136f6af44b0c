//! Letters to people: what a letter is, and how it goes to the operator's mail server (RFC 5321, RFC 5322).
//!
//! [`letters`] writes them, [`Mailer`] delivers one of them once, and says by [`MailError::is_transient`] whether trying
//! again makes sense. Keeping letters until they are delivered is the outbox's business; so is the order of tries.

mod address;
mod encoding;
pub mod letters;
mod message;
mod settings;
mod smtp;
#[cfg(test)]
mod tests;

pub use address::{Address, BadAddress, Mailbox};
pub use settings::{InvalidMailSettings, MailSettings, SmtpPassword, SmtpSettings, SmtpTls};

use serde::{Deserialize, Serialize};
use smtp::Relay;
use std::time::Duration;
use valetkey_protocol::time::Timestamp;

/// How long one delivery may take, from the connection to the server's last answer.
const DEADLINE: Duration = Duration::from_secs(20);

/// A letter to one person. It may hold a link that signs somebody in, so it is stored sealed and never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The plain text, which every reader shows.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter").finish_non_exhaustive()
    }
}

/// A letter was not delivered. Says nothing of the person and of what is in the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The letter itself cannot be sent.
    #[error("the letter cannot be sent: {0}")]
    Unsendable(&'static str),
    /// The server will not take this letter.
    #[error("the mail server refused the letter (reply {code})")]
    Refused {
        /// Its reply (RFC 5321 §4.2), 5xx.
        code: u16,
    },
    /// The server wants to be asked again later.
    #[error("the mail server cannot take the letter now (reply {code})")]
    Later {
        /// Its reply, 4xx.
        code: u16,
    },
    /// The server does not want to talk to us at all; that is no word about the letter.
    #[error("the mail server does not serve us (reply {code})")]
    NotServed {
        /// Its reply, 5xx.
        code: u16,
    },
    /// The username or password is wrong, or is needed, or no way to show it is known to both.
    #[error("the mail server does not accept the sign-in: look at [mail] username and password_file")]
    SignIn,
    /// The server offers no TLS, or shows a certificate that is not trusted.
    #[error(
        "no secure connection to the mail server: look at [mail] tls and extra_ca_file, and at its certificate"
    )]
    Insecure,
    /// Nobody listens there, or the name is not known.
    #[error("the mail server cannot be reached")]
    Unreachable,
    /// The conversation ended before its end, or was none.
    #[error("the conversation with the mail server broke off")]
    BrokenOff,
    /// Too slow.
    #[error("the mail server took too long")]
    Deadline,
}

impl MailError {
    /// Whether the same letter may succeed later. What the operator can set right counts as that.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        !matches!(self, Self::Unsendable(_) | Self::Refused { .. })
    }
}

/// Delivers letters to the operator's mail server, each over a connection of its own. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Mailer {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    relay: Relay,
    deadline: Duration,
}

impl Mailer {
    /// Checks the settings. Connects to nobody yet.
    pub fn new(settings: &MailSettings) -> Result<Self, InvalidMailSettings> {
        settings.check()?;
        Ok(Self {
            from: settings.from.clone(),
            reply_to: settings.reply_to.clone(),
            relay: Relay::new(&settings.smtp, settings.from.address.domain())?,
            deadline: DEADLINE,
        })
    }

    /// Delivers a letter; `now` is its date. A letter that is sent again has the same `Message-ID`, so that a reader who
    /// got it the first time does not see it twice.
    pub async fn send(&self, letter: &Letter, now: Timestamp) -> Result<(), MailError> {
        let to = Address::parse(&letter.to).map_err(|_| MailError::Unsendable("its address is none"))?;
        let reply_to = self.reply_to.as_ref();
        let message = message::compose(&self.from, reply_to, &to, letter, now)?;
        let delivery = Box::pin(self.relay.deliver(&self.from.address, &to, message.as_bytes()));
        let mut connection = tokio::time::timeout(self.deadline, delivery)
            .await
            .map_err(|_| MailError::Deadline)??;
        // The letter is delivered; that the server says goodbye is not waited for long.
        let _ = tokio::time::timeout(Duration::from_secs(1), Box::pin(connection.quit())).await;
        Ok(())
    }
}
