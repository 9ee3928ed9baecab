//! Keeps secrets out of what others write back: a server that echoes a request, a tool that prints its token.

mod patterns;
mod policy;
mod redactor;
mod unescaped;
mod visible;

pub(crate) use policy::Redaction;
pub(crate) use redactor::Redactor;
pub(crate) use visible::is_visible;

#[cfg(test)]
mod tests;
