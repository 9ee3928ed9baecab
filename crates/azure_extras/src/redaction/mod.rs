//! Keeps secrets out of what others write back: a server that echoes a request, a tool that prints its token.

mod patterns;
mod policy;
pub(crate) mod redactor;
mod unescaped;
pub(crate) mod visible;

pub(crate) use policy::Redaction;
pub(crate) use redactor::Redactor;

#[cfg(test)]
mod tests;
