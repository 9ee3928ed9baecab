//! `DefaultAzureCredential`: one credential on a laptop and in Azure.
//!
//! The SDKs for other languages have it; `azure_identity` 1.x has its parts. The order of the sources, and what
//! `AZURE_TOKEN_CREDENTIALS` does to it, are those of the other SDKs:
//! <https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains#defaultazurecredential-overview>.

mod cli;
mod source;

use crate::remedy::WrongUse;
use azure_core::{
    Error,
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
    http::Transport,
    time::OffsetDateTime,
};
use source::{Miss, Source};
use std::{env, fmt, pin::pin, slice, sync::Arc, time::Duration};
use tokio::{select, sync::Mutex, time::Instant};

pub use source::Kind;

/// A token is fetched anew when it has less than this left.
const REFRESH_BEFORE: Duration = Duration::from_secs(5 * 60);

/// Tries the sources of tokens in their order, and keeps to the first that gives one.
///
/// A source that is not there is passed over. One that is there and refuses ends the search, except for the two CLIs.
/// Each source is asked once, however many ask the credential, and what came of it is kept.
pub struct DefaultAzureCredential {
    sources: Vec<Arc<dyn Source>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    attempts: Vec<Attempt>,
    chosen: Option<Arc<dyn Source>>,
    /// The scope that was asked for last, and what came of it.
    kept: Option<(String, Result<Token, SignInFailed>)>,
}

#[derive(Clone)]
struct Token {
    token: AccessToken,
    refresh_at: Instant,
}

/// What came of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The source.
    pub source: Kind,
    /// Why it gave no token, in a short line; none if it gave one.
    pub why_not: Option<String>,
    /// How long it took to answer.
    pub took: Duration,
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
    /// `selection` is the value of `AZURE_TOKEN_CREDENTIALS`: `dev`, `prod`, the name of a source, or empty for all.
    /// Entra ID is reached through `https`, and the endpoints of managed identities through `metadata`, which must not
    /// lead through a proxy.
    ///
    /// # Errors
    /// [`WrongUse`] when `selection` is none of these.
    pub fn new(selection: &str, https: Transport, metadata: Transport) -> Result<Arc<Self>, WrongUse> {
        let azure = source::Transports { https, metadata };
        Ok(Self::of(Kind::select(selection)?.into_iter().map(|kind| kind.source(&azure)).collect()))
    }

    fn of(sources: Vec<Arc<dyn Source>>) -> Arc<Self> {
        Arc::new(Self { sources, state: Mutex::default() })
    }

    /// What came of each source so far, in the order in which they were tried. The one that gave the token is the last.
    pub async fn attempts(&self) -> Vec<Attempt> {
        self.state.lock().await.attempts.clone()
    }

    /// Tries the sources in their order. Whether this computer has a managed identity takes a second to find out where
    /// nothing answers; the sources after it already run in that time, and a token of theirs ends the wait.
    async fn search(&self, scope: &str) -> Outcome {
        let place = self.sources.iter().position(|source| source.kind() == Kind::ManagedIdentity);
        let Some(place) = place else {
            return first_of(&self.sources, scope).await;
        };
        let (before, managed, after) = (&self.sources[..place], &self.sources[place], &self.sources[place + 1..]);
        let before = first_of(before, scope).await;
        if before.is_final() {
            return before;
        }
        let mut after = pin!(first_of(after, scope));
        let mut presence = pin!(managed.presence());
        let mut early = None;
        let presence = select! {
            biased;
            presence = &mut presence => presence,
            outcome = &mut after => {
                if outcome.is_final() {
                    return before.then(outcome);
                }
                early = Some(outcome);
                presence.await
            }
        };
        let managed = match presence {
            Ok(()) => first_of(slice::from_ref(managed), scope).await,
            Err(why_not) => Outcome::absent(managed.kind(), why_not),
        };
        match early {
            _ if managed.is_final() => before.then(managed),
            Some(after) => before.then(managed).then(after),
            None => before.then(managed).then(after.await),
        }
    }
}

/// What came of some sources, tried one after the other.
#[derive(Default)]
struct Outcome {
    attempts: Vec<Attempt>,
    found: Option<(Arc<dyn Source>, AccessToken)>,
    refused: bool,
}

impl Outcome {
    fn absent(source: Kind, why_not: String) -> Self {
        Self { attempts: vec![Attempt { source, why_not: Some(why_not), took: Duration::ZERO }], ..Self::default() }
    }

    /// Whether no other source is to be tried.
    fn is_final(&self) -> bool {
        self.found.is_some() || self.refused
    }

    fn then(mut self, next: Self) -> Self {
        self.attempts.extend(next.attempts);
        Self { attempts: self.attempts, ..next }
    }
}

async fn first_of(sources: &[Arc<dyn Source>], scope: &str) -> Outcome {
    let mut outcome = Outcome::default();
    for source in sources {
        let began = Instant::now();
        let (found, refused, why_not) = match source.token(scope).await {
            Ok(token) => (Some((Arc::clone(source), token)), false, None),
            Err(Miss::Absent(why_not)) => (None, false, Some(why_not)),
            Err(Miss::Refused(why_not)) => (None, true, Some(why_not)),
        };
        outcome.attempts.push(Attempt { source: source.kind(), why_not, took: began.elapsed() });
        outcome = Outcome { found, refused, ..outcome };
        if outcome.is_final() {
            break;
        }
    }
    outcome
}

#[async_trait::async_trait]
impl TokenCredential for DefaultAzureCredential {
    /// A token for the one scope in `scopes`. Who asks while a token is being fetched waits for that one.
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let &[scope] = scopes else {
            return Err(Error::with_message(ErrorKind::Credential, "exactly one scope is required"));
        };
        let state = &mut *self.state.lock().await;
        let mut still_valid = None;
        match &state.kept {
            Some((kept, outcome)) if kept == scope => match outcome {
                Ok(kept) if Instant::now() >= kept.refresh_at => still_valid = Some(kept.token.clone()),
                Ok(kept) => return Ok(kept.token.clone()),
                Err(failed) => return Err(failed.clone().into()),
            },
            _ => {}
        }
        let outcome = match &state.chosen {
            Some(chosen) => first_of(slice::from_ref(chosen), scope).await,
            None => self.search(scope).await,
        };
        let outcome = match (outcome.found, still_valid) {
            (Some((source, token)), _) => {
                state.chosen = Some(source);
                state.attempts = outcome.attempts;
                Ok(Token { refresh_at: refresh_at(&token), token })
            }
            (None, Some(token)) if token.expires_on > OffsetDateTime::now_utc() => return Ok(token),
            (None, _) => {
                state.attempts = outcome.attempts.clone();
                Err(SignInFailed { attempts: outcome.attempts, refused: outcome.refused })
            }
        };
        let (_, outcome) = state.kept.insert((scope.to_owned(), outcome));
        outcome.clone().map(|kept| kept.token).map_err(Error::from)
    }
}

fn refresh_at(token: &AccessToken) -> Instant {
    let left = Duration::try_from(token.expires_on - OffsetDateTime::now_utc()).unwrap_or_default();
    Instant::now() + left.saturating_sub(REFRESH_BEFORE)
}

impl fmt::Debug for DefaultAzureCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DefaultAzureCredential").finish_non_exhaustive()
    }
}

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

impl SignInFailed {
    /// What each source said, a line each, and the one next step that fits.
    pub fn advice(&self) -> String {
        let mut advice = String::new();
        for Attempt { source, why_not, .. } in &self.attempts {
            advice += &format!("    {source}: {}\n", why_not.as_deref().unwrap_or_default());
        }
        advice + "\n" + &self.next_step()
    }

    fn next_step(&self) -> String {
        let tried = |kind| self.attempts.iter().find(|attempt| attempt.source == kind);
        let installed =
            |kind| tried(kind).is_some_and(|attempt| attempt.why_not.as_deref() != Some(cli::NOT_INSTALLED));
        if self.refused {
            return "Correct what that source uses, the variables AZURE_... in your environment or .env, or unset them and \
                    sign in with the Azure CLI:\n\n    az login"
                .into();
        }
        if installed(Kind::AzureCli) {
            return format!("Sign in:\n\n    {}", az_login());
        }
        if installed(Kind::AzureDeveloperCli) {
            return "Sign in:\n\n    azd auth login".into();
        }
        if tried(Kind::AzureCli).is_some() {
            return format!(
                "Install the Azure CLI, https://learn.microsoft.com/cli/azure/install-azure-cli, and sign in:\n\n    {}",
                az_login()
            );
        }
        if tried(Kind::AzureDeveloperCli).is_some() {
            return "Install the Azure Developer CLI, \
                    https://learn.microsoft.com/azure/developer/azure-developer-cli/install-azd, and sign in:\n\n    \
                    azd auth login"
                .into();
        }
        "AZURE_TOKEN_CREDENTIALS leaves out the Azure CLI. To sign in with it:\n\n    \
         unset AZURE_TOKEN_CREDENTIALS\n    az login"
            .into()
    }
}

/// How to sign in with the Azure CLI here: without a browser where none can open.
fn az_login() -> &'static str {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let desktop = cfg!(any(windows, target_os = "macos")) || set("DISPLAY") || set("WAYLAND_DISPLAY");
    if desktop && !set("SSH_CONNECTION") { "az login" } else { "az login --use-device-code" }
}

#[cfg(test)]
mod tests;
