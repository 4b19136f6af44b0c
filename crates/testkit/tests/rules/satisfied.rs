//! For every rule a request that keeps it. Most satisfied checks are recorded by the server, the API and the client
//! library themselves while good requests go their way; the few that are not are shown by the answer.

use super::stage::{Stage, Told};
use super::{
    accounts, apis, clients, factors, flows, logout, oauth1, openid, register, relying_party, upstream,
};
use Rule as R;
use std::collections::BTreeSet;
use valetkey_protocol::rule::Rule;
use valetkey_protocol::secret::ClientSecret;
use valetkey_testkit::cast;

pub(super) enum Satisfaction {
    /// Found among what was recorded.
    Recorded,
    /// The story asserts the good answer.
    Answered(for<'a> fn(&'a Stage) -> Told<'a>),
}
use Satisfaction::{Answered, Recorded};

/// Every rule that was recorded as satisfied while the actors did what they may.
pub(super) async fn passed_by_good_requests() -> BTreeSet<Rule> {
    let stage = Stage::for_rule(R::AuthorizeAccessDenied).await;
    let s = &stage;
    // A code request with every parameter there is, then the same in silence.
    let asked = s
        .good()
        .and("nonce", "n")
        .and("resource", cast::PHOTOS)
        .and("max_age", "600");
    let code = s
        .alice
        .allows(&asked.clone().and("prompt", "login consent"))
        .await;
    let tokens = s
        .app
        .redeems_with(&code, &[("resource", cast::PHOTOS)])
        .await
        .tokens();
    asked.code_from(
        &s.alice
            .opens(&asked.clone().and("prompt", "none").and("response_mode", "query"))
            .await,
    );
    // A client in the form, one without a secret, and one without PKCE.
    for registered in [cast::TWODOORS, cast::MYSWEETCLI, cast::OLDAPP] {
        let app = s.server.app(registered);
        let asked = app.asks_for("openid");
        let asked = if registered.id == "oldapp" {
            asked.without("code_challenge").without("code_challenge_method")
        } else {
            asked
        };
        app.redeems(&s.alice.allows(&asked).await).await.tokens();
    }
    let fresh = s
        .app
        .refreshes_with(&tokens.refresh, &[("scope", "openid photos.read")])
        .await
        .tokens();
    s.server
        .app(cast::PHOTO_BACKUP)
        .asks_for_itself(&[("scope", "photos.read"), ("resource", cast::PHOTOS)])
        .await
        .tokens();
    // The id in the header and once more in the form.
    let twice = [("client_id", s.app.registered.id), ("token", "x")];
    assert_eq!(s.app.posts("/introspect", &twice).await.status, 200);
    assert_eq!(s.app.reads_userinfo(&fresh.access).await.status, 200);
    assert!(s.server.app(cast::PHOTOS_API).finds_active(&fresh.access).await);
    let online = s.server.photos_with(&s.recorder, |builder| {
        builder
            .introspect(cast::PHOTOS_API.id, ClientSecret::new(cast::PHOTOS_API.secret))
            .online(0)
    });
    for photos in [online, apis::jwt(s)] {
        assert_eq!(photos.shows(&fresh.access).await.status, 200);
    }
    assert_eq!(s.app.revokes(&fresh.refresh).await.status, 200);
    clients::good_way(s).await;
    flows::good_ways(s).await;
    oauth1::good_ways(s).await;
    accounts::good_ways(s).await;
    factors::good_ways(s).await;
    logout::good_ways(s).await;
    openid::good_ways(s).await;
    register::good_ways(s).await;
    relying_party::good_ways(s).await;
    upstream::good_ways(s).await;
    s.passed()
}

/// How a rule's satisfaction shows.
#[expect(
    clippy::too_many_lines,
    reason = "one arm a rule, in one match, so that none can be forgotten"
)]
pub(super) fn satisfaction(rule: Rule) -> Satisfaction {
    match rule {
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
        | R::WebfingerResourceElsewhere => openid::satisfaction(rule),

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
        | R::AccountDeleteUnconfirmed => accounts::satisfaction(rule),

        R::LogoutParameterRepeated
        | R::LogoutHintInvalid
        | R::LogoutClientMismatch
        | R::LogoutClientUnknown
        | R::LogoutRedirectUriUnregistered => logout::satisfaction(rule),

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
        | R::UpstreamLastWay => upstream::satisfaction(rule),

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
        | R::PasswordSecondFactor => factors::satisfaction(rule),

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
        | R::RegisterUpdateSecret => register::satisfaction(rule),

        R::IdTokenAcr
        | R::ClientLogoutTokenMalformed
        | R::ClientLogoutTokenSignature
        | R::ClientLogoutTokenMisdirected
        | R::ClientLogoutTokenExpired
        | R::ClientLoginIssuerUnknown
        | R::ClientLoginTargetForeign => relying_party::satisfaction(rule),
        R::AuthorizeParameterRepeated
        | R::AuthorizeClientIdMissing
        | R::AuthorizeClientUnknown
        | R::AuthorizeRedirectUriMissing
        | R::AuthorizeRedirectUriUnregistered
        | R::AuthorizeResponseTypeMissing
        | R::AuthorizeResponseTypeUnsupported
        | R::AuthorizeResponseModeUnsupported
        | R::AuthorizeGrantTypeNotAllowed
        | R::AuthorizeScopeMalformed
        | R::AuthorizeScopeNotAllowed
        | R::AuthorizeResourceMalformed
        | R::AuthorizeResourceUnknown
        | R::PkceChallengeMissing
        | R::PkceMethodNotS256
        | R::PkceChallengeMalformed
        | R::AuthorizePromptUnknown
        | R::AuthorizePromptNoneAlone
        | R::AuthorizeMaxAgeMalformed
        | R::AuthorizeLoginRequired
        | R::AuthorizeConsentRequired
        | R::AuthorizeAccessDenied
        | R::InteractionUnreadable
        | R::InteractionExpired
        | R::InteractionOtherBrowser
        | R::LoginCredentialsWrong
        | R::LoginThrottled
        | R::ClientAuthMissing
        | R::ClientAuthHeaderUnreadable
        | R::ClientAuthTwoMethods
        | R::ClientAuthIdsDiffer
        | R::ClientUnknown
        | R::ClientAuthMethodNotRegistered
        | R::ClientSecretWrong
        | R::TokenRequestNotForm
        | R::ParameterNul
        | R::TokenParameterRepeated
        | R::TokenGrantTypeMissing
        | R::TokenGrantTypeUnsupported
        | R::TokenGrantTypeNotAllowed
        | R::CodeMissing
        | R::CodeUnknown
        | R::CodeOtherClient
        | R::CodeExpired
        | R::CodeReplayed
        | R::CodeRedirectUriMismatch
        | R::CodeVerifierMissing
        | R::CodeVerifierUnexpected
        | R::CodeVerifierMalformed
        | R::CodePkceMismatch
        | R::RefreshTokenMissing
        | R::RefreshTokenUnknown
        | R::RefreshTokenOtherClient
        | R::RefreshTokenExpired
        | R::RefreshTokenReused
        | R::GrantRevoked
        | R::TokenScopeMalformed
        | R::TokenScopeWidened
        | R::TokenScopeNotAllowed
        | R::TokenResourceMalformed
        | R::TokenResourceNotGranted
        | R::TokenResourceAmbiguous
        | R::RevokeTokenMissing
        | R::RevokeOtherClient
        | R::IntrospectTokenMissing
        | R::IntrospectNotAllowed
        | R::UserinfoTokenInvalid
        | R::UserinfoScopeMissing
        | R::BearerTokenMissing
        | R::BearerHeaderMalformed
        | R::AccessTokenMalformed
        | R::AccessTokenType
        | R::AccessTokenAlgorithm
        | R::AccessTokenKeyUnknown
        | R::AccessTokenSignature
        | R::AccessTokenIssuer
        | R::AccessTokenAudience
        | R::AccessTokenExpired
        | R::AccessTokenNotYetValid
        | R::AccessTokenInactive
        | R::AccessTokenScope
        | R::ClientStateMismatch
        | R::ClientIssMissing
        | R::ClientIssMismatch
        | R::ClientErrorResponse
        | R::IdTokenMalformed
        | R::IdTokenSignature
        | R::IdTokenIssuer
        | R::IdTokenAudience
        | R::IdTokenExpired
        | R::IdTokenNonce
        | R::IdTokenSubjectDiffers
        | R::ClientAssertionTypeUnsupported
        | R::ClientAssertionMalformed
        | R::ClientAssertionAlgorithm
        | R::ClientAssertionKeyUnknown
        | R::ClientAssertionSignature
        | R::ClientAssertionSubject
        | R::ClientAssertionAudience
        | R::ClientAssertionExpired
        | R::ClientAssertionReplayed
        | R::PasswordMissing
        | R::PasswordCredentialsWrong
        | R::PasswordThrottled
        | R::DeviceCodeMissing
        | R::DeviceCodeUnknown
        | R::DeviceCodeOtherClient
        | R::DeviceAuthorizationPending
        | R::DeviceSlowDown
        | R::DeviceCodeExpired
        | R::DeviceAccessDenied
        | R::DeviceCodeUsed
        | R::DeviceRequestsThrottled
        | R::DeviceUserCodeUnknown
        | R::DeviceUserCodeThrottled
        | R::ExchangeSubjectTokenMissing
        | R::ExchangeTokenTypeUnsupported
        | R::ExchangeRequestedTypeUnsupported
        | R::ExchangeSubjectTokenInvalid
        | R::ExchangeActorTokenInvalid
        | R::ExchangeSubjectNotAllowed
        | R::ExchangeImpersonationNotAllowed
        | R::ExchangeScopeWidened
        | R::ExchangeTargetNotAllowed
        | R::ExchangeProofMissing
        | R::ExchangeMigrationNotAllowed
        | R::OAuth1NotSigned
        | R::OAuth1ParametersUnreadable
        | R::OAuth1ParametersInTwoPlaces
        | R::OAuth1ParameterRepeated
        | R::OAuth1ParameterMissing
        | R::OAuth1VersionUnsupported
        | R::OAuth1SignatureMethodUnsupported
        | R::OAuth1PlaintextWithoutTls
        | R::OAuth1TimestampRefused
        | R::OAuth1NonceUsed
        | R::OAuth1ConsumerUnknown
        | R::OAuth1NotAllowed
        | R::OAuth1SignatureInvalid
        | R::OAuth1TokenUnknown
        | R::OAuth1TokenOtherConsumer
        | R::OAuth1TokenExpired
        | R::OAuth1TokenRevoked
        | R::OAuth1TokenUsed
        | R::OAuth1NotAuthorized
        | R::OAuth1VerifierInvalid
        | R::OAuth1CallbackUnregistered
        | R::OAuth1ScopeNotAllowed
        | R::OAuth1ScopeMissing
        | R::OAuth1OtherResource
        | R::OAuth1AuthorizeTokenUnknown
        | R::OAuth1VerifyRequestMalformed
        | R::ClientOAuth1CallbackUnconfirmed
        | R::ClientOAuth1TokenMismatch => Recorded,

        // Checked around the endpoints, where nobody records.
        R::FormCrossSite | R::ServerBusy => Answered(|s| {
            Box::pin(async move {
                let login = s.alice.opens(&s.good()).await;
                assert!(s.alice.signs_in(&login).await.text().contains("id=\"allow\""));
                None
            })
        }),
        R::RequestTooLarge | R::MethodNotAllowed => Answered(|s| {
            Box::pin(async move {
                let filling = "x".repeat(60 * 1024);
                let code = s.code().await;
                s.app.redeems_with(&code, &[("filling", &filling)]).await.tokens();
                None
            })
        }),
        // What the person answers is told of, but as the rule of OAuth 2.
        R::OAuth1AuthorizeDeclined => Answered(|s| {
            Box::pin(async move {
                oauth1::good_ways(s).await;
                accounts::good_ways(s).await;
                factors::good_ways(s).await;
                logout::good_ways(s).await;
                openid::good_ways(s).await;
                register::good_ways(s).await;
                relying_party::good_ways(s).await;
                upstream::good_ways(s).await;
                None
            })
        }),
        // The library does not tell of these two.
        R::ClientMetadataIssuer | R::TokenTypeNotBearer => Answered(|s| {
            Box::pin(async move {
                clients::good_way(s).await;
                None
            })
        }),
    }
}
