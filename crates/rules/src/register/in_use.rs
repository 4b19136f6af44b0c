//! Clients that registered themselves (RFC 7591) are forgotten when nobody uses them. A token for the client itself
//! (RFC 6749 §4.4) leaves no trace, so that use is written down now and then. Forgetting is the store's.

use super::RegistrationPolicy;
use valetkey_model::Client;
use valetkey_protocol::time::Timestamp;

/// How often within the time that unused clients are kept: a client is forgotten that much too early at most.
const WRITES_IN_TTL: i64 = 10;

/// Whether this use is to be written down: unless a use since the answered moment stands there.
#[must_use]
pub fn use_to_write_down(client: &Client, policy: &RegistrationPolicy, now: Timestamp) -> Option<Timestamp> {
    let registered = client.registration.as_ref()?;
    if policy.unused_ttl_seconds <= 0 {
        return None;
    }
    let since = now.plus_seconds(-(policy.unused_ttl_seconds / WRITES_IN_TTL));
    let known = registered.used_at.unwrap_or(client.created_at);
    (known < since).then_some(since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use valetkey_model::relying_party::Registered;

    const CREATED: Timestamp = Timestamp(1_800_000_000);

    fn client(used_at: Option<Timestamp>) -> Client {
        Client {
            created_at: CREATED,
            registration: Some(Registered {
                used_at,
                ..Registered::default()
            }),
            ..samples::web_client()
        }
    }

    fn kept_for(unused_ttl_seconds: i64) -> RegistrationPolicy {
        RegistrationPolicy {
            unused_ttl_seconds,
            ..RegistrationPolicy::default()
        }
    }

    #[test]
    fn nothing_is_written_for_an_operators_client_or_where_none_is_forgotten() {
        let later = CREATED.plus_seconds(5000);
        let operators = Client {
            registration: None,
            ..client(None)
        };
        assert_eq!(use_to_write_down(&operators, &kept_for(1000), later), None);
        for never in [0, -1, i64::MIN] {
            assert_eq!(use_to_write_down(&client(None), &kept_for(never), later), None);
        }
    }

    #[test]
    fn a_use_is_written_once_a_tenth_of_the_time_has_passed() {
        let policy = kept_for(1000);
        for used_at in [None, Some(CREATED)] {
            for (seconds, since) in [
                (-5, None),
                (0, None),
                (100, None),
                (101, Some(1)),
                (5000, Some(4900)),
            ] {
                let now = CREATED.plus_seconds(seconds);
                assert_eq!(
                    use_to_write_down(&client(used_at), &policy, now),
                    since.map(|since| CREATED.plus_seconds(since)),
                    "{seconds}"
                );
            }
        }
        let used = client(Some(CREATED.plus_seconds(4950)));
        assert_eq!(
            use_to_write_down(&used, &policy, CREATED.plus_seconds(5000)),
            None
        );
    }
}
