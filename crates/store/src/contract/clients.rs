//! Clients.

use super::records::{
    add_grants, assert_exists, client, client_id, consent_of, grant, grant_id, people_and_apps, resources,
    scope, time,
};
use crate::Store;
use std::collections::BTreeSet;
use std::sync::Arc;
use valetkey_model::Client;
use valetkey_model::client::{ApplicationType, Authentication, GrantType, IdTokenAlg, SecretHash};
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
        (Authentication::None, ApplicationType::Native, IdTokenAlg::ES256),
        (
            Authentication::ClientSecret { secret },
            ApplicationType::Web,
            IdTokenAlg::RS256,
        ),
        (
            Authentication::ClientSecretBasic { secret },
            ApplicationType::SinglePage,
            IdTokenAlg::RS256,
        ),
        (
            Authentication::ClientSecretPost { secret },
            ApplicationType::Service,
            IdTokenAlg::ES256,
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

/// An update leaves nothing of the old record and touches no other.
pub async fn an_update_replaces_the_whole_client(store: Arc<dyn Store>) {
    store.insert_client(client("app")).await.unwrap();
    store.insert_client(client("other")).await.unwrap();
    let changed = Client {
        name: "New".to_owned(),
        authentication: Authentication::None,
        application_type: ApplicationType::SinglePage,
        redirect_uris: Vec::new(),
        scope: scope("openid"),
        id_token_signed_response_alg: IdTokenAlg::ES256,
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

/// Its grants and consents go with it; those of others stay.
pub async fn removing_a_client_takes_its_grants_and_consents_along(store: Arc<dyn Store>) {
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

    assert!(store.remove_client(&mine.client).await.unwrap());

    assert_eq!(store.find_client(&mine.client).await.unwrap(), None);
    assert_eq!(store.find_grant(grant_id(1)).await.unwrap(), None);
    assert_eq!(store.find_grant(grant_id(3)).await.unwrap(), None);
    assert_eq!(store.find_consent(mine.user, &mine.client).await.unwrap(), None);
    assert_eq!(store.find_grant(grant_id(2)).await.unwrap(), Some(others.clone()));
    assert_eq!(
        store.list_consents(mine.user).await.unwrap(),
        vec![consent_of(&others)]
    );
    assert!(!store.remove_client(&mine.client).await.unwrap());
}
