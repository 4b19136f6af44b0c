//! The device authorization grant (RFC 8628): for a program without a browser, whose person says yes on another device.

use std::fmt;

use serde::Deserialize;
use valetkey_protocol::observe::Step;
use valetkey_protocol::scope::{OPENID, Scope};
use valetkey_protocol::secret::DeviceCode;
use valetkey_protocol::time::Timestamp;

use crate::discovery::read;
use crate::grants::{no_id_token, tokens};
use crate::id_token::{Expected, Nonce};
use crate::token_endpoint::Answer;
use crate::watch::Note;
use crate::{Client, Error, HttpError, Tokens};

const DEVICE_ENDPOINT: &str = "device authorization endpoint";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// How long to wait between two polls when the server does not say (§3.2).
const DEFAULT_INTERVAL_SECONDS: i64 = 5;

/// What `slow_down` adds to the interval (§3.5).
const SLOW_DOWN_SECONDS: i64 = 5;

/// One device authorization on its way. Show the person the code and the address, then poll.
pub struct DeviceAuthorization {
    /// What the person types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it, for a picture that a phone reads.
    pub verification_uri_complete: Option<String>,
    /// When both codes end.
    pub expires_at: Timestamp,
    /// How long to wait before each poll; polling can make it longer.
    pub interval_seconds: i64,
    device_code: DeviceCode,
    scope: Scope,
}

impl fmt::Debug for DeviceAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceAuthorization")
            .field("verification_uri", &self.verification_uri)
            .field("expires_at", &self.expires_at)
            .field("interval_seconds", &self.interval_seconds)
            .finish_non_exhaustive()
    }
}

/// What a poll gave.
#[derive(Debug)]
pub enum Polled {
    /// The person has not decided yet.
    Pending {
        /// How long to wait before the next poll.
        wait_seconds: i64,
    },
    /// The person said yes.
    Done(Box<Tokens>),
}

#[derive(Deserialize)]
struct Wire {
    device_code: DeviceCode,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: i64,
    interval: Option<i64>,
}

impl Client {
    /// Asks for a code that the person types on another device.
    ///
    /// # Errors
    /// [`Error::NotOffered`]; [`Error::Wire`] when the authorization server refuses; [`Error::Config`] for a scope that
    /// cannot be one.
    pub async fn begin_device(
        &self,
        scope: &str,
        resource: Option<&str>,
        now: Timestamp,
    ) -> Result<DeviceAuthorization, Error> {
        let endpoint = self.metadata().device_authorization_endpoint.as_deref();
        let endpoint = endpoint.ok_or(Error::NotOffered(DEVICE_ENDPOINT))?;
        let asked = Scope::parse(scope).map_err(|error| Error::Config(error.to_string()))?;
        let mut form = Vec::new();
        form.extend((!asked.is_empty()).then_some(("scope", scope)));
        form.extend(resource.map(|resource| ("resource", resource)));
        let answer = self.post_form(DEVICE_ENDPOINT, endpoint, form, now).await?;
        let wire: Wire = read(DEVICE_ENDPOINT, &answer)?;
        Ok(DeviceAuthorization {
            user_code: wire.user_code,
            verification_uri: wire.verification_uri,
            verification_uri_complete: wire.verification_uri_complete,
            expires_at: now.plus_seconds(wire.expires_in),
            interval_seconds: wire.interval.unwrap_or(DEFAULT_INTERVAL_SECONDS).max(1),
            device_code: wire.device_code,
            scope: asked,
        })
    }

    /// Asks once whether the person has decided. Wait [`DeviceAuthorization::interval_seconds`] before each call: a server
    /// that is asked too often, or does not answer in time, makes them more (§3.5).
    ///
    /// ```
    /// # use valetkey_client::{Client, Error, Polled, Timestamp, Tokens};
    /// # async fn sleep(seconds: i64) {}
    /// # fn clock() -> Timestamp { Timestamp(0) }
    /// async fn sign_in(client: &Client) -> Result<Tokens, Error> {
    ///     let mut device = client.begin_device("openid photos.read", None, clock()).await?;
    ///     println!("Open {} and type {}", device.verification_uri, device.user_code);
    ///     let mut wait = device.interval_seconds;
    ///     loop {
    ///         sleep(wait).await;
    ///         match client.poll_device(&mut device, clock()).await? {
    ///             Polled::Pending { wait_seconds } => wait = wait_seconds,
    ///             Polled::Done(tokens) => return Ok(*tokens),
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Wire`] with `access_denied` when the person said no, with `expired_token` when the codes have ended (the
    /// server is not asked any more then); [`Error::Refused`] when the ID token does not hold.
    pub async fn poll_device(
        &self,
        device: &mut DeviceAuthorization,
        now: Timestamp,
    ) -> Result<Polled, Error> {
        if now >= device.expires_at {
            return Err(Error::Wire {
                error: "expired_token".to_owned(),
                description: Some("the device code has ended; begin again".to_owned()),
                uri: None,
            });
        }
        let form = vec![
            ("grant_type", GRANT_TYPE),
            ("device_code", device.device_code.expose()),
        ];
        let interval = device.interval_seconds;
        let wait_seconds = match self.ask_tokens(form, now, &mut self.trail()).await {
            Ok(answer) => return Ok(Polled::Done(Box::new(self.of_device(device, answer, now).await?))),
            Err(Error::Wire { error, .. }) if error == "authorization_pending" => interval,
            Err(Error::Wire { error, .. }) if error == "slow_down" => {
                interval.saturating_add(SLOW_DOWN_SECONDS)
            }
            Err(Error::Http(HttpError::Timeout)) => interval.saturating_mul(2),
            Err(error) => return Err(error),
        };
        device.interval_seconds = wait_seconds;
        Ok(Polled::Pending { wait_seconds })
    }

    async fn of_device(
        &self,
        device: &DeviceAuthorization,
        answer: Answer,
        now: Timestamp,
    ) -> Result<Tokens, Error> {
        let asked = &device.scope;
        if !asked.contains(OPENID) {
            return Ok(tokens(answer, asked, None));
        }
        let expected = Expected {
            access_token: &answer.access_token,
            // The request carried no nonce, so none may come back.
            nonce: Nonce::Earlier(None),
            max_age: None,
            acr: None,
            sub: None,
            earlier: None,
            now,
        };
        let note = Note {
            title: "ID token checked",
            step: Step::TokenResponse,
            state: None,
            tokens: &[answer.access_token.expose(), device.device_code.expose()],
            claims: None,
        };
        let id_token = answer.id_token.as_deref().ok_or_else(no_id_token)?;
        let claims = self.check_id_token(id_token, &expected, note).await?;
        Ok(tokens(answer, asked, Some(claims)))
    }
}
