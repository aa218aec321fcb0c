//! Panics of user code under a law: caught, with their place, and not printed - a case is tried a thousand times while
//! it is shrunk.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// Whether this thread expects panics, and the place of the last one.
    static EXPECTED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What `run` gives, or the message and place of its panic. The panic hook of the process stays in force for all other
/// threads and times.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let place = panic.location().map(|at| format!("at {}:{}", at.file(), at.line()));
            let expected = EXPECTED.with_borrow_mut(|expected| match expected {
                Some(last) => {
                    *last = place.unwrap_or_default();
                    true
                }
                None => false,
            });
            if !expected {
                usual(panic);
            }
        }));
    });
    let before = EXPECTED.replace(Some(String::new()));
    let result = catch_unwind(AssertUnwindSafe(run));
    let place = EXPECTED.replace(before).unwrap_or_default();
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message");
        format!("a panic {place}: {text}")
    })
}
