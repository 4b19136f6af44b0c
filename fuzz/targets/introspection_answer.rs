//! The introspection answer as an API reads it (RFC 7662 §2.2): a request enters only when the answer calls an access
//! token of this issuer, for this API, with this scope, active and not over.
#![no_main]

#[path = "../shared/now.rs"]
mod now;

use libfuzzer_sys::fuzz_target;
use now::now;
use serde_json::Value;
use std::sync::{Arc, Mutex, OnceLock};
use tower::{Layer as _, ServiceExt as _, service_fn};
use valetkey_protocol::secret::ClientSecret;
use valetkey_protocol::time::Timestamp;
use valetkey_resource_server::{Access, HttpError, HttpRequest, RequireLayer, ResourceServer};

const API: &str = "https://photos.example";
const ISSUER: &str = "https://as.example";
const NOW: i64 = 1_800_000_000;

/// What the introspection endpoint will answer.
static ANSWER: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn layer() -> &'static RequireLayer {
    static LAYER: OnceLock<RequireLayer> = OnceLock::new();
    LAYER.get_or_init(|| {
        let http = |request: HttpRequest| {
            let body = if request.uri().path() == "/introspect" {
                ANSWER.lock().expect("one thread").clone()
            } else {
                let metadata = serde_json::json!({
                    "issuer": ISSUER,
                    "jwks_uri": "https://as.example/jwks",
                    "introspection_endpoint": "https://as.example/introspect",
                });
                metadata.to_string().into_bytes()
            };
            async move { Ok::<_, HttpError>(http::Response::new(body)) }
        };
        ResourceServer::builder(API, ISSUER)
            .introspect("photos-api", ClientSecret::new("secret"))
            .online(0)
            .http(Arc::new(http))
            .clock(|| Timestamp(NOW))
            .build()
            .expect("it can work")
            .require("photos.read")
    })
}

fuzz_target!(|data: &[u8]| {
    *ANSWER.lock().expect("one thread") = data.to_vec();
    let inner = service_fn(|request: http::Request<()>| async move {
        let access = request.extensions().get::<Access>().cloned();
        assert!(access.is_some(), "behind the layer there is an access");
        let mut answer = http::Response::new("in".to_owned());
        answer.extensions_mut().insert(access.expect("just seen"));
        Ok::<_, std::convert::Infallible>(answer)
    });
    let request = http::Request::get("/photos")
        .header("authorization", "Bearer opaque")
        .body(())
        .expect("it is a request");
    let answer = now(layer().layer(inner).oneshot(request)).expect("the service does not fail");
    match answer.status().as_u16() {
        200 => entered(data, answer.extensions().get::<Access>().expect("its access")),
        401 | 403 => assert!(answer.headers().contains_key("www-authenticate")),
        503 => assert!(answer.headers().contains_key("retry-after")),
        other => panic!("status {other}"),
    }
});

fn entered(data: &[u8], access: &Access) {
    // What nobody reads is not held to be UTF-8, nor its numbers to be within bounds, nor its lists not to be deep.
    let Ok(said) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    assert_eq!(said["active"], true);
    assert!(said["iss"].is_null() || said["iss"] == ISSUER);
    let audience = match &said["aud"] {
        Value::Array(many) => many.iter().any(|one| one == API),
        one => one == API,
    };
    assert!(audience, "{said}");
    assert!(said["exp"].is_null() || said["exp"].as_i64().is_some_and(|end| end > NOW));
    assert!(access.scope.contains("photos.read"));
    assert!(!access.client_id.is_empty() || said["client_id"] == "");
}
