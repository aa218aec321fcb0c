//! Instants at which tests have a process killed or stopped; nothing without the feature `testing`.

/// Passes an instant of this name.
#[inline]
pub(crate) fn pass(name: &str) {
    #[cfg(feature = "testing")]
    crate::testing::points::pass(name);
    #[cfg(not(feature = "testing"))]
    let _ = name;
}
