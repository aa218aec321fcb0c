//! Joins and groupings of tables against slow references: whatever is committed when and lost in between, what comes out
//! in the end is the join or the sum of the rows there are in the end.

mod groups;
mod joins;
mod lookups;
mod mistakes;
mod same_rows;
mod stream_joins;
mod support;
