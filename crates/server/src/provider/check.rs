//! What goes to a provider and what it says: the address that a browser is sent to, the code redeemed, the ID token checked (OpenID Connect
//! Core, section 3.1.3.7; PKCE, RFC 7636; the issuer of the answer, RFC 9207). Believes nothing that a browser brought.

use super::{Fault, Known, Provider};
use chrono::{DateTime, Utc};
use countersign_app::{
    Env,
    identity::{Leaving, Proven, Purpose, Returned, SKEW_MICROS},
    passkey::Site,
};
use openidconnect::{
    AuthType, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    SignatureVerificationError, TokenResponse as _,
    core::{
        CoreAuthPrompt, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims, CoreJwsSigningAlgorithm as Algorithm,
        CoreResponseType,
    },
    url::Url,
};
use serde::Deserialize;
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// What an ID token may be signed by: a key of the provider's own. Never by a secret that this server has, too, and never by nothing.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// What the user info endpoint says, as far as it is asked.
#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    email: Option<String>,
    email_verified: Option<Value>,
}

fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

impl Provider {
    fn client(&self, known: &Known, site: &Site) -> Result<Client, Fault> {
        let back = RedirectUrl::new(self.back(site)).map_err(|error| Fault::Unreachable(format!("the desk's own address: {error}")))?;
        let secret = self.settings.client_secret.as_ref().map(|secret| ClientSecret::new(secret.0.clone()));
        let id = ClientId::new(self.settings.client_id.clone());
        let client = CoreClient::from_provider_metadata(known.metadata.clone(), id, secret).set_redirect_uri(back);
        // Where nothing is said it is by the header (OpenID Connect Discovery, section 3).
        let ways = known.metadata.token_endpoint_auth_methods_supported();
        let by_body = ways.is_some_and(|ways| {
            !ways.contains(&CoreClientAuthMethod::ClientSecretBasic) && ways.contains(&CoreClientAuthMethod::ClientSecretPost)
        });
        Ok(if by_body { client.set_auth_type(AuthType::RequestBody) } else { client })
    }

    /// Where a browser is sent to.
    ///
    /// # Errors
    /// Where the provider does not say.
    pub async fn leave(&self, env: &Env, site: &Site, leaving: &Leaving, purpose: Purpose) -> Result<Url, Fault> {
        let known = self.known(env).await?;
        let client = self.client(&known, site)?;
        let (state, nonce) = (leaving.state.clone(), leaving.nonce.clone());
        let verifier = PkceCodeVerifier::new(leaving.verifier.clone());
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let mut request = client.authorize_url(flow, || CsrfToken::new(state), || Nonce::new(nonce));
        request = request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for scope in &self.settings.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        if purpose == Purpose::Confirm {
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO);
        }
        Ok(request.url().0)
    }

    /// What the provider says of whoever came back with `code`; `iss` is who the answer says that it is from.
    ///
    /// # Errors
    /// Where it cannot be asked, or what it says does not hold.
    pub async fn proven(&self, env: &Env, site: &Site, returned: &Returned, (code, iss): (&str, Option<&str>)) -> Result<Proven, Fault> {
        let known = self.known(env).await?;
        match iss {
            Some(iss) if iss != self.settings.issuer => return Err(Fault::Refused("the answer is from another issuer".into())),
            None if known.names_itself => return Err(Fault::Refused("the answer does not say which issuer it is from".into())),
            _ => {}
        }
        let client = self.client(&known, site)?;
        let carry = |request: HttpRequest| {
            let (wire, reach) = (Arc::clone(&self.wire), known.reach);
            async move { wire.carry(reach, request).await.map_err(std::io::Error::other) }
        };
        let redeeming = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| Fault::Unreachable(format!("it has no token endpoint: {error}")))?
            .set_pkce_verifier(PkceCodeVerifier::new(returned.verifier.clone()));
        let told = redeeming.request_async(&carry).await.map_err(|error| match error {
            openidconnect::RequestTokenError::Request(error) => Fault::Unreachable(format!("its token endpoint: {error}")),
            // What it answered may repeat what was sent.
            openidconnect::RequestTokenError::ServerResponse(error) => {
                Fault::Refused(format!("it does not redeem the code: {}", error.error()))
            }
            other => Fault::Refused(format!("its token endpoint: {other}")),
        })?;
        let token = told.id_token().ok_or_else(|| Fault::Refused("it gave no ID token".into()))?;
        let claims = self.claims(env, site, token, returned).await?;
        let mail = if self.settings.by_mail { self.mail(&known, claims, told.access_token().secret()).await } else { None };
        Ok(Proven {
            provider: self.settings.name.clone(),
            issuer: self.settings.issuer.clone(),
            subject: claims.subject().to_string(),
            mail,
            auth_time: claims.auth_time().map(|at| at.timestamp_micros()),
        })
    }

    /// The claims of an ID token that holds. A key that is not known is asked for, once.
    async fn claims<'t>(
        &self,
        env: &Env,
        site: &Site,
        token: &'t CoreIdToken,
        returned: &Returned,
    ) -> Result<&'t CoreIdTokenClaims, Fault> {
        let known = self.known(env).await?;
        match self.verified(&known, env, site, token, returned)? {
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                let again = self.known_again(env, &known).await?;
                self.verified(&again, env, site, token, returned)?
            }
            told => told,
        }
        .map_err(|error| Fault::Refused(format!("its ID token does not hold: {error}")))
        .and_then(|claims| self.meant_for_us(claims).map(|()| claims))
    }

    fn verified<'t>(
        &self,
        known: &Known,
        env: &Env,
        site: &Site,
        token: &'t CoreIdToken,
        returned: &Returned,
    ) -> Result<Result<&'t CoreIdTokenClaims, ClaimsVerificationError>, Fault> {
        let now = env.now();
        let client = self.client(known, site)?;
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(move || time(now)).set_issue_time_verifier_fn(
            move |issued| if issued > time(now + SKEW_MICROS) { Err("it was issued in the future".to_owned()) } else { Ok(()) },
        );
        Ok(token.claims(&verifier, &Nonce::new(returned.nonce.clone())))
    }

    /// Whoever the token was given to has to be this server (OpenID Connect Core, section 3.1.3.7, item 5).
    fn meant_for_us(&self, claims: &CoreIdTokenClaims) -> Result<(), Fault> {
        match claims.authorized_party() {
            Some(party) if **party != self.settings.client_id => Err(Fault::Refused("its ID token was given to somebody else".into())),
            _ => Ok(()),
        }
    }

    /// The address that the provider vouches for: in the ID token, or where it says more.
    async fn mail(&self, known: &Known, claims: &CoreIdTokenClaims, access: &str) -> Option<String> {
        if let Some(mail) = claims.email() {
            return (claims.email_verified() == Some(true)).then(|| mail.to_string());
        }
        let place = known.metadata.userinfo_endpoint()?;
        let told = match self.wire.get(&known.reach, place.as_str(), Some(access)).await {
            Ok(told) => told,
            Err(error) => {
                tracing::info!(provider = %self.settings.name, %error, "a provider did not say more about somebody");
                return None;
            }
        };
        let told: UserInfo = serde_json::from_slice(&told).ok()?;
        // It is about somebody else unless it says the same subject (OpenID Connect Core, section 5.3.2).
        let vouched = told.sub == claims.subject().as_str() && told.email_verified == Some(Value::Bool(true));
        told.email.filter(|_| vouched)
    }
}
