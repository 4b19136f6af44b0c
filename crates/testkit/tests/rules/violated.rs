//! For every rule one request that violates it, and nothing before it.

use super::stage::{Stage, Told};
use super::{
    accounts, apis, clients, factors, flows, logout, oauth1, openid, register, relying_party, tokens,
    upstream,
};
use Rule as R;
use valetkey_protocol::rule::Rule;
use valetkey_protocol::token::REFRESH_TOKEN_TYPE;
use valetkey_testkit::{VERIFIER, cast};

pub(super) type Story = for<'a> fn(&'a Stage) -> Told<'a>;

/// The violation of a rule. Grouped as the catalogue is.
#[expect(
    clippy::too_many_lines,
    reason = "one arm a rule, in one match, so that none can be forgotten"
)]
pub(super) fn violation(rule: Rule) -> Story {
    match rule {
        R::AuthorizeParameterRepeated => |s| s.authorize(|asked| asked.and("state", "another")),
        R::AuthorizeClientIdMissing => |s| s.authorize(|asked| asked.without("client_id")),
        R::AuthorizeClientUnknown => |s| s.authorize(|asked| asked.with("client_id", "nobody")),
        R::AuthorizeRedirectUriMissing => |s| s.authorize(|asked| asked.without("redirect_uri")),
        R::AuthorizeRedirectUriUnregistered => {
            |s| s.authorize(|asked| asked.with("redirect_uri", "https://app.example/other"))
        }
        R::AuthorizeResponseTypeMissing => |s| s.authorize(|asked| asked.without("response_type")),
        R::AuthorizeResponseTypeUnsupported => |s| s.authorize(|asked| asked.with("response_type", "none")),
        R::AuthorizeResponseModeUnsupported => {
            |s| s.authorize(|asked| asked.with("response_mode", "web_message"))
        }
        R::AuthorizeGrantTypeNotAllowed => |s| {
            s.authorize(|asked| {
                let redirect_uri = cast::PHOTO_BACKUP.redirect_uri;
                asked
                    .with("client_id", cast::PHOTO_BACKUP.id)
                    .with("redirect_uri", redirect_uri)
            })
        },
        R::AuthorizeScopeMalformed => |s| s.authorize(|asked| asked.with("scope", "openid \"x\"")),
        R::AuthorizeScopeNotAllowed => |s| s.authorize(|asked| asked.with("scope", "openid photos.delete")),
        R::AuthorizeResourceMalformed => |s| s.authorize(|asked| asked.and("resource", "photos")),
        R::AuthorizeResourceUnknown => |s| s.authorize(|asked| asked.and("resource", "https://x.example")),
        R::PkceChallengeMissing => {
            |s| s.authorize(|asked| asked.without("code_challenge").without("code_challenge_method"))
        }
        R::PkceMethodNotS256 => |s| s.authorize(|asked| asked.with("code_challenge_method", "plain")),
        R::PkceChallengeMalformed => |s| s.authorize(|asked| asked.with("code_challenge", "short")),
        R::AuthorizePromptUnknown => |s| s.authorize(|asked| asked.and("prompt", "dance")),
        R::AuthorizePromptNoneAlone => |s| s.authorize(|asked| asked.and("prompt", "none login")),
        R::AuthorizeMaxAgeMalformed => |s| s.authorize(|asked| asked.and("max_age", "-1")),
        R::AuthorizeLoginRequired => |s| s.authorize(|asked| asked.and("prompt", "none")),
        R::AuthorizeConsentRequired => |s| {
            Box::pin(async move {
                s.alice.signs_in_for_the_account().await;
                Some(s.alice.opens(&s.good().and("prompt", "none")).await)
            })
        },
        R::AuthorizeAccessDenied => {
            |s| Box::pin(async move { Some(s.alice.answers(&s.good(), "cancel").await) })
        }

        R::AuthorizeResponseTypeNotRegistered
        | R::AuthorizeRegistrationUnsupported
        | R::AuthorizeScopeOpenidMissing
        | R::AuthorizeNonceMissing
        | R::AuthorizeEncryptionKeyMissing
        | R::ClientEncryptionKeyMissing
        | R::AuthorizeClaimsMalformed
        | R::AuthorizeAcrUnmet
        | R::RequestObjectTwice
        | R::RequestObjectRequired
        | R::RequestUriUnregistered
        | R::RequestUriTooOften
        | R::RequestUriUnreadable
        | R::RequestObjectMalformed
        | R::RequestObjectUnsigned
        | R::RequestObjectSignatureInvalid
        | R::RequestObjectExpired
        | R::RequestObjectMismatch
        | R::RequestObjectAudience
        | R::WebfingerResourceMissing
        | R::WebfingerResourceElsewhere => openid::violation(rule),

        R::SignUpClosed
        | R::SignUpInvitationInvalid
        | R::SignUpDomainNotAllowed
        | R::SignUpUsernameMalformed
        | R::SignUpUsernameTaken
        | R::AccountEmailMalformed
        | R::AccountEmailTaken
        | R::AccountPasswordWeak
        | R::AccountPasswordWrong
        | R::AccountProfileMalformed
        | R::AccountLinkInvalid
        | R::AccountLinkExpired
        | R::AccountLinkUsed
        | R::AccountMailThrottled
        | R::AccountMailUnavailable
        | R::AccountDeleteUnconfirmed => accounts::violation(rule),

        R::LogoutParameterRepeated
        | R::LogoutHintInvalid
        | R::LogoutClientMismatch
        | R::LogoutClientUnknown
        | R::LogoutRedirectUriUnregistered => logout::violation(rule),

        R::UpstreamUnknown
        | R::UpstreamUnreachable
        | R::UpstreamAnswerUnusable
        | R::UpstreamStateMismatch
        | R::UpstreamOtherProvider
        | R::UpstreamIssuerMismatch
        | R::UpstreamErrorResponse
        | R::UpstreamIdTokenInvalid
        | R::UpstreamSubjectMissing
        | R::UpstreamNotFresh
        | R::UpstreamSignUpClosed
        | R::UpstreamEmailTaken
        | R::UpstreamUsernameUnusable
        | R::UpstreamLinkUnproved
        | R::UpstreamLinkTaken
        | R::UpstreamLastWay => upstream::violation(rule),

        R::PasskeyResponseMalformed
        | R::PasskeyChallengeMismatch
        | R::PasskeyOriginMismatch
        | R::PasskeyNotVerified
        | R::PasskeyUnknown
        | R::PasskeySignatureInvalid
        | R::PasskeyCloned
        | R::PasskeyTaken
        | R::PasskeyLastWay
        | R::SecondFactorWrong
        | R::SecondFactorThrottled
        | R::SecondFactorExpired
        | R::SecondFactorSetUpExpired
        | R::PasswordSecondFactor => factors::violation(rule),

        R::RegisterOff
        | R::RegisterInitialTokenInvalid
        | R::RegisterThrottled
        | R::RegisterFull
        | R::RegisterNotJson
        | R::RegisterSoftwareStatement
        | R::RegisterText
        | R::RegisterApplicationType
        | R::RegisterAuthMethod
        | R::RegisterAuthMethodGrant
        | R::RegisterAuthAlgorithm
        | R::RegisterGrantType
        | R::RegisterFrontChannel
        | R::RegisterResponseType
        | R::RegisterResponseTypeGrant
        | R::RegisterRedirectUriMissing
        | R::RegisterRedirectUriInvalid
        | R::RegisterRedirectUriKind
        | R::RegisterKeysTwice
        | R::RegisterKeysPrivate
        | R::RegisterKeysUnusable
        | R::RegisterKeysMissing
        | R::RegisterUriNotHttps
        | R::RegisterInitiateLoginUri
        | R::RegisterRequestUri
        | R::RegisterSubjectType
        | R::RegisterSectorMissing
        | R::RegisterSectorMismatch
        | R::RegisterAlgorithm
        | R::RegisterEncryptionAlgMissing
        | R::RegisterDefaultMaxAge
        | R::RegisterDefaultAcr
        | R::RegisterPostLogoutUri
        | R::RegisterFrontchannelLogoutUri
        | R::RegisterBackchannelLogoutUri
        | R::RegisterLogoutSession
        | R::RegisterScope
        | R::RegisterClientTokenInvalid
        | R::RegisterUpdateClientId
        | R::RegisterUpdateReserved
        | R::RegisterUpdateSecret => register::violation(rule),

        R::IdTokenAcr
        | R::ClientLogoutTokenMalformed
        | R::ClientLogoutTokenSignature
        | R::ClientLogoutTokenMisdirected
        | R::ClientLogoutTokenExpired
        | R::ClientLoginIssuerUnknown
        | R::ClientLoginTargetForeign => relying_party::violation(rule),

        R::InteractionUnreadable => {
            |s| Box::pin(async move { Some(s.alice.get("/login", &[("flow", "x")]).await) })
        }
        R::InteractionExpired => |s| Box::pin(too_late(s)),
        R::InteractionOtherBrowser => |s| Box::pin(in_another_browser(s)),
        R::FormCrossSite => |s| Box::pin(from_another_site(s)),
        R::LoginCredentialsWrong => |s| Box::pin(wrong_password(s, 1)),
        R::LoginThrottled => |s| Box::pin(wrong_password(s, 11)),

        R::ClientAuthMissing => |s| s.token(None, &[]),
        R::ClientAuthHeaderUnreadable => |s| s.token(Some("Basic ???".into()), &[]),
        R::ClientAuthTwoMethods => {
            |s| s.token(Some(s.app.basic()), &[("client_secret", "mysweetapp-secret")])
        }
        R::ClientAuthIdsDiffer => |s| s.token(Some(s.app.basic()), &[("client_id", "otherapp")]),
        R::ClientUnknown => |s| s.token(None, &[("client_id", "nobody"), ("client_secret", "x")]),
        R::ClientAuthMethodNotRegistered => |s| s.token(Some(s.server.app(cast::TWODOORS).basic()), &[]),
        R::ClientSecretWrong => |s| s.token(None, &[("client_id", "mysweetapp"), ("client_secret", "guess")]),

        R::TokenRequestNotForm => |s| Box::pin(as_json(s)),
        R::TokenParameterRepeated => |s| s.post(cast::MYSWEETAPP, "/token", &[("code", "x"), ("code", "y")]),
        R::TokenGrantTypeMissing => |s| s.post(cast::MYSWEETAPP, "/token", &[]),
        R::TokenGrantTypeUnsupported => |s| s.post(cast::MYSWEETAPP, "/token", &[("grant_type", "magic")]),
        R::TokenGrantTypeNotAllowed => |s| {
            s.post(
                cast::MYSWEETAPP,
                "/token",
                &[("grant_type", "client_credentials")],
            )
        },
        R::CodeMissing => |s| {
            s.post(
                cast::MYSWEETAPP,
                "/token",
                &[("grant_type", "authorization_code")],
            )
        },
        R::CodeUnknown => |s| s.redeem(|code| code.code.push('A')),
        R::CodeOtherClient => {
            |s| Box::pin(async move { Some(s.server.app(cast::OTHERAPP).redeems(&s.code().await).await) })
        }
        R::CodeExpired => |s| Box::pin(tokens::late_code(s)),
        R::CodeReplayed => |s| Box::pin(tokens::code_twice(s)),
        R::CodeRedirectUriMismatch => |s| s.redeem(|code| code.redirect_uri.push('/')),
        R::CodeVerifierMissing => |s| s.redeem(|code| code.verifier.clear()),
        R::CodeVerifierUnexpected => |s| Box::pin(tokens::verifier_out_of_nowhere(s)),
        R::CodeVerifierMalformed => |s| s.redeem(|code| code.verifier.truncate(10)),
        R::CodePkceMismatch => |s| s.redeem(|code| code.verifier = VERIFIER.to_uppercase()),
        R::RefreshTokenMissing => |s| s.post(cast::MYSWEETAPP, "/token", &[("grant_type", "refresh_token")]),
        R::RefreshTokenUnknown => |s| {
            s.post(
                cast::MYSWEETAPP,
                "/token",
                &[("grant_type", "refresh_token"), ("refresh_token", "vkr_x")],
            )
        },
        R::RefreshTokenOtherClient => {
            |s| Box::pin(async move { Some(s.server.app(cast::OTHERAPP).refreshes(&s.tokens().await).await) })
        }
        R::RefreshTokenExpired => |s| Box::pin(tokens::idle_too_long(s)),
        R::RefreshTokenReused => |s| Box::pin(tokens::refresh_token_again(s)),
        R::GrantRevoked => |s| Box::pin(tokens::after_revocation(s)),
        R::TokenScopeMalformed => |s| s.refresh(&[("scope", "\"x\"")]),
        R::TokenScopeWidened => |s| s.refresh(&[("scope", "photos.write")]),
        R::TokenScopeNotAllowed => |s| {
            s.post(
                cast::PHOTO_BACKUP,
                "/token",
                &[("grant_type", "client_credentials"), ("scope", "photos.write")],
            )
        },
        R::TokenResourceMalformed => |s| s.refresh(&[("resource", "photos")]),
        R::TokenResourceNotGranted => |s| s.refresh(&[("resource", cast::CALENDAR)]),
        R::TokenResourceAmbiguous => |s| {
            s.post(
                cast::PHOTO_BACKUP,
                "/token",
                &[
                    ("grant_type", "client_credentials"),
                    ("scope", "photos.read calendar.read"),
                ],
            )
        },

        R::RevokeTokenMissing => |s| s.post(cast::MYSWEETAPP, "/revoke", &[]),
        R::RevokeOtherClient => |s| {
            Box::pin(async move {
                Some(
                    s.server
                        .app(cast::OTHERAPP)
                        .revokes(&s.tokens().await.refresh)
                        .await,
                )
            })
        },
        R::IntrospectTokenMissing => |s| s.post(cast::PHOTOS_API, "/introspect", &[]),
        R::IntrospectNotAllowed => |s| s.post(cast::MYSWEETCLI, "/introspect", &[("token", "x")]),
        R::UserinfoTokenInvalid => |s| Box::pin(async move { Some(s.app.reads_userinfo("x").await) }),
        R::UserinfoScopeMissing => |s| Box::pin(tokens::userinfo_without_openid(s)),

        R::ServerBusy => |s| Box::pin(everybody_at_once(s)),
        R::RequestTooLarge => |s| Box::pin(too_large(s)),
        R::ParameterNul => |s| s.post(cast::MYSWEETAPP, "/token", &[("code", "x\0")]),
        R::MethodNotAllowed => |s| Box::pin(async move { Some(s.server.site.get("/token", &[]).await) }),

        R::BearerTokenMissing => |s| Box::pin(async move { Some(apis::jwt(s).shows_to(None).await) }),
        R::BearerHeaderMalformed => {
            |s| Box::pin(async move { Some(apis::jwt(s).shows_to(Some("Bearer ")).await) })
        }
        R::AccessTokenMalformed => |s| Box::pin(async move { Some(apis::jwt(s).shows("x.y.z").await) }),
        R::AccessTokenType => {
            |s| Box::pin(async move { Some(apis::jwt(s).shows(&s.tokens().await.id).await) })
        }
        R::AccessTokenAlgorithm => |s| Box::pin(apis::another_algorithm(s)),
        R::AccessTokenKeyUnknown => |s| Box::pin(apis::a_strangers_key(s)),
        R::AccessTokenSignature => |s| Box::pin(apis::a_bent_signature(s)),
        R::AccessTokenIssuer => |s| Box::pin(apis::another_issuer(s)),
        R::AccessTokenAudience => |s| Box::pin(apis::another_audience(s)),
        R::AccessTokenExpired => |s| Box::pin(apis::an_old_token(s)),
        R::AccessTokenNotYetValid => |s| Box::pin(apis::a_token_from_the_future(s)),
        R::AccessTokenInactive => |s| Box::pin(apis::a_revoked_token(s)),
        R::AccessTokenScope => {
            |s| Box::pin(async move { Some(apis::jwt(s).adds(&s.tokens().await.access).await) })
        }

        R::ClientMetadataIssuer => |s| Box::pin(clients::metadata_of_another(s)),
        R::ClientStateMismatch => {
            |s| Box::pin(clients::callback(s, |query| query.replace("state=", "state=x")))
        }
        R::ClientIssMissing => |s| Box::pin(clients::callback(s, |query| query.replace("iss=", "nothing="))),
        R::ClientIssMismatch => |s| {
            Box::pin(clients::callback(s, |query| {
                query.replace("id.example", "evil.example")
            }))
        },
        R::ClientErrorResponse => |s| Box::pin(clients::cancelled(s)),
        R::TokenTypeNotBearer => |s| Box::pin(clients::another_token_type(s)),
        R::IdTokenMalformed => |s| Box::pin(clients::id_token(s, |_| "x.y".into())),
        R::IdTokenSignature => |s| Box::pin(clients::id_token(s, apis::bent)),
        R::IdTokenIssuer => |s| Box::pin(clients::id_token_of_another_issuer(s)),
        R::IdTokenAudience => |s| Box::pin(clients::id_token_for_another_app(s)),
        R::IdTokenExpired => |s| Box::pin(clients::old_id_token(s)),
        R::IdTokenNonce => |s| Box::pin(clients::replayed_id_token(s)),
        R::IdTokenSubjectDiffers => |s| Box::pin(clients::refreshed_to_somebody_else(s)),

        R::ClientAssertionTypeUnsupported => |s| Box::pin(flows::another_assertion_type(s)),
        R::ClientAssertionMalformed => |s| flows::assertion(s, |_| "x.y.z".into()),
        R::ClientAssertionAlgorithm => |s| flows::assertion(s, |a| a.signed_with(cast::HS_BACKUP.secret)),
        R::ClientAssertionKeyUnknown => |s| flows::assertion(s, flows::by_a_stranger),
        R::ClientAssertionSignature => |s| flows::assertion(s, |a| apis::bent(&a.signed())),
        R::ClientAssertionSubject => |s| flows::assertion(s, |a| a.with("iss", "hs-backup").signed()),
        R::ClientAssertionAudience => {
            |s| flows::assertion(s, |a| a.with("aud", "https://other.example").signed())
        }
        R::ClientAssertionExpired => |s| flows::assertion(s, |a| a.with("exp", 1_800_000_000 - 60).signed()),
        R::ClientAssertionReplayed => |s| Box::pin(flows::assertion_twice(s)),
        R::PasswordMissing => |s| s.post(cast::OLDMOBILE, "/token", &[("grant_type", "password")]),
        R::PasswordCredentialsWrong => |s| Box::pin(flows::guessed_passwords(s, 1)),
        R::PasswordThrottled => |s| Box::pin(flows::guessed_passwords(s, 11)),

        R::DeviceCodeMissing => |s| s.post(cast::TV, "/token", flows::DEVICE_GRANT),
        R::DeviceCodeUnknown => |s| Box::pin(flows::invented_device_code(s)),
        R::DeviceCodeOtherClient => |s| Box::pin(flows::device_code_of_another(s)),
        R::DeviceAuthorizationPending => |s| Box::pin(flows::polls(s, 1)),
        R::DeviceSlowDown => |s| Box::pin(flows::polls(s, 2)),
        R::DeviceCodeExpired => |s| Box::pin(flows::late_poll(s)),
        R::DeviceAccessDenied => |s| Box::pin(flows::answered_poll(s, "cancel", 1)),
        R::DeviceCodeUsed => |s| Box::pin(flows::answered_poll(s, "allow", 2)),
        R::DeviceRequestsThrottled => |s| Box::pin(flows::many_devices(s)),
        R::DeviceUserCodeUnknown => |s| Box::pin(flows::wrong_codes(s, 1)),
        R::DeviceUserCodeThrottled => |s| Box::pin(flows::wrong_codes(s, 11)),

        R::ExchangeSubjectTokenMissing => |s| s.post(cast::GALLERY, "/token", flows::EXCHANGE),
        R::ExchangeTokenTypeUnsupported => {
            |s| flows::exchanges(s, cast::GALLERY, &[("subject_token_type", REFRESH_TOKEN_TYPE)])
        }
        R::ExchangeRequestedTypeUnsupported => {
            |s| flows::exchanges(s, cast::GALLERY, &[("requested_token_type", REFRESH_TOKEN_TYPE)])
        }
        R::ExchangeSubjectTokenInvalid => {
            |s| Box::pin(async move { Some(s.exchange(cast::GALLERY, "x", &[]).await) })
        }
        R::ExchangeActorTokenInvalid => |s| Box::pin(flows::actor_of_another(s)),
        R::ExchangeSubjectNotAllowed => |s| Box::pin(flows::token_of_a_stranger(s)),
        R::ExchangeImpersonationNotAllowed => |s| flows::exchanges(s, cast::GALLERY, &[]),
        R::ExchangeScopeWidened => |s| flows::exchanges(s, cast::SUPPORT, &[("scope", "photos.write")]),
        R::ExchangeTargetNotAllowed => {
            |s| flows::exchanges(s, cast::SUPPORT, &[("resource", "https://x.example")])
        }
        R::ExchangeProofMissing => |s| Box::pin(oauth1::migration_without_a_signature(s)),
        R::ExchangeMigrationNotAllowed => |s| Box::pin(oauth1::migration_of_the_bank(s)),

        R::OAuth1NotSigned => {
            |s| Box::pin(async move { Some(s.server.site.post("/oauth1/initiate", &[]).await) })
        }
        R::OAuth1ParametersUnreadable => |s| {
            oauth1::sent(s, |draft| {
                draft
                    .signed()
                    .with_header(|_| r#"OAuth oauth_nonce="%zz""#.into())
            })
        },
        R::OAuth1ParametersInTwoPlaces => |s| oauth1::sent(s, oauth1::in_two_places),
        R::OAuth1ParameterRepeated => |s| {
            oauth1::sent(s, |draft| {
                draft
                    .signed()
                    .with_header(|header| format!(r#"{header}, oauth_nonce="x""#))
            })
        },
        R::OAuth1ParameterMissing => |s| oauth1::initiated(s, |p| p.timestamp = None),
        R::OAuth1VersionUnsupported => |s| oauth1::initiated(s, |p| p.version = Some("2.0".into())),
        R::OAuth1SignatureMethodUnsupported => {
            |s| oauth1::initiated(s, |p| p.signature_method = Some("MD5".into()))
        }
        R::OAuth1PlaintextWithoutTls => |s| Box::pin(oauth1::plaintext_in_clear(s)),
        R::OAuth1TimestampRefused => |s| oauth1::initiated(s, |p| p.timestamp = Some("1799999699".into())),
        R::OAuth1NonceUsed => |s| Box::pin(oauth1::replayed(s)),
        R::OAuth1ConsumerUnknown => |s| oauth1::initiated(s, |p| p.consumer_key = Some("nobody".into())),
        R::OAuth1NotAllowed => |s| oauth1::initiated(s, |p| p.consumer_key = Some("mysweetapp".into())),
        R::OAuth1SignatureInvalid => |s| {
            oauth1::sent(s, |mut draft| {
                draft.secret = "guess".into();
                draft.signed()
            })
        },
        R::OAuth1TokenUnknown => |s| Box::pin(oauth1::invented_token(s)),
        R::OAuth1TokenOtherConsumer => |s| Box::pin(oauth1::token_of_another(s)),
        R::OAuth1TokenExpired => |s| Box::pin(oauth1::late(s)),
        R::OAuth1TokenRevoked => |s| Box::pin(oauth1::taken_back(s)),
        R::OAuth1TokenUsed => |s| Box::pin(oauth1::redeemed_twice(s)),
        R::OAuth1NotAuthorized => |s| Box::pin(oauth1::nobody_asked(s)),
        R::OAuth1VerifierInvalid => |s| Box::pin(oauth1::guessed_verifier(s)),
        R::OAuth1CallbackUnregistered => {
            |s| oauth1::initiated(s, |p| p.callback = Some("https://evil.example/".into()))
        }
        R::OAuth1ScopeNotAllowed => {
            |s| oauth1::sent(s, |draft| draft.form(&[("scope", "photos.delete")]).signed())
        }
        R::OAuth1ScopeMissing => |s| Box::pin(oauth1::adds_with_read_only(s)),
        R::OAuth1OtherResource => |s| Box::pin(oauth1::at_another_api(s)),
        R::OAuth1AuthorizeTokenUnknown => {
            |s| Box::pin(async move { Some(s.alice.answers_oauth1("x", "allow").await) })
        }
        R::OAuth1AuthorizeDeclined => |s| Box::pin(oauth1::declined(s)),
        R::OAuth1VerifyRequestMalformed => |s| s.post(cast::PHOTOS_API, "/oauth1/verify", &[]),
        R::ClientOAuth1CallbackUnconfirmed => |s| Box::pin(oauth1::unconfirmed_callback(s)),
        R::ClientOAuth1TokenMismatch => |s| Box::pin(oauth1::callback_of_another(s)),
    }
}

type Answer = Option<valetkey_testkit::Answer>;

async fn too_late(s: &Stage) -> Answer {
    let login = s.alice.opens(&s.good()).await;
    s.server.clock.advance(30 * 60);
    Some(s.alice.signs_in(&login).await)
}

async fn in_another_browser(s: &Stage) -> Answer {
    let login = s.alice.opens(&s.good()).await;
    Some(s.server.browser(cast::BOB).signs_in(&login).await)
}

async fn from_another_site(s: &Stage) -> Answer {
    let login = s.alice.opens(&s.good()).await;
    let flow = login.form().hidden.remove(0).1;
    let pairs = [
        ("flow", flow.as_str()),
        ("username", "alice"),
        ("password", "wonderland"),
    ];
    let headers = [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    Some(s.alice.post_with("/login", &pairs, &headers).await)
}

async fn wrong_password(s: &Stage, times: usize) -> Answer {
    let mut page = s.alice.opens(&s.good()).await;
    for _ in 0..times {
        page = s
            .alice
            .submits(&page, &[("username", "alice"), ("password", "guess")])
            .await;
    }
    Some(page)
}

async fn as_json(s: &Stage) -> Answer {
    let request = http::Request::post("https://id.example/token").header("content-type", "application/json");
    Some(s.server.site.send(request.body(b"{}".to_vec()).unwrap()).await)
}

async fn too_large(s: &Stage) -> Answer {
    let filling = "x".repeat(70 * 1024);
    Some(s.app.posts("/token", &[("grant_type", &filling)]).await)
}

/// One password is checked, one waits, and the others find the queue full.
async fn everybody_at_once(s: &Stage) -> Answer {
    let site = s.server.site.clone();
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let person = valetkey_testkit::Browser::at(site.clone(), cast::BOB);
        let asked = s.good();
        crowd.spawn(async move { person.signs_in(&person.opens(&asked).await).await });
    }
    crowd
        .join_all()
        .await
        .into_iter()
        .find(|answer| answer.status == 503)
}
