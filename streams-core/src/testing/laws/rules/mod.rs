//! The laws themselves, one file per kind.

mod declared;
mod disturbed;
mod folds;
mod reordered;
