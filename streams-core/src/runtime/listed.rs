//! Several things in one field of a log line.

use std::fmt;

/// Shows what it has, with a space in between.
pub(super) struct Listed<I>(pub(super) I);

impl<I> fmt::Display for Listed<I>
where
    I: IntoIterator + Clone,
    I::Item: fmt::Display,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.clone().into_iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{item}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_shown_with_a_space_in_between() {
        assert_eq!(Listed(&[1, 2, 3]).to_string(), "1 2 3");
        assert_eq!(Listed(&[0; 0]).to_string(), "");
    }
}
