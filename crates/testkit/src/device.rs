//! A device as the protocol sees it (RFC 8628): it begins, shows a code, and polls.

use crate::answer::Answer;
use crate::app::App;
use valetkey_model::client::GrantType;

/// What a device got at first.
#[derive(Debug, Clone)]
pub struct Begun {
    /// What it polls with.
    pub device_code: String,
    /// What the person types.
    pub user_code: String,
    /// The whole answer.
    pub json: serde_json::Value,
}

impl App {
    /// Asks for a code to show.
    pub async fn begins_on_a_device(&self, scope: &str) -> Answer {
        self.posts("/device_authorization", &[("scope", scope)]).await
    }

    /// The same, where all goes well.
    ///
    /// # Panics
    /// When it does not.
    pub async fn shows_a_code(&self, scope: &str) -> Begun {
        let answer = self.begins_on_a_device(scope).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        Begun {
            device_code: answer.member("device_code"),
            user_code: answer.member("user_code"),
            json: answer.json(),
        }
    }

    /// Asks whether the person has answered.
    pub async fn polls(&self, begun: &Begun) -> Answer {
        let pairs = [
            ("grant_type", GrantType::DeviceCode.as_str()),
            ("device_code", &begun.device_code),
        ];
        self.posts("/token", &pairs).await
    }
}
