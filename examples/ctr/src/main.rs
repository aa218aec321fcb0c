//! The CTR service; see `ctr --help`.

fn main() {}
