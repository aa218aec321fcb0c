//! User code with state and timers (Kafka's Processor API).

mod context;
mod fixed_key;
mod node;
mod punctuation;

pub use context::{ProcessorContext, RecordMetadata};
pub use fixed_key::{FixedKeyContext, FixedKeyProcessor};
pub use punctuation::{Punctuation, PunctuationId, PunctuationType};

pub(crate) use context::{ConnectedStores, connected};
pub(crate) use fixed_key::FixedKeyAdapter;
pub(crate) use node::{ProcessorNode, Running};
pub(crate) use punctuation::Punctuations;

use crate::record::Record;

/// What user code returns: an error goes to the policy for failing user code. Errors of `forward` must be passed
/// on with `?`.
pub type UserResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// User code that takes records of `K, V` and forwards records of `K2, V2`; one instance per task.
///
/// Mutable fields are lost when the task moves or restarts; what must survive belongs in a store.
///
/// ```
/// use streams_core::{Record, processor::{Processor, ProcessorContext, UserResult}};
///
/// /// Forwards a record only if its value differs from the one before.
/// #[derive(Default)]
/// struct Changed { last: Option<i64> }
///
/// impl Processor<String, i64, String, i64> for Changed {
///     fn process(&mut self, ctx: &mut ProcessorContext<'_, String, i64>, record: Record<String, i64>) -> UserResult {
///         if self.last.replace(record.value) != Some(record.value) {
///             ctx.forward(record)?;
///         }
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no processor of records with keys of `{K}` and values of `{V}`",
    label = "does not process the records of this stream",
    note = "write `impl Processor<{K}, {V}, .., ..> for {Self}`; the last two types are those it forwards"
)]
pub trait Processor<K, V, K2, V2>: Send + 'static {
    /// Called once per task before the first record: schedule punctuations and look stores up here.
    fn init(&mut self, _ctx: &mut ProcessorContext<'_, K2, V2>) -> UserResult {
        Ok(())
    }

    /// Called for each record.
    fn process(&mut self, ctx: &mut ProcessorContext<'_, K2, V2>, record: Record<K, V>) -> UserResult;

    /// Called when a punctuation that this processor scheduled is due.
    fn punctuate(&mut self, _ctx: &mut ProcessorContext<'_, K2, V2>, _due: Punctuation) -> UserResult {
        Ok(())
    }
}
