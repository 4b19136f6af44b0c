//! What no client may register, member by member.

use super::*;

fn rule(more: &Value, policy: &Policy) -> Option<Rule> {
    match decide(&asked(more.clone()), Sector::Unknown, policy, &mut Trail::off()) {
        Err(refusal) => Some(refusal.rule),
        Ok(_) => None,
    }
}

fn all_refused(cases: &[Value], expected: Rule) {
    let policy = policy();
    for case in cases {
        assert_eq!(rule(case, &policy), Some(expected), "{case}");
    }
}

#[test]
fn a_software_statement_is_not_left_unread() {
    all_refused(
        &[json!({"software_statement": "eyJ"})],
        Rule::RegisterSoftwareStatement,
    );
}

#[test]
fn an_application_is_web_or_native() {
    let cases = ["", "Web", "browser", "service", "web\n"].map(|text| json!({"application_type": text}));
    all_refused(&cases, Rule::RegisterApplicationType);
}

#[test]
fn grant_types_that_only_an_operator_gives_are_refused() {
    let cases = [
        "password",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "",
    ]
    .map(|name| json!({"grant_types": ["authorization_code", name]}));
    all_refused(&cases, Rule::RegisterGrantType);
    // Whatever an operator writes into the policy.
    let mut policy = policy();
    policy.registration.grant_types = GrantType::ALL.into();
    for name in ["password", "urn:ietf:params:oauth:grant-type:token-exchange"] {
        let case = json!({"grant_types": ["authorization_code", name]});
        assert_eq!(rule(&case, &policy), Some(Rule::RegisterGrantType), "{name}");
    }
}

#[test]
fn token_leak_registered_clients_get_no_tokens_through_the_browser() {
    let mut policy = policy();
    for case in [
        json!({"grant_types": ["authorization_code", "implicit"]}),
        json!({"grant_types": ["implicit"], "response_types": ["token"]}),
        json!({"response_types": ["code id_token"]}),
        json!({"response_types": ["id_token token"]}),
    ] {
        assert_eq!(rule(&case, &policy), Some(Rule::RegisterFrontChannel), "{case}");
    }
    policy.registration.grant_types.insert(GrantType::Implicit);
    let case = json!({"response_types": ["token"]});
    assert_eq!(rule(&case, &policy), Some(Rule::RegisterFrontChannel));
    policy.registration.allow_front_channel = true;
    assert_eq!(rule(&case, &policy), None);
}

#[test]
fn a_response_type_is_known_and_has_its_grant_types() {
    let cases = ["", "none", "code code", "code token id", "Code"]
        .map(|text| json!({"response_types": [text], "grant_types": ["authorization_code"]}));
    all_refused(&cases, Rule::RegisterResponseType);
    all_refused(
        &[
            json!({"response_types": ["code", "id_token"], "grant_types": ["authorization_code"]}),
            json!({"response_types": ["code"], "grant_types": ["refresh_token"]}),
            json!({"response_types": ["code token"], "grant_types": ["authorization_code"]}),
        ],
        Rule::RegisterResponseTypeGrant,
    );
}

#[test]
fn a_client_that_uses_a_browser_says_where_it_comes_back_to() {
    all_refused(
        &[json!({"redirect_uris": []}), json!({"redirect_uris": null})],
        Rule::RegisterRedirectUriMissing,
    );
}

#[test]
fn a_redirect_uri_that_cannot_receive_a_code_safely_is_refused() {
    let cases = [
        "",
        "/cb",
        "https://app.example/cb#fragment",
        "https://app.example/cb#",
        "https://u:p@app.example/cb",
        "https://*.app.example/cb",
        "http://app.example/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "myapp:/cb",
    ]
    .map(|uri| json!({"redirect_uris": ["https://app.example/ok", uri]}));
    all_refused(&cases, Rule::RegisterRedirectUriInvalid);
}

#[test]
fn a_web_client_comes_back_to_https_alone() {
    let cases = [
        "http://localhost/cb",
        "http://127.0.0.1:8080/cb",
        "http://[::1]/cb",
        "com.example.app:/cb",
    ]
    .map(|uri| json!({"redirect_uris": [uri]}));
    all_refused(&cases, Rule::RegisterRedirectUriKind);
    let mut policy = policy();
    policy.registration.allow_front_channel = true;
    let local = json!({"redirect_uris": ["https://localhost/cb"], "response_types": ["id_token"]});
    assert_eq!(rule(&local, &policy), Some(Rule::RegisterRedirectUriKind));
    policy.issuer = "https://localhost:9443".into();
    assert_eq!(rule(&local, &policy), None, "the server is on this machine, too");
}

#[test]
fn a_client_proves_who_it_is_by_a_known_method() {
    let cases = ["", "tls_client_auth", "basic", "NONE", "any"]
        .map(|method| json!({"token_endpoint_auth_method": method}));
    all_refused(&cases, Rule::RegisterAuthMethod);
    let mut policy = policy();
    policy
        .registration
        .grant_types
        .insert(GrantType::ClientCredentials);
    let nobody = json!({"token_endpoint_auth_method": "none", "grant_types": ["client_credentials"]});
    assert_eq!(rule(&nobody, &policy), Some(Rule::RegisterAuthMethodGrant));
}

#[test]
fn an_assertion_is_signed_as_its_method_says() {
    all_refused(
        &[
            json!({"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "ES256"}),
            json!({"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "HS256", "jwks": keys()}),
            json!({"token_endpoint_auth_signing_alg": "none"}),
            json!({"token_endpoint_auth_signing_alg": "HS512"}),
        ],
        Rule::RegisterAuthAlgorithm,
    );
}

#[test]
fn a_client_gives_its_keys_in_one_way_and_when_it_needs_them() {
    all_refused(
        &[json!({"jwks": keys(), "jwks_uri": "https://app.example/jwks"})],
        Rule::RegisterKeysTwice,
    );
    all_refused(
        &[
            json!({"token_endpoint_auth_method": "private_key_jwt"}),
            json!({"id_token_encrypted_response_alg": "ECDH-ES"}),
            json!({"userinfo_encrypted_response_alg": "RSA-OAEP-256"}),
        ],
        Rule::RegisterKeysMissing,
    );
}

#[test]
fn key_leak_a_set_with_a_private_or_shared_key_is_refused() {
    let mut private = keys();
    private["keys"][0]["d"] = json!("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI");
    let mut second = keys();
    second["keys"]
        .as_array_mut()
        .unwrap()
        .push(private["keys"][0].clone());
    let shared = json!({"keys": [{"kty": "oct"}]});
    let cases = [private, second, shared].map(|jwks| json!({"jwks": jwks}));
    all_refused(&cases, Rule::RegisterKeysPrivate);
}

#[test]
fn a_set_without_a_key_that_fits_is_refused() {
    let mut for_encryption = keys();
    for_encryption["keys"][0]["use"] = json!("enc");
    let mut off_curve = keys();
    off_curve["keys"][0]["x"] = json!("f83PJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
    all_refused(
        &[
            json!({"jwks": {}}),
            json!({"jwks": {"keys": {}}}),
            json!({"jwks": {"keys": []}}),
            json!({"jwks": {"keys": [{"kty": "future"}]}}),
            json!({"jwks": off_curve}),
            json!({"jwks": for_encryption, "token_endpoint_auth_method": "private_key_jwt"}),
            json!({"jwks": keys(), "id_token_encrypted_response_alg": "RSA-OAEP-256"}),
        ],
        Rule::RegisterKeysUnusable,
    );
}

/// Whatever an https address must not be.
const NOT_HTTPS: [&str; 9] = [
    "",
    "logo.png",
    "//app.example/x",
    "http://app.example/x",
    "http://127.0.0.1/x",
    "ftp://app.example/x",
    "javascript:alert(1)",
    "https://u:p@app.example/x",
    "https://app.example/x y",
];

#[test]
fn addresses_are_https() {
    for member in [
        "logo_uri",
        "client_uri",
        "policy_uri",
        "tos_uri",
        "jwks_uri",
        "sector_identifier_uri",
    ] {
        all_refused(
            &NOT_HTTPS.map(|uri| json!({member: uri})),
            Rule::RegisterUriNotHttps,
        );
    }
    for member in ["jwks_uri", "sector_identifier_uri"] {
        all_refused(
            &[json!({member: "https://app.example/x#y"})],
            Rule::RegisterUriNotHttps,
        );
    }
    all_refused(
        &NOT_HTTPS.map(|uri| json!({"initiate_login_uri": uri})),
        Rule::RegisterInitiateLoginUri,
    );
    all_refused(
        &NOT_HTTPS.map(|uri| json!({"request_uris": ["https://app.example/r", uri]})),
        Rule::RegisterRequestUri,
    );
    all_refused(
        &NOT_HTTPS.map(|uri| json!({"backchannel_logout_uri": uri})),
        Rule::RegisterBackchannelLogoutUri,
    );
    all_refused(
        &[json!({"backchannel_logout_uri": "https://app.example/b#c"})],
        Rule::RegisterBackchannelLogoutUri,
    );
}

#[test]
fn the_browser_loads_a_logout_page_of_the_clients_own_site_alone() {
    let cases = [
        "https://evil.example/front",
        "https://app.example:8443/front",
        "http://app.example/front",
        "https://app.example/front#x",
        "https://app.example.evil.example/front",
    ]
    .map(|uri| json!({"frontchannel_logout_uri": uri}));
    all_refused(&cases, Rule::RegisterFrontchannelLogoutUri);
    all_refused(
        &[
            json!({"frontchannel_logout_session_required": true}),
            json!({"backchannel_logout_session_required": true}),
        ],
        Rule::RegisterLogoutSession,
    );
}

#[test]
fn open_redirect_after_sign_out_the_browser_goes_where_a_redirect_uri_could_be() {
    let cases = [
        "",
        "/bye",
        "http://app.example/bye",
        "https://app.example/bye#x",
        "javascript:alert(1)",
        "com.example.app:/bye",
        "http://localhost/bye",
    ]
    .map(|uri| json!({"post_logout_redirect_uris": [uri]}));
    all_refused(&cases, Rule::RegisterPostLogoutUri);
}

#[test]
fn algorithms_are_known_and_none_is_none_of_them() {
    for member in [
        "id_token_signed_response_alg",
        "userinfo_signed_response_alg",
        "request_object_signing_alg",
    ] {
        let cases = ["", "none", "HS256", "RS1", "rs256", "ES512"].map(|alg| json!({member: alg}));
        all_refused(&cases, Rule::RegisterAlgorithm);
    }
    for of in ["id_token", "userinfo"] {
        let (alg, enc) = (
            format!("{of}_encrypted_response_alg"),
            format!("{of}_encrypted_response_enc"),
        );
        all_refused(
            &[
                json!({&alg: "RSA1_5", "jwks": keys()}),
                json!({&alg: "RSA-OAEP", "jwks": keys()}),
                json!({&alg: "dir", "jwks": keys()}),
                json!({&alg: "ECDH-ES", &enc: "A192GCM", "jwks": keys()}),
            ],
            Rule::RegisterAlgorithm,
        );
        all_refused(
            &[json!({&enc: "A256GCM", "jwks": keys()})],
            Rule::RegisterEncryptionAlgMissing,
        );
    }
    all_refused(
        &[
            json!({"request_object_encryption_alg": "RSA-OAEP-256"}),
            json!({"request_object_encryption_enc": "A256GCM"}),
        ],
        Rule::RegisterAlgorithm,
    );
}

#[test]
fn a_pairwise_client_with_several_hosts_names_its_sector() {
    let cases = ["", "Public", "private"].map(|text| json!({"subject_type": text}));
    all_refused(&cases, Rule::RegisterSubjectType);
    all_refused(
        &[json!({"subject_type": "pairwise", "redirect_uris": ["https://a.example/", "https://b.example/"]})],
        Rule::RegisterSectorMissing,
    );
}

#[test]
fn defaults_can_be_met() {
    all_refused(&[json!({"default_max_age": -1})], Rule::RegisterDefaultMaxAge);
    all_refused(
        &[
            json!({"default_acr_values": ["1", "3"]}),
            json!({"default_acr_values": [""]}),
        ],
        Rule::RegisterDefaultAcr,
    );
}

#[test]
fn a_scope_beyond_what_registered_clients_may_ask_for_is_refused() {
    let cases = ["openid photos.write", "admin", "a\"b", "openid\ttab"].map(|text| json!({"scope": text}));
    all_refused(&cases, Rule::RegisterScope);
}

#[test]
fn spoofing_a_name_is_one_short_line_that_reads_as_it_stands() {
    let long = "x".repeat(201);
    for text in [
        "",
        "  ",
        "a\nb",
        "a\u{0}",
        "\u{202e}elgooG",
        "a\u{2066}b",
        long.as_str(),
    ] {
        all_refused(
            &[
                json!({"client_name": text}),
                json!({"contacts": ["a@b.example", text]}),
                json!({"software_id": text}),
                json!({"software_version": text}),
            ],
            Rule::RegisterText,
        );
    }
    let many: Vec<String> = (0..51).map(|n| format!("https://app.example/{n}")).collect();
    for member in [
        "redirect_uris",
        "request_uris",
        "post_logout_redirect_uris",
        "contacts",
    ] {
        all_refused(&[json!({member: many.clone()})], Rule::RegisterText);
    }
}

#[test]
fn every_rule_of_metadata_that_holds_stands_on_the_trail() {
    let mut policy = policy();
    policy.registration.allow_front_channel = true;
    let mut trail = Trail::recording();
    let asked = ClientMetadata::from_members(everything().as_object().unwrap().clone()).unwrap();
    let uris = br#"["https://app.example/cb","https://app.example/other"]"#;
    decide(&asked, Sector::Document(uris), &policy, &mut trail).unwrap();
    let passed: BTreeSet<Rule> = trail.into_checks().into_iter().map(|check| check.rule).collect();
    let (_, group) = Rule::GROUPS
        .iter()
        .find(|(title, _)| *title == "Client registration")
        .unwrap();
    let elsewhere = [
        Rule::RegisterOff,
        Rule::RegisterInitialTokenInvalid,
        Rule::RegisterThrottled,
        Rule::RegisterFull,
        Rule::RegisterNotJson,
        Rule::RegisterClientTokenInvalid,
        Rule::RegisterUpdateClientId,
        Rule::RegisterUpdateReserved,
        Rule::RegisterUpdateSecret,
        // Nothing to check in this one: it names a sector, and each of its encryptions has an algorithm.
        Rule::RegisterSectorMissing,
        Rule::RegisterEncryptionAlgMissing,
    ];
    for rule in *group {
        assert!(passed.contains(rule) || elsewhere.contains(rule), "{rule}");
    }
}
