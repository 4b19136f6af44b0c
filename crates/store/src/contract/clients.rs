//! Clients.

use super::races::race;
use super::records::{
    ALICE, NEVER, add_grants, assert_exists, client, client_id, consent_of, device, device_id, grant,
    grant_id, people_and_apps, resources, scope, time,
};
use crate::Store;
use std::collections::BTreeSet;
use std::sync::Arc;
use valetkey_model::client::{
    ApplicationType, Authentication, ClientKeys, Exchange, GrantType, OAuth1, SecretHash, SigningAlg,
};
use valetkey_model::grant::RevokedWhy;
use valetkey_model::relying_party::{
    Encryption, LogoutUri, Presentation, Registered, RelyingParty, SubjectType,
};
use valetkey_model::{Client, DeviceAuthorization, SealedSecret};
use valetkey_protocol::authorize::ResponseType;
use valetkey_protocol::redirect_uri::RedirectUri;

/// Nothing is found, changed or removed where there is no client.
pub async fn an_absent_client_is_none(store: Arc<dyn Store>) {
    store.insert_client(client("app")).await.unwrap();
    assert_eq!(store.find_client(&client_id("App")).await.unwrap(), None);
    assert!(!store.update_client(client("other")).await.unwrap());
    assert!(!store.remove_client(&client_id("other")).await.unwrap());
    assert_eq!(store.list_clients().await.unwrap(), vec![client("app")]);
}

/// The second insert is refused, and changes nothing.
pub async fn a_client_id_is_taken_only_once(store: Arc<dyn Store>) {
    store.insert_client(client("app")).await.unwrap();
    let second = Client {
        name: "Another".to_owned(),
        ..client("app")
    };
    assert_exists(store.insert_client(second).await, "client");
    assert_eq!(
        store.find_client(&client_id("app")).await.unwrap(),
        Some(client("app"))
    );
}

/// Every field and every variant survives.
pub async fn a_client_comes_back_as_it_went_in(store: Arc<dyn Store>) {
    let secret = SecretHash([0xAB; 32]);
    let ways = [
        (Authentication::None, ApplicationType::Native, SigningAlg::ES256),
        (
            Authentication::ClientSecret { secret },
            ApplicationType::Web,
            SigningAlg::RS256,
        ),
        (
            Authentication::ClientSecretBasic { secret },
            ApplicationType::SinglePage,
            SigningAlg::RS256,
        ),
        (
            Authentication::ClientSecretPost { secret },
            ApplicationType::Service,
            SigningAlg::ES256,
        ),
        (
            Authentication::ClientSecretJwt {
                secret: SealedSecret(vec![0, 0xff, 7]),
            },
            ApplicationType::Service,
            SigningAlg::ES256,
        ),
        (
            Authentication::PrivateKeyJwt,
            ApplicationType::Service,
            SigningAlg::Ed25519,
        ),
    ];
    for (number, (authentication, application_type, alg)) in ways.into_iter().enumerate() {
        let full = Client {
            name: "Zoë's \"app\"; DROP TABLE clients".to_owned(),
            authentication,
            application_type,
            redirect_uris: [
                "https://b.example/cb?x=1",
                "https://a.example/cb",
                "com.example.app:/cb",
            ]
            .map(|uri| RedirectUri::parse(uri).unwrap())
            .to_vec(),
            post_logout_redirect_uris: vec!["https://a.example/bye".to_owned()],
            grant_types: BTreeSet::from(GrantType::ALL),
            scope: scope("openid a b"),
            resources: resources(&["https://a.example", "https://b.example"]),
            introspects: resources(&["urn:example:api"]),
            id_token_signed_response_alg: alg,
            require_pkce: false,
            inspect_until: Some(time(99)),
            ..client(&format!("app-{number}"))
        };
        store.insert_client(full.clone()).await.unwrap();
        assert_eq!(store.find_client(&full.id).await.unwrap(), Some(full));
    }
    let bare = Client {
        redirect_uris: Vec::new(),
        grant_types: BTreeSet::new(),
        scope: scope(""),
        ..client("bare")
    };
    store.insert_client(bare.clone()).await.unwrap();
    assert_eq!(store.find_client(&bare.id).await.unwrap(), Some(bare));
}

/// Every algorithm survives.
pub async fn every_signing_algorithm_of_a_client_comes_back(store: Arc<dyn Store>) {
    store.insert_client(client("app")).await.unwrap();
    for id_token_signed_response_alg in SigningAlg::ALL {
        let client = Client {
            id_token_signed_response_alg,
            ..client("app")
        };
        assert!(store.update_client(client.clone()).await.unwrap());
        assert_eq!(store.find_client(&client.id).await.unwrap(), Some(client));
    }
}

/// Keys are here, elsewhere or nowhere, however the client authenticates.
pub async fn the_keys_of_a_client_come_back_as_they_went_in(store: Arc<dyn Store>) {
    store.insert_client(client("app")).await.unwrap();
    let secret = client("app").authentication;
    for authentication in [Authentication::PrivateKeyJwt, Authentication::None, secret] {
        let here = r#"{"keys":[{"kty":"EC","kid":"it's \"one\""}]}"#.to_owned();
        let elsewhere = "https://app.example/jwks?x=%20".to_owned();
        for keys in [
            Some(ClientKeys::Jwks(here)),
            Some(ClientKeys::JwksUri(elsewhere)),
            None,
        ] {
            let client = Client {
                authentication: authentication.clone(),
                keys,
                ..client("app")
            };
            assert!(store.update_client(client.clone()).await.unwrap());
            assert_eq!(store.find_client(&client.id).await.unwrap(), Some(client));
        }
    }
}

fn full_relying_party() -> RelyingParty {
    let text = |text: &str| Some(text.to_owned());
    let told_at = |uri: &str, session_required| {
        Some(LogoutUri {
            uri: uri.to_owned(),
            session_required,
        })
    };
    let encryption = Some(Encryption {
        alg: "RSA-OAEP-256".to_owned(),
        enc: "A256GCM".to_owned(),
    });
    RelyingParty {
        response_types: BTreeSet::from(ResponseType::ALL),
        subject_type: SubjectType::Pairwise,
        sector_identifier_uri: text("https://a.example/sector"),
        id_token_encryption: encryption.clone(),
        userinfo_signed_response_alg: Some(SigningAlg::ES384),
        userinfo_encryption: encryption,
        request_object_signing_alg: Some(SigningAlg::PS256),
        require_signed_request_object: true,
        request_uris: vec!["https://a.example/request#hash".to_owned()],
        default_max_age_seconds: Some(0),
        require_auth_time: true,
        default_acr_values: vec!["2".to_owned(), "urn:it's".to_owned()],
        initiate_login_uri: text("https://a.example/begin"),
        frontchannel_logout: told_at("https://a.example/front", true),
        backchannel_logout: told_at("https://a.example/back", false),
        token_endpoint_auth_signing_alg: text("ES256"),
    }
}

/// What OpenID Connect and registration add: all of it, and none of it.
pub async fn a_relying_party_comes_back_as_it_went_in(store: Arc<dyn Store>) {
    let text = |text: &str| Some(text.to_owned());
    let full = Client {
        openid: full_relying_party(),
        presentation: Presentation {
            logo_uri: text("https://a.example/logo"),
            client_uri: text("https://a.example/"),
            policy_uri: text("https://a.example/policy"),
            tos_uri: text("https://a.example/tos"),
            contacts: vec!["zoë@a.example".to_owned()],
        },
        registration: Some(Registered {
            updated_at: Some(time(5)),
            initial_access_token: text("jti"),
            software_id: text("a \"software\""),
            software_version: text("1"),
            shared: true,
            used_at: Some(time(9)),
        }),
        ..client("app")
    };
    let bare = Client {
        registration: Some(Registered::default()),
        ..client("bare")
    };
    for client in [full, bare] {
        store.insert_client(client.clone()).await.unwrap();
        let found = store.find_client(&client.id).await.unwrap();
        assert_eq!(found, Some(client));
    }
    // By an update too, and away again.
    for client in [
        Client {
            openid: full_relying_party(),
            ..client("bare")
        },
        client("app"),
    ] {
        assert!(store.update_client(client.clone()).await.unwrap());
        assert_eq!(store.find_client(&client.id).await.unwrap(), Some(client));
    }
}

/// A client that registered itself at that moment.
fn registered(id: &str, at: i64) -> Client {
    Client {
        registration: Some(Registered::default()),
        created_at: time(at),
        ..client(id)
    }
}

/// Whoever an administrator registered is kept, used or not, and so is everybody who is used, or is new.
pub async fn only_clients_that_registered_themselves_and_are_unused_are_forgotten(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    assert_eq!(store.forget_unused_clients(NEVER, 9).await.unwrap(), 0);
    for (id, at) in [("granted", 1), ("allowed", 1), ("new", 50), ("unused", 1)] {
        store.insert_client(registered(id, at)).await.unwrap();
    }
    let of = |id, number| valetkey_model::Grant {
        client: client_id(id),
        ..grant(number)
    };
    add_grants(&store, &[of("granted", 1)]).await;
    let allowed = of("allowed", 2);
    let consent = consent_of(&allowed);
    store.insert_grant(allowed, Some(consent.clone())).await.unwrap();
    // Its grant is forgotten after a while; what the person allowed it is not.
    store
        .revoke_grant(grant_id(2), RevokedWhy::ByClient, time(2))
        .await
        .unwrap();
    assert_eq!(store.forget_expired(time(2), 0, 9).await.unwrap(), 1);
    assert_eq!(store.count_registered_clients().await.unwrap(), 4);

    assert_eq!(store.forget_unused_clients(time(1), 9).await.unwrap(), 0);
    assert_eq!(store.forget_unused_clients(time(50), 9).await.unwrap(), 1);

    let left = store.list_clients().await.unwrap();
    let left: Vec<_> = left.iter().map(|client| client.id.as_str()).collect();
    assert_eq!(left, ["allowed", "app", "granted", "new", "other"]);
    assert_eq!(store.count_registered_clients().await.unwrap(), 3);
    assert_eq!(store.forget_unused_clients(time(51), 9).await.unwrap(), 1);
    store
        .withdraw_consent(ALICE, &client_id("allowed"), time(60))
        .await
        .unwrap();
    assert_eq!(store.forget_unused_clients(NEVER, 9).await.unwrap(), 1);
    assert_eq!(store.count_registered_clients().await.unwrap(), 1);
}

/// What leaves no grant is a use all the same.
pub async fn a_client_that_was_used_lately_is_not_forgotten(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let own = client_id("own");
    assert!(
        !store.client_was_used(&own, time(5), time(5)).await.unwrap(),
        "nobody"
    );
    let app = client_id("app");
    assert!(
        !store.client_was_used(&app, time(5), time(5)).await.unwrap(),
        "an operator's"
    );
    store.insert_client(registered("own", 1)).await.unwrap();
    let stamp = store.change_stamp().await.unwrap();
    assert!(store.client_was_used(&own, time(40), time(30)).await.unwrap());
    assert!(
        store.change_stamp().await.unwrap() > stamp,
        "whoever caches it sees that"
    );
    let stamp = store.change_stamp().await.unwrap();
    for (at, unless_since) in [(39, 39), (40, 40), (41, 40), (90, 31)] {
        let is_written = store.client_was_used(&own, time(at), time(unless_since)).await;
        assert!(!is_written.unwrap(), "{at}");
    }
    assert_eq!(store.change_stamp().await.unwrap(), stamp);
    let mut expected = registered("own", 1);
    let as_registered = expected.registration.take().unwrap();
    expected.registration = Some(valetkey_model::relying_party::Registered {
        used_at: Some(time(40)),
        ..as_registered
    });
    assert_eq!(store.find_client(&own).await.unwrap(), Some(expected));
    assert_eq!(store.forget_unused_clients(time(40), 9).await.unwrap(), 0);
    assert!(store.client_was_used(&own, time(50), time(41)).await.unwrap());
    assert_eq!(store.forget_unused_clients(time(50), 9).await.unwrap(), 0);
    assert_eq!(store.forget_unused_clients(time(51), 9).await.unwrap(), 1);
}

/// Whoever asks for tokens all day long costs one write now and then, however many of its requests come at once.
pub async fn of_two_hundred_parallel_uses_of_a_client_one_is_written_down(store: Arc<dyn Store>) {
    store.insert_client(registered("own", 1)).await.unwrap();
    let answers = race(&store, |store, number| async move {
        let at = time(1000 + i64::from(number));
        store.client_was_used(&client_id("own"), at, time(900)).await
    })
    .await;
    let written = answers.into_iter().filter(|written| *written.as_ref().unwrap());
    assert_eq!(written.count(), 1);
}

/// One call forgets no more than it may, the oldest first, and takes their device requests along.
pub async fn unused_clients_are_forgotten_a_few_at_a_time(store: Arc<dyn Store>) {
    for (id, at) in [("c", 3), ("a", 1), ("b", 2)] {
        store.insert_client(registered(id, at)).await.unwrap();
    }
    let asks = DeviceAuthorization {
        client: client_id("a"),
        ..device(1)
    };
    assert!(store.insert_device(asks).await.unwrap());
    assert_eq!(store.forget_unused_clients(NEVER, 0).await.unwrap(), 0);
    assert_eq!(store.forget_unused_clients(NEVER, 2).await.unwrap(), 2);
    assert_eq!(store.list_clients().await.unwrap(), vec![registered("c", 3)]);
    assert_eq!(store.find_device(device_id(1)).await.unwrap(), None);
}

/// Counted are those that registered themselves, and no others.
pub async fn clients_that_registered_themselves_are_counted(store: Arc<dyn Store>) {
    assert_eq!(store.count_registered_clients().await.unwrap(), 0);
    store.insert_client(client("app")).await.unwrap();
    assert_eq!(store.count_registered_clients().await.unwrap(), 0);
    store.insert_client(registered("a", 1)).await.unwrap();
    store.insert_client(registered("b", 2)).await.unwrap();
    assert_eq!(store.count_registered_clients().await.unwrap(), 2);
    assert!(store.remove_client(&client_id("a")).await.unwrap());
    assert_eq!(store.count_registered_clients().await.unwrap(), 1);
}

/// OAuth 1.0a: off is not the same as on with nothing set, and each part comes alone and together.
pub async fn the_oauth1_side_of_a_client_comes_back_as_it_went_in(store: Arc<dyn Store>) {
    let none = OAuth1::default();
    let secret = Some(SealedSecret(vec![0, 0xff, 7]));
    let rsa_public_key = Some(vec![0x30, 0x82, 0]);
    let sides = [
        none.clone(),
        OAuth1 {
            secret: secret.clone(),
            ..none.clone()
        },
        OAuth1 {
            rsa_public_key: rsa_public_key.clone(),
            ..none.clone()
        },
        OAuth1 {
            token_ttl_seconds: Some(86_400),
            ..none.clone()
        },
        OAuth1 {
            retires_at: Some(time(99)),
            ..none
        },
        OAuth1 {
            secret,
            rsa_public_key,
            token_ttl_seconds: Some(i64::MAX),
            retires_at: Some(NEVER),
        },
    ];
    store.insert_client(client("app")).await.unwrap();
    for oauth1 in sides.map(Some).into_iter().chain([None]) {
        let client = Client {
            oauth1,
            ..client("app")
        };
        assert!(store.update_client(client.clone()).await.unwrap());
        assert_eq!(store.find_client(&client.id).await.unwrap(), Some(client));
    }
}

/// Token exchange: off is not the same as on for nobody's tokens but its own API's.
pub async fn what_a_client_may_exchange_comes_back_as_it_went_in(store: Arc<dyn Store>) {
    store.insert_client(client("app")).await.unwrap();
    for (subjects, may_impersonate) in [(&[][..], false), (&[], true), (&["other", "app", "gone"], false)] {
        let exchange = Exchange {
            subjects: subjects.iter().map(|id| client_id(id)).collect(),
            may_impersonate,
        };
        let client = Client {
            exchange: Some(exchange),
            ..client("app")
        };
        assert!(store.update_client(client.clone()).await.unwrap());
        assert_eq!(store.find_client(&client.id).await.unwrap(), Some(client));
    }
    assert!(store.update_client(client("app")).await.unwrap());
    assert_eq!(
        store.find_client(&client_id("app")).await.unwrap(),
        Some(client("app"))
    );
}

/// An update leaves nothing of the old record and touches no other.
pub async fn an_update_replaces_the_whole_client(store: Arc<dyn Store>) {
    store.insert_client(client("app")).await.unwrap();
    store.insert_client(client("other")).await.unwrap();
    let before = Client {
        authentication: Authentication::ClientSecretJwt {
            secret: SealedSecret(vec![1]),
        },
        oauth1: Some(OAuth1 {
            secret: Some(SealedSecret(vec![2])),
            ..OAuth1::default()
        }),
        exchange: Some(Exchange::default()),
        keys: Some(ClientKeys::Jwks("{\"keys\":[]}".to_owned())),
        openid: full_relying_party(),
        registration: Some(Registered::default()),
        ..client("app")
    };
    assert!(store.update_client(before).await.unwrap());
    let changed = Client {
        name: "New".to_owned(),
        authentication: Authentication::None,
        application_type: ApplicationType::SinglePage,
        redirect_uris: Vec::new(),
        scope: scope("openid"),
        id_token_signed_response_alg: SigningAlg::ES256,
        inspect_until: Some(time(5)),
        ..client("app")
    };
    assert!(store.update_client(changed.clone()).await.unwrap());
    assert_eq!(store.find_client(&changed.id).await.unwrap(), Some(changed));
    assert_eq!(
        store.find_client(&client_id("other")).await.unwrap(),
        Some(client("other"))
    );
}

/// The order is that of the ids.
pub async fn clients_are_listed_by_id(store: Arc<dyn Store>) {
    assert_eq!(store.list_clients().await.unwrap(), Vec::new());
    for id in ["b", "c", "a"] {
        store.insert_client(client(id)).await.unwrap();
    }
    let listed = store.list_clients().await.unwrap();
    assert_eq!(listed, ["a", "b", "c"].map(client));
}

/// Its grants, consents and device requests go with it; those of others stay.
pub async fn removing_a_client_takes_its_grants_consents_and_devices_along(store: Arc<dyn Store>) {
    people_and_apps(&store).await;
    let mine = grant(1);
    let others = valetkey_model::Grant {
        client: client_id("other"),
        ..grant(2)
    };
    for grant in [&mine, &others] {
        store
            .insert_grant(grant.clone(), Some(consent_of(grant)))
            .await
            .unwrap();
    }
    add_grants(&store, &[grant(3)]).await;
    assert!(store.insert_device(device(1)).await.unwrap());
    let of_other = DeviceAuthorization {
        client: client_id("other"),
        ..device(2)
    };
    assert!(store.insert_device(of_other.clone()).await.unwrap());

    assert!(store.remove_client(&mine.client).await.unwrap());

    assert_eq!(store.find_client(&mine.client).await.unwrap(), None);
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), None);
    assert_eq!(store.find_grant(grant_id(3)).await.unwrap(), None);
    assert_eq!(store.find_consent(mine.user, &mine.client).await.unwrap(), None);
    assert_eq!(store.find_device(device_id(1)).await.unwrap(), None);
    assert_eq!(store.find_device(device_id(2)).await.unwrap(), Some(of_other));
    assert_eq!(store.find_grant(grant_id(2)).await.unwrap(), Some(others.clone()));
    assert_eq!(
        store.list_consents(mine.user).await.unwrap(),
        vec![consent_of(&others)]
    );
    assert!(!store.remove_client(&mine.client).await.unwrap());
}
