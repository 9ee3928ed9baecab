//! The chain itself: tries credentials in their order, and keeps to the first that gives a token.

use super::{
    command_line::CommandLineTools,
    failure::CredentialFailure,
    kind::CredentialKind,
    options::CredentialOptions,
    outcome::{CredentialOutcome, SignInFailed},
    source::{Miss, Source},
};
use azure_core::{
    Error,
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
};
use std::{
    fmt,
    pin::pin,
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};
use tokio::{select, sync::Mutex, time::Instant};

/// Tries the sources of tokens in their order, and keeps to the first that gives one.
///
/// A source that is unavailable is passed over. One that is there and refuses ends the search, except for the tools of
/// developers, which make way for each other. A failure is never kept: the next call asks again. Who asks while a search
/// is under way shares what comes of it.
pub struct DefaultAzureCredential {
    sources: Vec<Source>,
    tools: Arc<CommandLineTools>,
    outcomes: StdMutex<Vec<CredentialOutcome>>,
    search: Mutex<Search>,
}

#[derive(Default)]
struct Search {
    chosen: Option<usize>,
    failed: Option<SignInFailed>,
}

impl DefaultAzureCredential {
    /// Makes the credential; nothing is tried before a token is asked for.
    pub fn new(options: CredentialOptions) -> Arc<Self> {
        let (options, redactor) = options.redacted();
        let kinds = if options.credentials.is_empty() { &CredentialKind::ALL[..] } else { &options.credentials };
        let tools = Arc::new(CommandLineTools::new(redactor));
        let source = |kind: &CredentialKind| Source::new(*kind, &options, &tools, kinds.len() == 1);
        Self::of(kinds.iter().map(source).collect(), tools)
    }

    fn of(sources: Vec<Source>, tools: Arc<CommandLineTools>) -> Arc<Self> {
        Arc::new(Self { sources, tools, outcomes: StdMutex::default(), search: Mutex::default() })
    }

    /// The outcome of each credential in the last search, in the order in which they were tried; the one that gave the
    /// token is the last. Empty as long as the first search goes on.
    pub fn outcomes(&self) -> Vec<CredentialOutcome> {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the command-line tools that still run to end, and kills those that have not ended after a second; for a
    /// program that ends at once.
    pub async fn end_tools(&self) {
        self.tools.end().await;
    }

    /// Lets the command-line tools that still run end by themselves, also after this program: they may be writing their
    /// own files.
    pub fn leave_tools(&self) {
        self.tools.leave();
    }

    /// Tries the sources in their order. It takes up to a second to find out whether this computer has a managed identity;
    /// the tools of developers work in that time already, and yet the order decides, never the speed.
    async fn search(&self, scope: &str) -> Found {
        let managed = self.sources.iter().position(|source| source.probe.is_some());
        let (before, rest) = self.sources.split_at(managed.unwrap_or(self.sources.len()));
        let mut outcome = Found::default();
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
                found = &mut tools, if early.is_none() => early = Some(found),
            }
        };
        outcome.then(match present {
            Ok(()) => first_of(std::slice::from_ref(managed), scope).await,
            Err(reason) => Found::unavailable(managed.kind, reason),
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

/// The outcome of some credentials, tried one after the other.
#[derive(Default)]
struct Found {
    outcomes: Vec<CredentialOutcome>,
    token: Option<AccessToken>,
    refused: bool,
}

impl Found {
    fn unavailable(credential: CredentialKind, failure: CredentialFailure) -> Self {
        let outcome = CredentialOutcome { credential, failure: Some(failure), took: Duration::ZERO };
        Self { outcomes: vec![outcome], ..Self::default() }
    }

    /// Tells whether no other credential is to be tried.
    fn is_final(&self) -> bool {
        self.token.is_some() || self.refused
    }

    fn then(&mut self, mut next: Self) {
        self.outcomes.append(&mut next.outcomes);
        (self.token, self.refused) = (next.token, next.refused);
    }
}

async fn first_of(sources: &[Source], scope: &str) -> Found {
    let mut outcome = Found::default();
    for source in sources {
        let began = Instant::now();
        let (failure, refused) = match source.token(scope).await {
            Ok(token) => {
                outcome.token = Some(token);
                (None, false)
            }
            Err(Miss::Unavailable(reason)) => (Some(reason), false),
            Err(Miss::Refused(reason)) => (Some(reason), true),
        };
        outcome.refused = refused;
        outcome.outcomes.push(CredentialOutcome { credential: source.kind, failure, took: began.elapsed() });
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
            None => self.search(scope).await,
        };
        if search.chosen.is_none() || outcome.token.is_none() {
            self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&outcome.outcomes);
        }
        match outcome.token {
            Some(token) => {
                let kind = outcome.outcomes.last().map(|outcome| outcome.credential);
                search.chosen = self.sources.iter().position(|source| Some(source.kind) == kind);
                Ok(token)
            }
            None => {
                let failed = SignInFailed { outcomes: outcome.outcomes, refused: outcome.refused };
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

#[cfg(test)]
mod tests;
