//! Windows of event time.

mod join;
mod time;
mod windowed;

pub use join::{JoinGraceUndecided, JoinWindows};
pub use time::{GraceDecided, GraceUndecided, TimeWindows};
pub use windowed::{Window, Windowed};
