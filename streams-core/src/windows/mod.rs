//! Windows of event time.

mod time;
mod windowed;

pub use time::{GraceDecided, GraceUndecided, TimeWindows};
pub use windowed::{Window, Windowed};
