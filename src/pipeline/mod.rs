//! The policies that a run adds to the client's pipeline, none of which is a parameter of a step.
//!
//! One policy, [`watch`], sees each call of the SDK and each attempt under it, and tells the observers: the [`record`] of
//! the run, the [`explain`]ed story, the [`step`]s, the spinner of [`progress`], the [`wait_notice`]. Retries, limits of
//! time and the check that it is Key Vault that responds are those of `azure_extras`.

pub(crate) mod explain;
pub(crate) mod look_again;
pub(crate) mod prefetch;
pub(crate) mod progress;
pub(crate) mod record;
pub(crate) mod second_connection;
pub(crate) mod step;
pub(crate) mod wait_notice;
pub(crate) mod watch;
