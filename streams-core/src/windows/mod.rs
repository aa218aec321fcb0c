//! Windows of event time.

mod time;
mod windowed;

pub use time::{GraceUndecided, TimeWindows};
pub use windowed::{Window, Windowed};
