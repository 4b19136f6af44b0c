//! The list of every rule: its name in the code, and the entry that tells about it.
//!
//! To add a rule: write its entry in the file of its endpoint, add a line here, run the tests with
//! `VALETKEY_WRITE_DOCS=1`, and write one test that satisfies it and one that violates it.

use super::{
    RuleInfo, account, assertion, authorize, bearer, client, client_auth, device, encryption, exchange,
    factor, interaction, introspect, logout, oauth1, openid, passkey, password, register, revoke, server,
    token, upstream, userinfo, webfinger,
};

macro_rules! catalogue {
    ($($title:literal: { $($rule:ident = $file:ident::$entry:ident,)* })*) => {
        /// A rule of the catalogue. What it says stands in its [`RuleInfo`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each variant's entry says what it is")]
        pub enum Rule { $($($rule,)*)* }

        impl Rule {
            /// Every rule, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$($(Self::$rule,)*)*];

            /// Every rule, by the endpoint that checks it.
            pub const GROUPS: &'static [(&'static str, &'static [Self])] =
                &[$(($title, &[$(Self::$rule,)*]),)*];

            /// What the catalogue knows about it.
            #[must_use]
            pub const fn info(self) -> &'static RuleInfo {
                match self { $($(Self::$rule => &$file::$entry,)*)* }
            }
        }
    };
}

catalogue! {
    "Authorization endpoint": {
        AuthorizeParameterRepeated = authorize::PARAMETER_REPEATED,
        AuthorizeClientIdMissing = authorize::CLIENT_ID_MISSING,
        AuthorizeClientUnknown = authorize::CLIENT_UNKNOWN,
        AuthorizeRedirectUriMissing = authorize::REDIRECT_URI_MISSING,
        AuthorizeRedirectUriUnregistered = authorize::REDIRECT_URI_UNREGISTERED,
        AuthorizeResponseTypeMissing = authorize::RESPONSE_TYPE_MISSING,
        AuthorizeResponseTypeUnsupported = authorize::RESPONSE_TYPE_UNSUPPORTED,
        AuthorizeResponseModeUnsupported = authorize::RESPONSE_MODE_UNSUPPORTED,
        AuthorizeGrantTypeNotAllowed = authorize::GRANT_TYPE_NOT_ALLOWED,
        AuthorizeResponseTypeNotRegistered = openid::RESPONSE_TYPE_NOT_REGISTERED,
        AuthorizeRegistrationUnsupported = openid::REGISTRATION_UNSUPPORTED,
        AuthorizeScopeMalformed = authorize::SCOPE_MALFORMED,
        AuthorizeScopeNotAllowed = authorize::SCOPE_NOT_ALLOWED,
        AuthorizeScopeOpenidMissing = openid::SCOPE_OPENID_MISSING,
        AuthorizeNonceMissing = openid::NONCE_MISSING,
        AuthorizeResourceMalformed = authorize::RESOURCE_MALFORMED,
        AuthorizeResourceUnknown = authorize::RESOURCE_UNKNOWN,
        PkceChallengeMissing = authorize::PKCE_CHALLENGE_MISSING,
        PkceMethodNotS256 = authorize::PKCE_METHOD_NOT_S256,
        PkceChallengeMalformed = authorize::PKCE_CHALLENGE_MALFORMED,
        AuthorizePromptUnknown = authorize::PROMPT_UNKNOWN,
        AuthorizePromptNoneAlone = authorize::PROMPT_NONE_ALONE,
        AuthorizeMaxAgeMalformed = authorize::MAX_AGE_MALFORMED,
        AuthorizeClaimsMalformed = openid::CLAIMS_MALFORMED,
        AuthorizeLoginRequired = authorize::LOGIN_REQUIRED,
        AuthorizeAcrUnmet = openid::ACR_UNMET,
        AuthorizeConsentRequired = authorize::CONSENT_REQUIRED,
        AuthorizeAccessDenied = authorize::ACCESS_DENIED,
    }
    "Request objects": {
        RequestObjectTwice = openid::OBJECT_TWICE,
        RequestObjectRequired = openid::OBJECT_REQUIRED,
        RequestUriUnregistered = openid::URI_UNREGISTERED,
        RequestUriTooOften = openid::URI_TOO_OFTEN,
        RequestUriUnreadable = openid::URI_UNREADABLE,
        RequestObjectMalformed = openid::OBJECT_MALFORMED,
        RequestObjectUnsigned = openid::OBJECT_UNSIGNED,
        RequestObjectSignatureInvalid = openid::OBJECT_SIGNATURE_INVALID,
        RequestObjectExpired = openid::OBJECT_EXPIRED,
        RequestObjectMismatch = openid::OBJECT_MISMATCH,
        RequestObjectAudience = openid::OBJECT_AUDIENCE,
    }
    "Sign-in and consent pages": {
        InteractionUnreadable = interaction::UNREADABLE,
        InteractionExpired = interaction::EXPIRED,
        InteractionOtherBrowser = interaction::OTHER_BROWSER,
        FormCrossSite = interaction::FORM_CROSS_SITE,
        LoginCredentialsWrong = interaction::LOGIN_CREDENTIALS_WRONG,
        LoginThrottled = interaction::LOGIN_THROTTLED,
    }
    "Accounts": {
        SignUpClosed = account::SIGN_UP_CLOSED,
        SignUpInvitationInvalid = account::SIGN_UP_INVITATION_INVALID,
        SignUpDomainNotAllowed = account::SIGN_UP_DOMAIN_NOT_ALLOWED,
        SignUpUsernameMalformed = account::SIGN_UP_USERNAME_MALFORMED,
        SignUpUsernameTaken = account::SIGN_UP_USERNAME_TAKEN,
        AccountEmailMalformed = account::EMAIL_MALFORMED,
        AccountEmailTaken = account::EMAIL_TAKEN,
        AccountPasswordWeak = account::PASSWORD_WEAK,
        AccountPasswordWrong = account::PASSWORD_WRONG,
        AccountProfileMalformed = account::PROFILE_MALFORMED,
        AccountLinkInvalid = account::LINK_INVALID,
        AccountLinkExpired = account::LINK_EXPIRED,
        AccountLinkUsed = account::LINK_USED,
        AccountMailThrottled = account::MAIL_THROTTLED,
        AccountMailUnavailable = account::MAIL_UNAVAILABLE,
        AccountDeleteUnconfirmed = account::DELETE_UNCONFIRMED,
    }
    "Sign-out": {
        LogoutParameterRepeated = logout::PARAMETER_REPEATED,
        LogoutHintInvalid = logout::HINT_INVALID,
        LogoutClientMismatch = logout::CLIENT_MISMATCH,
        LogoutClientUnknown = logout::CLIENT_UNKNOWN,
        LogoutRedirectUriUnregistered = logout::REDIRECT_URI_UNREGISTERED,
    }
    "Signing in with another provider": {
        UpstreamUnknown = upstream::UNKNOWN,
        UpstreamUnreachable = upstream::UNREACHABLE,
        UpstreamAnswerUnusable = upstream::ANSWER_UNUSABLE,
        UpstreamStateMismatch = upstream::STATE_MISMATCH,
        UpstreamOtherProvider = upstream::OTHER_PROVIDER,
        UpstreamIssuerMismatch = upstream::ISSUER_MISMATCH,
        UpstreamErrorResponse = upstream::ERROR_RESPONSE,
        UpstreamIdTokenInvalid = upstream::ID_TOKEN_INVALID,
        UpstreamSubjectMissing = upstream::SUBJECT_MISSING,
        UpstreamNotFresh = upstream::NOT_FRESH,
        UpstreamSignUpClosed = upstream::SIGN_UP_CLOSED,
        UpstreamEmailTaken = upstream::EMAIL_TAKEN,
        UpstreamUsernameUnusable = upstream::USERNAME_UNUSABLE,
        UpstreamLinkUnproved = upstream::LINK_UNPROVED,
        UpstreamLinkTaken = upstream::LINK_TAKEN,
        UpstreamLastWay = upstream::LAST_WAY,
    }
    "Passkeys": {
        PasskeyResponseMalformed = passkey::RESPONSE_MALFORMED,
        PasskeyChallengeMismatch = passkey::CHALLENGE_MISMATCH,
        PasskeyOriginMismatch = passkey::ORIGIN_MISMATCH,
        PasskeyNotVerified = passkey::NOT_VERIFIED,
        PasskeyUnknown = passkey::UNKNOWN,
        PasskeySignatureInvalid = passkey::SIGNATURE_INVALID,
        PasskeyCloned = passkey::CLONED,
        PasskeyTaken = factor::PASSKEY_TAKEN,
        PasskeyLastWay = factor::PASSKEY_LAST_WAY,
    }
    "Second factors": {
        SecondFactorWrong = factor::WRONG,
        SecondFactorThrottled = factor::THROTTLED,
        SecondFactorExpired = factor::EXPIRED,
        SecondFactorSetUpExpired = factor::SET_UP_EXPIRED,
    }
    "Client authentication": {
        ClientAuthMissing = client_auth::MISSING,
        ClientAuthHeaderUnreadable = client_auth::HEADER_UNREADABLE,
        ClientAuthTwoMethods = client_auth::TWO_METHODS,
        ClientAuthIdsDiffer = client_auth::IDS_DIFFER,
        ClientUnknown = client_auth::UNKNOWN,
        ClientAuthMethodNotRegistered = client_auth::METHOD_NOT_REGISTERED,
        ClientSecretWrong = client_auth::SECRET_WRONG,
    }
    "Client assertions": {
        ClientAssertionTypeUnsupported = assertion::TYPE_UNSUPPORTED,
        ClientAssertionMalformed = assertion::MALFORMED,
        ClientAssertionAlgorithm = assertion::ALGORITHM,
        ClientAssertionKeyUnknown = assertion::KEY_UNKNOWN,
        ClientAssertionSignature = assertion::SIGNATURE,
        ClientAssertionSubject = assertion::SUBJECT,
        ClientAssertionAudience = assertion::AUDIENCE,
        ClientAssertionExpired = assertion::EXPIRED,
        ClientAssertionReplayed = assertion::REPLAYED,
    }
    "Token endpoint": {
        TokenRequestNotForm = token::REQUEST_NOT_FORM,
        TokenParameterRepeated = token::PARAMETER_REPEATED,
        TokenGrantTypeMissing = token::GRANT_TYPE_MISSING,
        TokenGrantTypeUnsupported = token::GRANT_TYPE_UNSUPPORTED,
        TokenGrantTypeNotAllowed = token::GRANT_TYPE_NOT_ALLOWED,
        CodeMissing = token::CODE_MISSING,
        CodeUnknown = token::CODE_UNKNOWN,
        CodeOtherClient = token::CODE_OTHER_CLIENT,
        CodeExpired = token::CODE_EXPIRED,
        CodeReplayed = token::CODE_REPLAYED,
        CodeRedirectUriMismatch = token::CODE_REDIRECT_URI_MISMATCH,
        CodeVerifierMissing = token::CODE_VERIFIER_MISSING,
        CodeVerifierUnexpected = token::CODE_VERIFIER_UNEXPECTED,
        CodeVerifierMalformed = token::CODE_VERIFIER_MALFORMED,
        CodePkceMismatch = token::CODE_PKCE_MISMATCH,
        RefreshTokenMissing = token::REFRESH_TOKEN_MISSING,
        RefreshTokenUnknown = token::REFRESH_TOKEN_UNKNOWN,
        RefreshTokenOtherClient = token::REFRESH_TOKEN_OTHER_CLIENT,
        RefreshTokenExpired = token::REFRESH_TOKEN_EXPIRED,
        RefreshTokenReused = token::REFRESH_TOKEN_REUSED,
        GrantRevoked = token::GRANT_REVOKED,
        TokenScopeMalformed = token::SCOPE_MALFORMED,
        TokenScopeWidened = token::SCOPE_WIDENED,
        TokenScopeNotAllowed = token::SCOPE_NOT_ALLOWED,
        TokenResourceMalformed = token::RESOURCE_MALFORMED,
        TokenResourceNotGranted = token::RESOURCE_NOT_GRANTED,
        TokenResourceAmbiguous = token::RESOURCE_AMBIGUOUS,
    }
    "Password grant": {
        PasswordMissing = password::MISSING,
        PasswordCredentialsWrong = password::CREDENTIALS_WRONG,
        PasswordThrottled = password::THROTTLED,
        PasswordSecondFactor = password::SECOND_FACTOR,
    }
    "Device authorization": {
        DeviceCodeMissing = device::CODE_MISSING,
        DeviceCodeUnknown = device::CODE_UNKNOWN,
        DeviceCodeOtherClient = device::CODE_OTHER_CLIENT,
        DeviceAuthorizationPending = device::AUTHORIZATION_PENDING,
        DeviceSlowDown = device::SLOW_DOWN,
        DeviceCodeExpired = device::CODE_EXPIRED,
        DeviceAccessDenied = device::ACCESS_DENIED,
        DeviceCodeUsed = device::CODE_USED,
        DeviceRequestsThrottled = device::REQUESTS_THROTTLED,
        DeviceUserCodeUnknown = device::USER_CODE_UNKNOWN,
        DeviceUserCodeThrottled = device::USER_CODE_THROTTLED,
    }
    "Token exchange": {
        ExchangeSubjectTokenMissing = exchange::SUBJECT_TOKEN_MISSING,
        ExchangeTokenTypeUnsupported = exchange::TOKEN_TYPE_UNSUPPORTED,
        ExchangeRequestedTypeUnsupported = exchange::REQUESTED_TYPE_UNSUPPORTED,
        ExchangeSubjectTokenInvalid = exchange::SUBJECT_TOKEN_INVALID,
        ExchangeActorTokenInvalid = exchange::ACTOR_TOKEN_INVALID,
        ExchangeSubjectNotAllowed = exchange::SUBJECT_NOT_ALLOWED,
        ExchangeImpersonationNotAllowed = exchange::IMPERSONATION_NOT_ALLOWED,
        ExchangeScopeWidened = exchange::SCOPE_WIDENED,
        ExchangeTargetNotAllowed = exchange::TARGET_NOT_ALLOWED,
        ExchangeProofMissing = exchange::PROOF_MISSING,
        ExchangeMigrationNotAllowed = exchange::MIGRATION_NOT_ALLOWED,
    }
    "Revocation endpoint": {
        RevokeTokenMissing = revoke::TOKEN_MISSING,
        RevokeOtherClient = revoke::OTHER_CLIENT,
    }
    "Introspection endpoint": {
        IntrospectTokenMissing = introspect::TOKEN_MISSING,
        IntrospectNotAllowed = introspect::NOT_ALLOWED,
    }
    "Userinfo endpoint": {
        UserinfoTokenInvalid = userinfo::TOKEN_INVALID,
        UserinfoScopeMissing = userinfo::SCOPE_MISSING,
    }
    "What is encrypted for clients": {
        AuthorizeEncryptionKeyMissing = encryption::AUTHORIZE_KEY_MISSING,
        ClientEncryptionKeyMissing = encryption::KEY_MISSING,
    }
    "WebFinger": {
        WebfingerResourceMissing = webfinger::RESOURCE_MISSING,
        WebfingerResourceElsewhere = webfinger::RESOURCE_ELSEWHERE,
    }
    "Client registration": {
        RegisterOff = register::OFF,
        RegisterInitialTokenInvalid = register::INITIAL_TOKEN_INVALID,
        RegisterThrottled = register::THROTTLED,
        RegisterFull = register::FULL,
        RegisterNotJson = register::NOT_JSON,
        RegisterSoftwareStatement = register::SOFTWARE_STATEMENT,
        RegisterText = register::TEXT,
        RegisterApplicationType = register::APPLICATION_TYPE,
        RegisterAuthMethod = register::AUTH_METHOD,
        RegisterAuthMethodGrant = register::AUTH_METHOD_GRANT,
        RegisterAuthAlgorithm = register::AUTH_ALGORITHM,
        RegisterGrantType = register::GRANT_TYPE,
        RegisterFrontChannel = register::FRONT_CHANNEL,
        RegisterResponseType = register::RESPONSE_TYPE,
        RegisterResponseTypeGrant = register::RESPONSE_TYPE_GRANT,
        RegisterRedirectUriMissing = register::REDIRECT_URI_MISSING,
        RegisterRedirectUriInvalid = register::REDIRECT_URI_INVALID,
        RegisterRedirectUriKind = register::REDIRECT_URI_KIND,
        RegisterKeysTwice = register::KEYS_TWICE,
        RegisterKeysPrivate = register::KEYS_PRIVATE,
        RegisterKeysUnusable = register::KEYS_UNUSABLE,
        RegisterKeysMissing = register::KEYS_MISSING,
        RegisterUriNotHttps = register::URI_NOT_HTTPS,
        RegisterInitiateLoginUri = register::INITIATE_LOGIN_URI,
        RegisterRequestUri = register::REQUEST_URI,
        RegisterSubjectType = register::SUBJECT_TYPE,
        RegisterSectorMissing = register::SECTOR_MISSING,
        RegisterSectorMismatch = register::SECTOR_MISMATCH,
        RegisterAlgorithm = register::ALGORITHM,
        RegisterEncryptionAlgMissing = register::ENCRYPTION_ALG_MISSING,
        RegisterDefaultMaxAge = register::DEFAULT_MAX_AGE,
        RegisterDefaultAcr = register::DEFAULT_ACR,
        RegisterPostLogoutUri = register::POST_LOGOUT_URI,
        RegisterFrontchannelLogoutUri = register::FRONTCHANNEL_LOGOUT_URI,
        RegisterBackchannelLogoutUri = register::BACKCHANNEL_LOGOUT_URI,
        RegisterLogoutSession = register::LOGOUT_SESSION,
        RegisterScope = register::SCOPE,
        RegisterClientTokenInvalid = register::CLIENT_TOKEN_INVALID,
        RegisterUpdateClientId = register::UPDATE_CLIENT_ID,
        RegisterUpdateReserved = register::UPDATE_RESERVED,
        RegisterUpdateSecret = register::UPDATE_SECRET,
    }
    "Every endpoint": {
        ServerBusy = server::BUSY,
        RequestTooLarge = server::REQUEST_TOO_LARGE,
        ParameterNul = server::PARAMETER_NUL,
        MethodNotAllowed = server::METHOD_NOT_ALLOWED,
    }
    "Protected resources": {
        BearerTokenMissing = bearer::TOKEN_MISSING,
        BearerHeaderMalformed = bearer::HEADER_MALFORMED,
        AccessTokenMalformed = bearer::ACCESS_TOKEN_MALFORMED,
        AccessTokenType = bearer::ACCESS_TOKEN_TYPE,
        AccessTokenAlgorithm = bearer::ACCESS_TOKEN_ALGORITHM,
        AccessTokenKeyUnknown = bearer::ACCESS_TOKEN_KEY_UNKNOWN,
        AccessTokenSignature = bearer::ACCESS_TOKEN_SIGNATURE,
        AccessTokenIssuer = bearer::ACCESS_TOKEN_ISSUER,
        AccessTokenAudience = bearer::ACCESS_TOKEN_AUDIENCE,
        AccessTokenExpired = bearer::ACCESS_TOKEN_EXPIRED,
        AccessTokenNotYetValid = bearer::ACCESS_TOKEN_NOT_YET_VALID,
        AccessTokenInactive = bearer::ACCESS_TOKEN_INACTIVE,
        AccessTokenScope = bearer::ACCESS_TOKEN_SCOPE,
    }
    "OAuth 1.0a": {
        OAuth1NotSigned = oauth1::NOT_SIGNED,
        OAuth1ParametersUnreadable = oauth1::PARAMETERS_UNREADABLE,
        OAuth1ParametersInTwoPlaces = oauth1::PARAMETERS_IN_TWO_PLACES,
        OAuth1ParameterRepeated = oauth1::PARAMETER_REPEATED,
        OAuth1ParameterMissing = oauth1::PARAMETER_MISSING,
        OAuth1VersionUnsupported = oauth1::VERSION_UNSUPPORTED,
        OAuth1SignatureMethodUnsupported = oauth1::SIGNATURE_METHOD_UNSUPPORTED,
        OAuth1PlaintextWithoutTls = oauth1::PLAINTEXT_WITHOUT_TLS,
        OAuth1TimestampRefused = oauth1::TIMESTAMP_REFUSED,
        OAuth1NonceUsed = oauth1::NONCE_USED,
        OAuth1ConsumerUnknown = oauth1::CONSUMER_UNKNOWN,
        OAuth1NotAllowed = oauth1::NOT_ALLOWED,
        OAuth1SignatureInvalid = oauth1::SIGNATURE_INVALID,
        OAuth1TokenUnknown = oauth1::TOKEN_UNKNOWN,
        OAuth1TokenOtherConsumer = oauth1::TOKEN_OTHER_CONSUMER,
        OAuth1TokenExpired = oauth1::TOKEN_EXPIRED,
        OAuth1TokenRevoked = oauth1::TOKEN_REVOKED,
        OAuth1TokenUsed = oauth1::TOKEN_USED,
        OAuth1NotAuthorized = oauth1::NOT_AUTHORIZED,
        OAuth1VerifierInvalid = oauth1::VERIFIER_INVALID,
        OAuth1CallbackUnregistered = oauth1::CALLBACK_UNREGISTERED,
        OAuth1ScopeNotAllowed = oauth1::SCOPE_NOT_ALLOWED,
        OAuth1ScopeMissing = oauth1::SCOPE_MISSING,
        OAuth1OtherResource = oauth1::OTHER_RESOURCE,
        OAuth1AuthorizeTokenUnknown = oauth1::AUTHORIZE_TOKEN_UNKNOWN,
        OAuth1AuthorizeDeclined = oauth1::AUTHORIZE_DECLINED,
        OAuth1VerifyRequestMalformed = oauth1::VERIFY_REQUEST_MALFORMED,
    }
    "Client library": {
        ClientMetadataIssuer = client::METADATA_ISSUER,
        ClientStateMismatch = client::STATE_MISMATCH,
        ClientIssMissing = client::ISS_MISSING,
        ClientIssMismatch = client::ISS_MISMATCH,
        ClientErrorResponse = client::ERROR_RESPONSE,
        TokenTypeNotBearer = client::TOKEN_TYPE_NOT_BEARER,
        IdTokenMalformed = client::ID_TOKEN_MALFORMED,
        IdTokenSignature = client::ID_TOKEN_SIGNATURE,
        IdTokenIssuer = client::ID_TOKEN_ISSUER,
        IdTokenAudience = client::ID_TOKEN_AUDIENCE,
        IdTokenExpired = client::ID_TOKEN_EXPIRED,
        IdTokenNonce = client::ID_TOKEN_NONCE,
        IdTokenSubjectDiffers = client::ID_TOKEN_SUBJECT_DIFFERS,
        IdTokenAcr = client::ID_TOKEN_ACR,
        ClientLogoutTokenMalformed = client::LOGOUT_TOKEN_MALFORMED,
        ClientLogoutTokenSignature = client::LOGOUT_TOKEN_SIGNATURE,
        ClientLogoutTokenMisdirected = client::LOGOUT_TOKEN_MISDIRECTED,
        ClientLogoutTokenExpired = client::LOGOUT_TOKEN_EXPIRED,
        ClientLoginIssuerUnknown = client::LOGIN_ISSUER_UNKNOWN,
        ClientLoginTargetForeign = client::LOGIN_TARGET_FOREIGN,
        ClientOAuth1CallbackUnconfirmed = client::OAUTH1_CALLBACK_UNCONFIRMED,
        ClientOAuth1TokenMismatch = client::OAUTH1_TOKEN_MISMATCH,
    }
}

impl Rule {
    /// Its stable id, as `VK-CODE-PKCE-MISMATCH`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.info().id
    }

    /// The rule with that id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.id() == id)
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

impl serde::Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> serde::Deserialize<'de> for Rule {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        Self::from_id(&id).ok_or_else(|| serde::de::Error::custom("no rule has this id"))
    }
}
