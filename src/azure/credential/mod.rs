//! `DefaultAzureCredential`: one credential on a laptop and in Azure.
//!
//! The SDKs for other languages have it; `azure_identity` 1.x has its parts. The order of the sources, and what
//! `AZURE_TOKEN_CREDENTIALS` does to it, are those of the other SDKs:
//! <https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains#defaultazurecredential-overview>.

mod attempts;
mod command_line;
mod imds;
mod powershell;
mod process_group;
mod reason;
mod source;

pub use attempts::{Attempt, Attempts};
pub use command_line::CommandLineTools;
pub use reason::Reason;
pub use source::Kind;

use super::client::{NoTrust, https, local_http};
use azure_core::{
    Error,
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
    http::{ClientOptions, ExponentialRetryOptions, RetryOptions},
};
use source::{Miss, Source};
use std::{env, fmt, pin::pin, sync::Arc, time::Duration};
use tokio::{select, sync::Mutex, time::Instant};

/// What a [`DefaultAzureCredential`] is made of.
#[derive(Clone, Debug, Default)]
pub struct CredentialOptions {
    /// Which sources are tried: `dev`, `prod`, the name of one, or empty for all; the value of
    /// `AZURE_TOKEN_CREDENTIALS`.
    pub selection: String,
    /// How Entra ID is reached.
    pub client_options: ClientOptions,
    /// How the endpoints of managed identities are reached, which must not lead through a proxy.
    pub local_client_options: ClientOptions,
    /// Runs `az` and the other command-line tools.
    pub tools: Arc<CommandLineTools>,
    /// Where it is noted what came of each source.
    pub attempts: Attempts,
    /// A credential in place of all sources, for a vault that is not Azure's.
    pub instead: Option<Arc<dyn TokenCredential>>,
}

impl CredentialOptions {
    /// The options that the environment asks for.
    ///
    /// # Errors
    /// [`NoTrust`] when no certificate authority to trust can be loaded.
    pub fn from_env() -> Result<Self, NoTrust> {
        let retry = || RetryOptions::exponential(ExponentialRetryOptions { max_retries: 3, ..Default::default() });
        let by = |it| ClientOptions { transport: Some(it), retry: retry(), ..ClientOptions::default() };
        Ok(Self {
            selection: env::var("AZURE_TOKEN_CREDENTIALS").unwrap_or_default(),
            client_options: by(https()?),
            local_client_options: by(imds::redirected(local_http()?)),
            tools: Arc::default(),
            attempts: Attempts::default(),
            instead: None,
        })
    }
}

/// Tries the sources of tokens in their order, and keeps to the first that gives one.
///
/// A source that is unavailable is passed over. One that is there and refuses ends the search, except for the tools of
/// developers, which make way for each other. A failure is never kept: the next call asks again. Who asks while a search
/// is under way shares what comes of it.
pub struct DefaultAzureCredential {
    sources: Vec<Source>,
    attempts: Attempts,
    search: Mutex<Search>,
}

#[derive(Default)]
struct Search {
    chosen: Option<usize>,
    failed: Option<SignInFailed>,
}

/// No source gave a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInFailed {
    /// The sources in the order in which they were tried, each with its reason.
    pub attempts: Vec<Attempt>,
    /// Whether the last of them was there and refused, which ended the search.
    pub refused: bool,
}

impl DefaultAzureCredential {
    /// Makes the credential; no source is tried before a token is asked for.
    ///
    /// # Errors
    /// [`UnknownSelection`] when the options' selection selects no source.
    pub fn new(options: CredentialOptions) -> Result<Arc<Self>, UnknownSelection> {
        let kinds = Kind::select(&options.selection)?;
        let pinned = kinds.len() == 1;
        let sources = match &options.instead {
            Some(credential) => vec![Source::of(Kind::Other, Arc::clone(credential))],
            None => kinds.into_iter().map(|kind| Source::new(kind, &options, pinned)).collect(),
        };
        Ok(Self::of(sources, options.attempts))
    }

    fn of(sources: Vec<Source>, attempts: Attempts) -> Arc<Self> {
        Arc::new(Self { sources, attempts, search: Mutex::default() })
    }

    /// Tries the sources in their order. It takes a second to find out that this computer has no managed identity; the
    /// tools of developers already run in that time, and a token of theirs ends the wait.
    async fn find(&self, scope: &str) -> Outcome {
        let managed = self.sources.iter().position(|source| source.probe.is_some());
        let (before, rest) = self.sources.split_at(managed.unwrap_or(self.sources.len()));
        let mut outcome = Outcome::default();
        outcome.then(first_of(before, scope).await);
        let [managed, tools @ ..] = rest else { return outcome };
        if outcome.is_final() {
            return outcome;
        }
        let mut tools = pin!(first_of(tools, scope));
        let mut presence = pin!(managed.presence());
        let mut early = None;
        let present = loop {
            select! {
                biased;
                present = &mut presence => break present,
                found = &mut tools, if early.is_none() => {
                    if found.token.is_some() {
                        outcome.then(Outcome::unavailable(managed.kind, Reason::Overtaken));
                        outcome.then(found);
                        return outcome;
                    }
                    early = Some(found);
                }
            }
        };
        outcome.then(match present {
            Ok(()) => first_of(std::slice::from_ref(managed), scope).await,
            Err(reason) => Outcome::unavailable(managed.kind, reason),
        });
        if !outcome.is_final() {
            outcome.then(match early {
                Some(found) => found,
                None => tools.await,
            });
        }
        outcome
    }
}

/// What came of some sources, tried one after the other.
#[derive(Default)]
struct Outcome {
    attempts: Vec<Attempt>,
    token: Option<AccessToken>,
    refused: bool,
}

impl Outcome {
    fn unavailable(source: Kind, reason: Reason) -> Self {
        let attempt = Attempt { source, why_not: Some(reason), took: Duration::ZERO };
        Self { attempts: vec![attempt], ..Self::default() }
    }

    /// Whether no other source is to be tried.
    fn is_final(&self) -> bool {
        self.token.is_some() || self.refused
    }

    fn then(&mut self, mut next: Self) {
        self.attempts.append(&mut next.attempts);
        (self.token, self.refused) = (next.token, next.refused);
    }
}

async fn first_of(sources: &[Source], scope: &str) -> Outcome {
    let mut outcome = Outcome::default();
    for source in sources {
        let began = Instant::now();
        let (why_not, refused) = match source.token(scope).await {
            Ok(token) => {
                outcome.token = Some(token);
                (None, false)
            }
            Err(Miss::Unavailable(reason)) => (Some(reason), false),
            Err(Miss::Refused(reason)) => (Some(reason), true),
        };
        outcome.refused = refused;
        outcome.attempts.push(Attempt { source: source.kind, why_not, took: began.elapsed() });
        if outcome.is_final() {
            break;
        }
    }
    outcome
}

#[async_trait::async_trait]
impl TokenCredential for DefaultAzureCredential {
    /// A token for the one scope in `scopes`.
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let &[scope] = scopes else {
            return Err(Error::with_message(ErrorKind::Credential, "exactly one scope is required"));
        };
        let under_way = self.search.try_lock().is_err();
        let search = &mut *self.search.lock().await;
        if let Some(failed) = search.failed.as_ref().filter(|_| under_way) {
            return Err(failed.clone().into());
        }
        search.failed = None;
        let outcome = match search.chosen {
            Some(chosen) => first_of(&self.sources[chosen..=chosen], scope).await,
            None => self.find(scope).await,
        };
        if search.chosen.is_none() || outcome.token.is_none() {
            self.attempts.set(&outcome.attempts);
        }
        match outcome.token {
            Some(token) => {
                let kind = outcome.attempts.last().map(|attempt| attempt.source);
                search.chosen = self.sources.iter().position(|source| Some(source.kind) == kind);
                Ok(token)
            }
            None => {
                let failed = SignInFailed { attempts: outcome.attempts, refused: outcome.refused };
                search.failed = Some(failed.clone());
                Err(failed.into())
            }
        }
    }
}

impl fmt::Debug for DefaultAzureCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DefaultAzureCredential").finish_non_exhaustive()
    }
}

/// `AZURE_TOKEN_CREDENTIALS` selects no source of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSelection {
    /// What it is set to.
    pub selection: String,
}

impl fmt::Display for UnknownSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AZURE_TOKEN_CREDENTIALS is {:?}, which selects no source of tokens.", self.selection)
    }
}

impl std::error::Error for UnknownSelection {}

impl fmt::Display for SignInFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attempts.last() {
            Some(Attempt { source, .. }) if self.refused => write!(f, "cannot sign in to Azure: {source} was refused."),
            _ => f.write_str("cannot sign in to Azure."),
        }
    }
}

impl std::error::Error for SignInFailed {}

impl From<SignInFailed> for Error {
    fn from(failed: SignInFailed) -> Self {
        Self::new(ErrorKind::Credential, failed)
    }
}

#[cfg(test)]
mod tests;
